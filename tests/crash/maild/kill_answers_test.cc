// kill -9 of the real daemon while a member answers first contacts and reports messages: what was
// acknowledged is so in both mailboxes, once; what was not is made good by doing it again.
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "crypto/base/encoding.h"
#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/mail/v1/envelope.pb.h"
#include "server/rpc/status.h"
#include "support/served_maild.h"

namespace letterlock {
namespace {

using testing::MailUser;

constexpr int kKilled = 128 + 9;
constexpr int kCalls = 12;
constexpr int kKillAt = 5;

// Which daemon, and where it ends.
struct Point {
  const char* name;
  bool stepwise;
};
void PrintTo(const Point& point, std::ostream* out) { *out << point.name; }

class KilledInTheMiddle : public ::testing::TestWithParam<Point> {
 protected:
  // With the deployment's rules; at the test's point where `kill`.
  void Start(std::vector<std::string> flags, bool kill) {
    if (GetParam().stepwise) flags.insert(flags.end(), {"--stepwise", "yes"});
    if (kill) {
      flags.insert(flags.end(),
                   {"--crash-at", std::string(GetParam().name) + ":" + std::to_string(kKillAt)});
    }
    ASSERT_TRUE(served_.Start(flags).ok()) << served_.LogText();
  }
  // Calls with 0, 1, ... until the daemon is killed: how many were acknowledged.
  int CallUntilKilled(const std::function<bool(int)>& one) {
    int acknowledged = 0;
    while (acknowledged < kCalls && one(acknowledged)) ++acknowledged;
    EXPECT_EQ(served_.daemon().WaitForExit().value_or(0), kKilled) << served_.LogText();
    EXPECT_LT(acknowledged, kCalls);
    return acknowledged;
  }
  std::string TokenOf(const MailUser& user) { return served_.client().OpenSession(user).value(); }
  // OK or the error.
  absl::Status Send(const MailUser& from, const MailUser& to, const std::string& token,
                    std::string* header = nullptr) {
    mail::v1::SendRequest request;
    *request.mutable_envelope() = testing::EnvelopeOf(from, to, testing::FreshMessageId());
    if (header != nullptr) *header = request.envelope().header();
    return served_.client().Call(request, token).status();
  }

  test::ServedMaild served_;
  const MailUser bob_{"bob", served_.deployment()};
};

// --- answers -------------------------------------------------------------------------------------

constexpr std::uint32_t kCredits = 5;

class KilledResponding : public KilledInTheMiddle {
 protected:
  void StartByRequest(bool kill) {
    Start({"--limits.correspondence", "by-request", "--limits.credits.initial",
           std::to_string(kCredits), "--limits.credits.every", "8000h"},
          kill);
  }
  // Everybody asks bob.
  void Ask() {
    StartByRequest(/*kill=*/false);
    ASSERT_TRUE(served_.Enroll(bob_).ok());
    for (int i = 0; i < kCalls; ++i) {
      askers_.emplace_back("asker" + std::to_string(i), served_.deployment());
      ASSERT_TRUE(served_.Enroll(askers_.back()).ok());
      ASSERT_TRUE(Send(askers_.back(), bob_, TokenOf(askers_.back())).ok());
    }
    EXPECT_EQ(CountIn(mail::v1::FOLDER_REQUESTS), kCalls);
    EXPECT_EQ(served_.Stop().value_or(-1), 0);
  }
  // Every second one is declined.
  static bool Accepts(int i) { return i % 2 == 0; }
  bool Respond(int i, const std::string& token) {
    mail::v1::RespondRequest request;
    request.set_member(std::string(askers_[static_cast<std::size_t>(i)].id().bytes()));
    request.set_answer(Accepts(i) ? mail::v1::ANSWER_ACCEPT : mail::v1::ANSWER_DECLINE);
    return served_.client().Call(request, token).ok();
  }
  int CountIn(mail::v1::Folder folder) {
    const auto all = served_.ListAll(bob_).value();
    int count = 0;
    for (const auto& message : all) count += message.state().folder() == folder;
    return count;
  }
  std::uint32_t CreditsOf(const MailUser& user) {
    return served_.client()
        .Call(mail::v1::GetLimitsRequest(), TokenOf(user))
        ->credits()
        .available();
  }
  // An answer that is on its way between two mailboxes comes when its owner opens hers.
  void ExpectTold(int i) {
    const MailUser& asker = askers_[static_cast<std::size_t>(i)];
    while (CreditsOf(asker) < kCredits) CountIn(mail::v1::FOLDER_INBOX);
    const std::string token = TokenOf(asker);
    const absl::Status sent = Send(asker, bob_, token);
    if (Accepts(i)) {
      EXPECT_TRUE(sent.ok()) << sent;
    } else {
      EXPECT_EQ(rpc::ReasonOf(sent), common::v1::ERROR_REASON_DECLINED) << sent;
    }
    EXPECT_EQ(CreditsOf(asker), kCredits) << "it came back once, and no other was spent";
  }

  std::deque<MailUser> askers_;
};

TEST_P(KilledResponding, TellsBothSidesWhatWasAcknowledgedOnce) {
  Ask();
  StartByRequest(/*kill=*/true);
  const std::string token = TokenOf(bob_);
  const int answered = CallUntilKilled([&](int i) { return Respond(i, token); });
  StartByRequest(/*kill=*/false);
  for (int i = answered + 1; i < kCalls; ++i) {
    EXPECT_EQ(CreditsOf(askers_[static_cast<std::size_t>(i)]), kCredits - 1) << "nobody answered";
  }
  for (int i = 0; i < answered; ++i) ExpectTold(i);
  const int waiting = CountIn(mail::v1::FOLDER_REQUESTS);
  EXPECT_LE(waiting, kCalls - answered);
  EXPECT_GE(waiting, kCalls - answered - 1);
  // Again, as a client would; and what was answered before stays as it is.
  const std::string again = TokenOf(bob_);
  for (int i = 0; i <= answered; ++i) EXPECT_TRUE(Respond(i, again)) << i;
  ExpectTold(answered);
  EXPECT_EQ(CountIn(mail::v1::FOLDER_REQUESTS), kCalls - answered - 1);
}
INSTANTIATE_TEST_SUITE_P(Each, KilledResponding,
                         ::testing::Values(Point{"respond-queued", false},
                                           Point{"respond-durable", false},
                                           Point{"respond-step-one-durable", true},
                                           Point{"respond-step-two-durable", true},
                                           Point{"respond-step-three-durable", true}));

// --- reports -------------------------------------------------------------------------------------

class KilledReporting : public KilledInTheMiddle {
 protected:
  void StartWithDesk(bool kill) {
    Start({"--reports.desk_handle", "desk", "--reports.desk_member",
           crypto::HexEncode(desk_.id().bytes()), "--reports.per_day", "30"},
          kill);
  }
  void Receive() {
    StartWithDesk(/*kill=*/false);
    for (const MailUser* user : {&ann_, &bob_, &desk_}) ASSERT_TRUE(served_.Enroll(*user).ok());
    headers_.resize(kCalls);
    const std::string token = TokenOf(ann_);
    for (std::string& header : headers_) ASSERT_TRUE(Send(ann_, bob_, token, &header).ok());
    EXPECT_EQ(served_.Stop().value_or(-1), 0);
  }
  std::string IdOf(int i) const {
    mail::v1::EnvelopeHeader header;
    header.ParseFromString(headers_[static_cast<std::size_t>(i)]);
    return header.message_id();
  }
  absl::Status Report(int i, const std::string& token) {
    mail::v1::ReportRequest request;
    request.mutable_reference()->set_sender(std::string(ann_.id().bytes()));
    request.mutable_reference()->set_message_id(IdOf(i));
    request.set_sealed_disclosure(std::string(100, 'd'));
    request.set_desk_encryption_key_id(
        std::string(crypto::KeyIdOf(desk_.member.encryption.public_key()).bytes()));
    return served_.client().Call(request, token).status();
  }
  // How often each message lies before the desk.
  std::map<std::string, int> BeforeTheDesk() {
    std::map<std::string, int> counts;
    mail::v1::ListReportsRequest request;
    const std::string token = TokenOf(desk_);
    bool more = true;
    while (more) {
      const auto page = served_.client().Call(request, token).value();
      for (const auto& report : page.reports()) {
        ++counts[report.reference().message_id()];
        request.set_after_sequence(report.sequence());
      }
      more = page.more();
    }
    return counts;
  }

  const MailUser ann_{"ann", served_.deployment()};
  const MailUser desk_{"desk", served_.deployment()};
  std::vector<std::string> headers_;
};

TEST_P(KilledReporting, PutsEachMessageBeforeTheDeskOnce) {
  Receive();
  StartWithDesk(/*kill=*/true);
  std::string token = TokenOf(bob_);
  const int reported = CallUntilKilled([&](int i) { return Report(i, token).ok(); });
  StartWithDesk(/*kill=*/false);
  auto before = BeforeTheDesk();
  for (int i = 0; i < kCalls; ++i) {
    if (i < reported) EXPECT_EQ(before[IdOf(i)], 1) << "an acknowledged report is gone";
    if (i == reported) EXPECT_LE(before[IdOf(i)], 1);
    if (i > reported) EXPECT_EQ(before[IdOf(i)], 0);
  }
  token = TokenOf(bob_);
  for (int i = 0; i < kCalls; ++i) {
    const absl::Status again = Report(i, token);
    if (i < reported) {
      EXPECT_EQ(rpc::ReasonOf(again), common::v1::ERROR_REASON_ALREADY_REPORTED) << again;
    } else {
      EXPECT_TRUE(again.ok() || (i == reported && absl::IsAlreadyExists(again))) << again;
    }
  }
  before = BeforeTheDesk();
  EXPECT_EQ(before.size(), static_cast<std::size_t>(kCalls));
  for (const auto& [id, times] : before) EXPECT_EQ(times, 1);
  EXPECT_EQ(served_.client().Call(mail::v1::GetLimitsRequest(), token)->reports_per_day().used(),
            static_cast<std::uint64_t>(kCalls))
      << "each was counted once";
}
INSTANTIATE_TEST_SUITE_P(Each, KilledReporting,
                         ::testing::Values(Point{"report-begun", false},
                                           Point{"report-before-desk", false},
                                           Point{"report-done", false},
                                           Point{"report-before-desk", true}));

}  // namespace
}  // namespace letterlock
