// What members may do to each other, on plain values: two mailboxes that are written at once, as an
// engine that owns both does it.
#include "server/mail/rules/contact.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <utility>

#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

constexpr std::uint64_t kStart = 1'800'000'000'000;

crypto::MemberId Member(char fill) {
  return crypto::MemberId::FromBytes(std::string(16, fill)).value();
}

// Two members with nobody else around.
class Pair {
 public:
  explicit Pair(Limits limits = {}) : limits(limits) {
    sides[0].contact.member = Member('b');
    sides[1].contact.member = Member('a');
  }

  absl::Status Send(int from, std::uint64_t size = 272) {
    Side& own = sides[from];
    Side& other = sides[1 - from];
    if (auto status = CheckSending(limits, own.contact, own.account, now); !status.ok()) {
      return status;
    }
    if (auto status = CheckReceiving(limits, quota, other.contact, size); !status.ok()) {
      return status;
    }
    CountSending(limits, now, &own.contact, &own.account);
    const std::uint64_t sent = own.sequence++;
    in_requests =
        CountReceiving(limits, now, sent, "row key", size, &other.contact, &other.account);
    return absl::OkStatus();
  }

  absl::Status Answer(int from, Decision decision) {
    Side& own = sides[from];
    Side& other = sides[1 - from];
    if (auto status = CheckAnswering(own.contact, decision); !status.ok()) return status;
    if (!CountAnswering(decision, &own.contact)) return absl::OkStatus();
    CountAnswered(limits, now, decision, own.sequence++, &other.contact, &other.account);
    return absl::OkStatus();
  }

  std::uint32_t Credits(int side) const {
    return CreditsOf(limits.credits, sides[side].account, now).available;
  }

  struct Side {
    Contact contact;
    Account account;
    std::uint64_t sequence = 1;
  };
  Limits limits;
  Quota quota;
  std::uint64_t now = kStart;
  std::array<Side, 2> sides;
  bool in_requests = false;
};

// Credits that time does not add to.
Limits Scarce(std::uint32_t credits = 2) {
  Limits limits;
  limits.credits = {.initial = credits, .most = credits, .every = absl::Hours(24 * 365)};
  return limits;
}

auto Reason(const absl::Status& status) { return rpc::ReasonOf(status); }

TEST(FirstContact, CostsACreditAndWaitsAmongTheRequests) {
  Pair pair(Scarce());
  ASSERT_TRUE(pair.Send(0).ok());
  EXPECT_TRUE(pair.in_requests);
  EXPECT_EQ(pair.Credits(0), 1u);
  EXPECT_EQ(pair.Credits(1), 2u);
  EXPECT_EQ(pair.sides[0].contact.standing, Standing::kAsked);
  EXPECT_EQ(pair.sides[1].contact.standing, Standing::kRequested);
}

TEST(FirstContact, TakesFollowUpsFreeOfCreditsUntilTooManyWait) {
  Pair pair(Scarce());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(pair.Send(0).ok());
    EXPECT_TRUE(pair.in_requests);
    EXPECT_EQ(pair.Credits(0), 1u);
  }
  const Pair before = pair;
  const absl::Status refused = pair.Send(0);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Reason(refused), common::v1::ERROR_REASON_AWAITING_ANSWER);
  EXPECT_EQ(pair.sides[0].contact, before.sides[0].contact);
  EXPECT_EQ(pair.sides[1].contact, before.sides[1].contact);
}

TEST(FirstContact, WithoutACreditIsToldWhenTheNextOneComes) {
  Pair pair(Scarce(0));
  pair.limits.credits = {.initial = 0, .most = 5, .every = absl::Hours(2)};
  const absl::Status refused = pair.Send(0);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Reason(refused), common::v1::ERROR_REASON_NO_CREDITS);
  EXPECT_EQ(rpc::RetryAfterOf(refused), absl::Hours(2));
}

TEST(FirstContact, AnsweredByAMessageOpensBothWaysAndGivesTheCreditBack) {
  Pair pair(Scarce());
  ASSERT_TRUE(pair.Send(0).ok());
  ASSERT_TRUE(pair.Send(1).ok());
  EXPECT_FALSE(pair.in_requests);
  EXPECT_EQ(pair.Credits(0), 2u);
  EXPECT_EQ(pair.Credits(1), 2u);  // replies never cost any
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(pair.Send(0).ok());
    EXPECT_FALSE(pair.in_requests);
  }
  EXPECT_EQ(pair.Credits(0), 2u);
}

TEST(FirstContact, AnsweredAfter89DaysGivesTheCreditBackAndAfter91DoesNot) {
  for (const auto& [days, credits] : {std::pair{89, 2u}, std::pair{90, 2u}, std::pair{91, 1u}}) {
    for (const int way : {0, 1, 2}) {
      Pair pair(Scarce());
      ASSERT_TRUE(pair.Send(0).ok());
      pair.now += static_cast<std::uint64_t>(days) * kDayMs;
      const absl::Status answered =
          way == 0 ? pair.Send(1)
                   : pair.Answer(1, way == 1 ? Decision::kAccept : Decision::kDecline);
      ASSERT_TRUE(answered.ok());
      EXPECT_EQ(pair.Credits(0), credits) << days << " days, way " << way;
    }
  }
}

TEST(Declined, TakesNoFollowUpUntilTheDeclinerWrites) {
  Pair pair(Scarce());
  ASSERT_TRUE(pair.Send(0).ok());
  ASSERT_TRUE(pair.Answer(1, Decision::kDecline).ok());
  EXPECT_EQ(pair.Credits(0), 2u);
  EXPECT_EQ(Reason(pair.Send(0)), common::v1::ERROR_REASON_DECLINED);
  pair.now += 1000 * kDayMs;
  EXPECT_EQ(Reason(pair.Send(0)), common::v1::ERROR_REASON_DECLINED);
  ASSERT_TRUE(pair.Send(1).ok());
  EXPECT_FALSE(pair.in_requests);
  ASSERT_TRUE(pair.Send(0).ok());
  EXPECT_FALSE(pair.in_requests);
}

TEST(Declined, TheDeclinersOwnRowRefusesToo) {
  Pair pair(Scarce());
  ASSERT_TRUE(pair.Send(0).ok());
  ASSERT_TRUE(CountAnswering(Decision::kDecline, &pair.sides[1].contact));
  // The sender's mailbox does not know yet.
  EXPECT_EQ(Reason(pair.Send(0)), common::v1::ERROR_REASON_DECLINED);
}

TEST(Accepting, OpensAndIsTheSameTwice) {
  Pair pair(Scarce());
  ASSERT_TRUE(pair.Send(0).ok());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(pair.Answer(1, Decision::kAccept).ok());
    EXPECT_EQ(pair.Credits(0), 2u);
  }
  ASSERT_TRUE(pair.Send(0).ok());
  EXPECT_FALSE(pair.in_requests);
  EXPECT_EQ(Reason(pair.Answer(1, Decision::kDecline)), common::v1::ERROR_REASON_NOT_A_REQUEST);
}

TEST(Accepting, AfterADeclineIsAChangeOfMind) {
  Pair pair(Scarce());
  ASSERT_TRUE(pair.Send(0).ok());
  ASSERT_TRUE(pair.Answer(1, Decision::kDecline).ok());
  ASSERT_TRUE(pair.Answer(1, Decision::kAccept).ok());
  EXPECT_EQ(pair.Credits(0), 2u);
  EXPECT_TRUE(pair.Send(0).ok());
}

TEST(Answering, WhereNobodyAskedIsRefused) {
  for (const Decision decision : {Decision::kAccept, Decision::kDecline}) {
    Pair pair;
    EXPECT_EQ(Reason(pair.Answer(1, decision)), common::v1::ERROR_REASON_NOT_A_REQUEST);
    ASSERT_TRUE(pair.Send(0).ok());
    EXPECT_EQ(Reason(pair.Answer(0, decision)), common::v1::ERROR_REASON_NOT_A_REQUEST);
  }
}

TEST(Answering, AnOlderAnswerThatComesLateChangesNothing) {
  Pair pair(Scarce());
  ASSERT_TRUE(pair.Send(0).ok());
  Contact& asker = pair.sides[0].contact;
  Account& account = pair.sides[0].account;
  ASSERT_TRUE(CountAnswered(pair.limits, pair.now, Decision::kDecline, 7, &asker, &account));
  ASSERT_TRUE(CountAnswered(pair.limits, pair.now, Decision::kAccept, 8, &asker, &account));
  EXPECT_FALSE(CountAnswered(pair.limits, pair.now, Decision::kDecline, 7, &asker, &account));
  EXPECT_EQ(asker.standing, Standing::kOpen);
  EXPECT_EQ(pair.Credits(0), 2u);
}

TEST(Blocked, IsRefusedAndCostsNothing) {
  Pair pair(Scarce());
  pair.sides[1].contact.blocked_ms = kStart;
  const absl::Status refused = pair.Send(0);
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Reason(refused), common::v1::ERROR_REASON_RECIPIENT_REFUSES);
  EXPECT_EQ(pair.Credits(0), 2u);
}

TEST(SenderShare, BoundsMessagesAndBytesButIsNeverTooSmallForOne) {
  Limits limits;
  limits.correspondence = Correspondence::kOpen;
  Pair pair(limits);
  pair.quota = {.messages = 30, .bytes = std::uint64_t{1} << 30};
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(pair.Send(0).ok());
  EXPECT_EQ(Reason(pair.Send(0)), common::v1::ERROR_REASON_SENDER_SHARE);
  pair.sides[1].contact.messages -= 1;  // one was deleted
  EXPECT_TRUE(pair.Send(0).ok());

  Pair small(limits);
  small.quota = {.messages = 5, .bytes = 40'000};
  EXPECT_TRUE(small.Send(0, 32'784).ok());
  EXPECT_EQ(Reason(small.Send(0, 272)), common::v1::ERROR_REASON_SENDER_SHARE);
}

TEST(OpenCorrespondence, NeedsNoCreditAndMakesNoRequests) {
  Limits limits = Scarce(0);
  limits.correspondence = Correspondence::kOpen;
  Pair pair(limits);
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(pair.Send(0).ok());
    EXPECT_FALSE(pair.in_requests);
  }
  EXPECT_EQ(pair.sides[0].contact.standing, Standing::kNone);
}

TEST(TakingBack, GivesTheFirstContactsCreditBackOnceNothingOfItArrived) {
  Pair pair(Scarce());
  Contact& contact = pair.sides[0].contact;
  Account& account = pair.sides[0].account;
  CountSending(pair.limits, kStart, &contact, &account);
  CountSending(pair.limits, kStart, &contact, &account);
  TakeBackSending(pair.limits, kStart, &contact, &account);
  EXPECT_EQ(contact.standing, Standing::kAsked);
  EXPECT_EQ(pair.Credits(0), 1u);
  TakeBackSending(pair.limits, kStart, &contact, &account);
  EXPECT_EQ(contact.standing, Standing::kNone);
  EXPECT_EQ(pair.Credits(0), 2u);
  EXPECT_EQ(account.unanswered_contacts, 0u);
}

// Whatever two members do, in whatever order and time.
RC_GTEST_PROP(Correspondence, HoldsItsRules, ()) {
  Limits limits = Scarce(3);
  limits.max_unanswered = *rc::gen::inRange<std::uint32_t>(1, kMostUnanswered + 1);
  Pair pair(limits);
  std::array<std::uint32_t, 2> unanswered{};  // messages in a row that nobody reacted to
  for (const unsigned what :
       *rc::gen::container<std::vector<unsigned>>(rc::gen::inRange(0u, 1000u))) {
    const int who = static_cast<int>(what % 2);
    const Pair before = pair;
    absl::Status done;
    switch (what / 2 % 6) {
      case 0:
        pair.now += what * kDayMs / 100;
        break;
      case 1:
        done = pair.Answer(who, Decision::kAccept);
        if (done.ok()) unanswered[1 - who] = 0;
        break;
      case 2:
        done = pair.Answer(who, Decision::kDecline);
        if (done.ok()) unanswered[1 - who] = 0;
        break;
      default:
        done = pair.Send(who);
        if (!done.ok()) break;
        RC_ASSERT(!pair.in_requests || ++unanswered[who] <= limits.max_unanswered);
        unanswered[1 - who] = 0;
    }
    // A refusal changes nothing.
    for (int side = 0; side < 2; ++side) {
      const Pair::Side& now = pair.sides[side];
      if (!done.ok()) {
        RC_ASSERT(now.contact == before.sides[side].contact);
        RC_ASSERT(now.account == before.sides[side].account);
      }
      // Both sides tell the same story.
      const Standing own = now.contact.standing;
      const Standing other = pair.sides[1 - side].contact.standing;
      RC_ASSERT((own == Standing::kOpen) == (other == Standing::kOpen));
      RC_ASSERT((own == Standing::kAsked) == (other == Standing::kRequested));
      RC_ASSERT((own == Standing::kDeclined) == (other == Standing::kDeclinedByOwner));
      // A credit is held just while an answer is awaited, and never more than one for the other.
      RC_ASSERT(now.contact.credit_held == (own == Standing::kAsked));
      RC_ASSERT(now.account.unanswered_contacts == (own == Standing::kAsked ? 1u : 0u));
      RC_ASSERT(pair.Credits(side) + (now.contact.credit_held ? 1u : 0u) <= 3u);
    }
  }
}

}  // namespace
}  // namespace letterlock::mail
