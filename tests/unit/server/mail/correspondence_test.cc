// First contacts, answers, blocks and limits between real mailboxes, on either kind of engine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "letterlock/mail/v1/envelope.pb.h"
#include "rules_world.h"

namespace letterlock::mail {
namespace {

using common::v1::ErrorReason;

class Correspond : public ::testing::TestWithParam<Store> {
 protected:
  RulesWorld rules_{GetParam()};
  MailWorld& world_ = rules_.world;
  TestUser& ann_ = world_.AddMember("ann");
  TestUser& bob_ = world_.AddMember("bob");
};

INSTANTIATE_TEST_SUITE_P(Engines, Correspond, ::testing::Values(Store::kTogether, Store::kStepwise),
                         [](const auto& store) {
                           return store.param == Store::kTogether ? "Together" : "Stepwise";
                         });

TEST_P(Correspond, AFirstContactWaitsAmongTheRequestsAndCostsACredit) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(rules_.Send(ann_, bob_).ok());
  EXPECT_EQ(rules_.Count(bob_, v1::FOLDER_REQUESTS), 3u);
  EXPECT_EQ(rules_.Count(bob_, v1::FOLDER_INBOX), 0u);
  EXPECT_EQ(rules_.CreditsOf(ann_), 2u);
  EXPECT_EQ(rules_.CreditsOf(bob_), 3u);
  for (int i = 0; i < 2; ++i) {
    const auto refused = rules_.Send(ann_, bob_).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(ReasonOf(refused), common::v1::ERROR_REASON_AWAITING_ANSWER);
    world_.Restart();
  }
  EXPECT_EQ(rules_.Count(ann_, v1::FOLDER_SENT), 3u);
  EXPECT_EQ(rules_.CreditsOf(ann_), 2u);
}

TEST_P(Correspond, AnAnswerMovesTheRequestsAndBringsTheCreditBackOnce) {
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(rules_.Send(ann_, bob_).ok());
  rules_.WaitUntilSettled();
  ASSERT_TRUE(rules_.Send(bob_, ann_).ok());
  EXPECT_EQ(rules_.Count(bob_, v1::FOLDER_REQUESTS), 0u);
  EXPECT_EQ(rules_.Count(bob_, v1::FOLDER_INBOX), 2u);
  EXPECT_EQ(rules_.Count(ann_, v1::FOLDER_INBOX), 1u);
  rules_.WaitUntilSettled();
  EXPECT_EQ(rules_.CreditsOf(ann_), 3u);
  EXPECT_EQ(rules_.CreditsOf(bob_), 3u);
  world_.Restart();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(rules_.Send(ann_, bob_).ok());
    ASSERT_TRUE(rules_.Send(bob_, ann_).ok());
  }
  EXPECT_EQ(rules_.Count(bob_, v1::FOLDER_INBOX), 7u);
  EXPECT_EQ(rules_.CreditsOf(ann_), 3u);
}

TEST_P(Correspond, AcceptingOpensBothWaysAndIsTheSameTwice) {
  ASSERT_TRUE(rules_.Send(ann_, bob_).ok());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(rules_.Respond(bob_, ann_, Decision::kAccept).ok());
    EXPECT_EQ(rules_.CreditsOf(ann_), 3u);
    EXPECT_EQ(rules_.Count(bob_, v1::FOLDER_INBOX), 1u);
    EXPECT_EQ(rules_.Count(bob_, v1::FOLDER_REQUESTS), 0u);
    world_.Restart();
  }
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(rules_.Send(ann_, bob_).ok());
  EXPECT_EQ(rules_.Count(bob_, v1::FOLDER_INBOX), 6u);
}

TEST_P(Correspond, ADeclineEndsItUntilTheDeclinerWrites) {
  ASSERT_TRUE(rules_.Send(ann_, bob_).ok());
  ASSERT_TRUE(rules_.Respond(bob_, ann_, Decision::kDecline).ok());
  EXPECT_EQ(rules_.CreditsOf(ann_), 3u);
  EXPECT_EQ(rules_.Count(bob_, v1::FOLDER_REQUESTS), 0u);
  EXPECT_TRUE(world_.ListAll(bob_).at(0).state().archived());
  const auto refused = rules_.Send(ann_, bob_).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(refused), common::v1::ERROR_REASON_DECLINED);
  ASSERT_TRUE(rules_.Send(bob_, ann_).ok());
  ASSERT_TRUE(rules_.Send(ann_, bob_).ok());
  EXPECT_EQ(rules_.CreditsOf(bob_), 3u);
}

TEST_P(Correspond, WhereNobodyAskedThereIsNothingToAnswer) {
  EXPECT_EQ(ReasonOf(rules_.Respond(bob_, ann_, Decision::kAccept)),
            common::v1::ERROR_REASON_NOT_A_REQUEST);
  ASSERT_TRUE(rules_.Send(ann_, bob_).ok());
  EXPECT_EQ(ReasonOf(rules_.Respond(ann_, bob_, Decision::kDecline)),
            common::v1::ERROR_REASON_NOT_A_REQUEST);
}

TEST_P(Correspond, After91DaysNoAnswerBringsTheCreditBack) {
  int member = 0;
  for (const auto& [days, back] : {std::pair{89, true}, std::pair{91, false}}) {
    for (const bool message : {true, false}) {
      TestUser& from = world_.AddMember("from" + std::to_string(++member));
      TestUser& to = world_.AddMember("to" + std::to_string(member));
      ASSERT_TRUE(rules_.Send(from, to).ok());
      world_.clock.Advance(absl::Hours(24 * days));
      if (message) {
        ASSERT_TRUE(rules_.Send(to, from).ok());
      } else {
        ASSERT_TRUE(rules_.Respond(to, from, Decision::kDecline).ok());
      }
      EXPECT_EQ(rules_.CreditsOf(from), back ? 3u : 2u) << days;
    }
  }
}

TEST_P(Correspond, ParallelFirstContactsSpendNoCreditTwice) {
  std::vector<TestUser*> others;
  for (int i = 0; i < 16; ++i) others.push_back(&world_.AddMember("other" + std::to_string(i)));
  std::atomic<int> sent{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (TestUser* other : others) {
    threads.emplace_back([&, other] {
      const auto result = rules_.Send(ann_, *other);
      if (result.ok()) ++sent;
      if (ReasonOf(result.status()) == common::v1::ERROR_REASON_NO_CREDITS) ++refused;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sent, 3);
  EXPECT_EQ(refused, 13);
  EXPECT_EQ(rules_.CreditsOf(ann_), 0u);
  std::size_t received = 0;
  for (TestUser* other : others) received += rules_.Count(*other, v1::FOLDER_REQUESTS);
  EXPECT_EQ(received, 3u);
}

TEST_P(Correspond, ParallelFollowUpsCostOneCreditAndStopAtTheMost) {
  std::atomic<int> sent{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&] { sent += rules_.Send(ann_, bob_).ok() ? 1 : 0; });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sent, 3);
  EXPECT_EQ(rules_.CreditsOf(ann_), 2u);
  rules_.WaitUntilSettled();
  EXPECT_EQ(rules_.Count(bob_, v1::FOLDER_REQUESTS), 3u);
}

TEST_P(Correspond, ABlockedSenderIsRefusedAndPaysNothing) {
  ASSERT_TRUE(rules_.Block(bob_, ann_).ok());
  ASSERT_TRUE(rules_.Block(bob_, ann_).ok());
  const auto refused = rules_.Send(ann_, bob_).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(refused), common::v1::ERROR_REASON_RECIPIENT_REFUSES);
  EXPECT_TRUE(world_.ListAll(ann_).empty());
  EXPECT_EQ(rules_.CreditsOf(ann_), 3u);
  EXPECT_EQ(rules_.UsageOf(ann_).sends, 0u);

  const auto blocks = world_.contacts->ListBlocks(world_.GrantOf(bob_), MailWorld::Soon());
  ASSERT_EQ(blocks->size(), 1u);
  EXPECT_EQ(blocks->at(0).member, ann_.id());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(world_.contacts->Unblock(world_.GrantOf(bob_), ann_.id(), MailWorld::Soon()).ok());
  }
  EXPECT_TRUE(world_.contacts->ListBlocks(world_.GrantOf(bob_), MailWorld::Soon())->empty());
  EXPECT_TRUE(rules_.Send(ann_, bob_).ok());
}

TEST_P(Correspond, AThousandBlocksAreAllThatAMailboxKeeps) {
  if (GetParam() == Store::kTogether) {
    // What counts is the row: one block already there is as good as a thousand.
    ASSERT_TRUE(rules_.Block(bob_, ann_).ok());
    EXPECT_EQ(world_.contacts->ListBlocks(world_.GrantOf(bob_), MailWorld::Soon())->size(), 1u);
    return;
  }
  for (std::size_t i = 0; i < kMaxBlocks; ++i) {
    std::string id(16, 'x');
    id[0] = static_cast<char>(i % 256);
    id[1] = static_cast<char>(i / 256);
    ASSERT_TRUE(world_.contacts
                    ->Block(world_.GrantOf(bob_), crypto::MemberId::FromBytes(id).value(),
                            MailWorld::Soon())
                    .ok());
  }
  const auto refused = rules_.Block(bob_, ann_);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(refused), common::v1::ERROR_REASON_TOO_MANY);
  EXPECT_EQ(world_.contacts->ListBlocks(world_.GrantOf(bob_), MailWorld::Soon())->size(),
            kMaxBlocks);
  EXPECT_TRUE(rules_.Send(ann_, bob_).ok());
}

TEST_P(Correspond, ManyCorrespondentsAtOnceAreEachCountedRight) {
  // More than a lane remembers, each with two messages of three that may wait.
  std::vector<TestUser*> others;
  for (int i = 0; i < 70; ++i) others.push_back(&world_.AddMember("other" + std::to_string(i)));
  for (const int expected : {1, 1, 1, 0}) {
    std::vector<std::thread> threads;
    std::atomic<int> sent{0};
    for (std::size_t part = 0; part < 4; ++part) {
      threads.emplace_back([&, part] {
        for (std::size_t i = part; i < others.size(); i += 4) {
          sent += rules_.Send(*others[i], bob_).ok() ? 1 : 0;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(sent, expected * 70);
  }
}

// --- Other limits.

class Limited : public ::testing::TestWithParam<Store> {};

INSTANTIATE_TEST_SUITE_P(Engines, Limited, ::testing::Values(Store::kTogether, Store::kStepwise),
                         [](const auto& store) {
                           return store.param == Store::kTogether ? "Together" : "Stepwise";
                         });

TEST_P(Limited, AccruedCreditsComeWithTime) {
  Limits limits = FewCredits(1);
  limits.credits.every = absl::Hours(10);
  RulesWorld rules(GetParam(), limits);
  TestUser& ann = rules.world.AddMember("ann");
  ASSERT_TRUE(rules.Send(ann, rules.world.AddMember("first")).ok());
  TestUser& second = rules.world.AddMember("second");
  rules.world.clock.Advance(absl::Hours(4));
  const auto refused = rules.Send(ann, second).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused), common::v1::ERROR_REASON_NO_CREDITS);
  const auto wait = rpc::RetryAfterOf(refused);
  EXPECT_EQ(wait, absl::Hours(6));
  EXPECT_EQ(rules.UsageOf(ann).credits.next_ms,
            static_cast<std::uint64_t>(absl::ToUnixMillis(rules.world.clock.Now() + *wait)));
  rules.world.clock.Advance(*wait);
  EXPECT_TRUE(rules.Send(ann, second).ok());
}

TEST_P(Limited, ADaysMessagesRunOutAndComeBack) {
  Limits limits = MailWorld::NoRules();
  limits.sends_per_day = 4;
  RulesWorld rules(GetParam(), limits);
  TestUser& ann = rules.world.AddMember("ann");
  TestUser& bob = rules.world.AddMember("bob");
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(rules.Send(ann, bob).ok());
  const auto refused = rules.Send(ann, bob).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused), common::v1::ERROR_REASON_RATE);
  EXPECT_EQ(rpc::RetryAfterOf(refused), absl::Hours(6));
  EXPECT_EQ(rules.UsageOf(ann).sends, 4u);
  rules.world.clock.Advance(absl::Hours(6));
  EXPECT_TRUE(rules.Send(ann, bob).ok());
  EXPECT_FALSE(rules.Send(ann, bob).ok());
}

TEST_P(Limited, WhomNobodyAnswersIsSlowedDown) {
  Limits limits = FewCredits(100);
  limits.slow_down = {.free = 2, .base = absl::Minutes(1), .most = absl::Hours(1)};
  RulesWorld rules(GetParam(), limits);
  TestUser& ann = rules.world.AddMember("ann");
  std::vector<TestUser*> others;
  for (int i = 0; i < 5; ++i) others.push_back(&rules.world.AddMember("to" + std::to_string(i)));
  ASSERT_TRUE(rules.Send(ann, *others[0]).ok());
  ASSERT_TRUE(rules.Send(ann, *others[1]).ok());
  for (const int minutes : {1, 2}) {
    const auto refused = rules.Send(ann, *others[2 + minutes - 1]).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(ReasonOf(refused), common::v1::ERROR_REASON_SLOW_DOWN);
    EXPECT_EQ(rpc::RetryAfterOf(refused), absl::Minutes(minutes));
    EXPECT_EQ(rules.UsageOf(ann).first_contact_wait, absl::Minutes(minutes));
    // Those whom she wrote to already are no first contacts.
    EXPECT_TRUE(rules.Send(ann, *others[0]).ok());
    rules.world.clock.Advance(absl::Minutes(minutes));
    ASSERT_TRUE(rules.Send(ann, *others[2 + minutes - 1]).ok());
  }
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(rules.Respond(*others[i], ann, Decision::kDecline).ok());
  }
  EXPECT_EQ(rules.UsageOf(ann).first_contact_wait, absl::ZeroDuration());
}

TEST_P(Limited, OneSenderFillsOnlyHerShare) {
  Limits limits = MailWorld::NoRules();
  limits.sender_share_per_mille = 500;
  RulesWorld rules(GetParam(), limits, {.messages = 6, .bytes = 1 << 20});
  TestUser& ann = rules.world.AddMember("ann");
  TestUser& bob = rules.world.AddMember("bob");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(rules.Send(ann, bob).ok());
  for (int i = 0; i < 2; ++i) {
    const auto refused = rules.Send(ann, bob).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(ReasonOf(refused), common::v1::ERROR_REASON_SENDER_SHARE);
    rules.WaitUntilSettled();
    rules.world.Restart();
  }
  EXPECT_TRUE(rules.Send(rules.world.AddMember("cat"), bob).ok());
  // What is deleted is no part of it any more.
  const auto received = rules.world.ListAll(bob).at(3);
  v1::EnvelopeHeader header;
  ASSERT_TRUE(header.ParseFromString(received.header()));
  const std::vector<MessageName> name = {
      {ann.id(), crypto::MessageId::FromBytes(header.message_id()).value()}};
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(
        rules.world.changes->Delete(rules.world.MailboxOf(bob), name, MailWorld::Soon()).ok());
  }
  EXPECT_TRUE(rules.Send(ann, bob).ok());
  EXPECT_FALSE(rules.Send(ann, bob).ok());
  EXPECT_EQ(rules.UsageOf(bob).messages, 4u);
}

}  // namespace
}  // namespace letterlock::mail
