// Reports: of what was received, once, before the desk alone.
#include "server/mail/reports/reports.h"

#include <gtest/gtest.h>

#include "rules_world.h"

namespace letterlock::mail {
namespace {

using testing::WriteFault;

class Reporting : public ::testing::TestWithParam<Store> {
 protected:
  Reporting() {
    world_.desk = desk_.id();
    world_.report_rules = {.per_day = 3, .most = 4, .most_bytes = 1000};
    world_.Restart();
  }

  MessageName Sent(const TestUser& from, const TestUser& to) {
    const auto id = FreshMessageId();
    EXPECT_TRUE(world_.Send(from, testing::EnvelopeOf(from, to, id)).ok());
    rules_.WaitUntilSettled();
    return {from.id(), id};
  }
  absl::Status Report(const TestUser& reporter, const MessageName& message,
                      std::size_t size = 100) {
    return world_.reports->Report(world_.GrantOf(reporter), message, std::string(size, 'd'),
                                  crypto::KeyIdOf(desk_.member.encryption.public_key()),
                                  MailWorld::Soon());
  }
  Reports::Page List(const TestUser& owner, std::uint64_t after = 0, std::size_t size = 15) {
    return world_.reports->List(world_.GrantOf(owner), after, size, MailWorld::Soon()).value();
  }

  RulesWorld rules_{GetParam(), MailWorld::NoRules()};
  MailWorld& world_ = rules_.world;
  TestUser& ann_ = world_.AddMember("ann");
  TestUser& bob_ = world_.AddMember("bob");
  TestUser& desk_ = world_.AddMember("desk");
};

INSTANTIATE_TEST_SUITE_P(Engines, Reporting, ::testing::Values(Store::kTogether, Store::kStepwise),
                         [](const auto& store) {
                           return store.param == Store::kTogether ? "Together" : "Stepwise";
                         });

TEST_P(Reporting, PutsAReceivedMessageBeforeTheDeskOnce) {
  const MessageName message = Sent(ann_, bob_);
  ASSERT_TRUE(Report(bob_, message).ok());
  for (int i = 0; i < 2; ++i) {
    const absl::Status again = Report(bob_, message);
    EXPECT_EQ(again.code(), absl::StatusCode::kAlreadyExists);
    EXPECT_EQ(ReasonOf(again), common::v1::ERROR_REASON_ALREADY_REPORTED);
    world_.Restart();
  }
  const Reports::Page page = List(desk_);
  ASSERT_EQ(page.reports.size(), 1u);
  EXPECT_EQ(page.reports[0].second.reporter, bob_.id());
  EXPECT_EQ(page.reports[0].second.message.sender, ann_.id());
  EXPECT_EQ(page.reports[0].second.disclosure, std::string(100, 'd'));
  EXPECT_TRUE(List(bob_).reports.empty());
  EXPECT_TRUE(List(ann_).reports.empty());
  EXPECT_EQ(rules_.UsageOf(bob_).reports, 1u);
}

TEST_P(Reporting, WhatTheMailboxNeverReceivedIsNotFound) {
  const MessageName message = Sent(ann_, bob_);
  // The sender, somebody else, and a message that nobody sent.
  EXPECT_EQ(ReasonOf(Report(ann_, message)), common::v1::ERROR_REASON_NOT_FOUND);
  EXPECT_EQ(ReasonOf(Report(world_.AddMember("cat"), message)), common::v1::ERROR_REASON_NOT_FOUND);
  EXPECT_EQ(ReasonOf(Report(bob_, {ann_.id(), FreshMessageId()})),
            common::v1::ERROR_REASON_NOT_FOUND);
  EXPECT_TRUE(List(desk_).reports.empty());
}

TEST_P(Reporting, AnotherKeyThanTheDesksIsRefused) {
  const MessageName message = Sent(ann_, bob_);
  const absl::Status refused = world_.reports->Report(
      world_.GrantOf(bob_), message, std::string(100, 'd'),
      crypto::KeyIdOf(ann_.member.encryption.public_key()), MailWorld::Soon());
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(refused), common::v1::ERROR_REASON_RECIPIENT_KEY);
  EXPECT_TRUE(Report(bob_, message).ok());
}

TEST_P(Reporting, WithoutADeskIsNotServed) {
  const MessageName message = Sent(ann_, bob_);
  world_.desk = std::nullopt;
  world_.Restart();
  const absl::Status refused = Report(bob_, message);
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(ReasonOf(refused), common::v1::ERROR_REASON_NOT_SERVED);
}

TEST_P(Reporting, ADaysReportsAndTheDesksRoomAreBounded) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Report(bob_, Sent(ann_, bob_)).ok());
  const absl::Status rate = Report(bob_, Sent(ann_, bob_));
  EXPECT_EQ(rate.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(rate), common::v1::ERROR_REASON_RATE);
  EXPECT_EQ(rpc::RetryAfterOf(rate), absl::Hours(8));
  // Too many bytes, then too many rows.
  EXPECT_EQ(ReasonOf(Report(ann_, Sent(bob_, ann_), 701)), common::v1::ERROR_REASON_MAILBOX_FULL);
  ASSERT_TRUE(Report(ann_, Sent(bob_, ann_)).ok());
  const MessageName last = Sent(bob_, ann_);
  EXPECT_EQ(ReasonOf(Report(ann_, last)), common::v1::ERROR_REASON_MAILBOX_FULL);

  const std::uint64_t first = List(desk_, 0, 1).reports.at(0).first;
  EXPECT_TRUE(List(desk_, 0, 1).more);
  EXPECT_EQ(List(desk_, first).reports.size(), 3u);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(world_.reports->Delete(world_.GrantOf(desk_), first, MailWorld::Soon()).ok());
  }
  EXPECT_EQ(List(desk_).reports.size(), 3u);
  EXPECT_TRUE(Report(ann_, last).ok());
}

class ReportFault : public Reporting {};
INSTANTIATE_TEST_SUITE_P(Stepwise, ReportFault, ::testing::Values(Store::kStepwise));

TEST_P(ReportFault, IsMadeUpForWhereverItStrikes) {
  for (const WriteFault fault :
       {WriteFault::kAborts, WriteFault::kFailsAndDoesNotPersist, WriteFault::kFailsButPersists}) {
    world_.report_rules.per_day = 100;
    world_.report_rules.most = 100;
    world_.report_rules.most_bytes = 1 << 20;
    world_.Restart();
    for (int write = 1; write <= 3; ++write) {
      const MessageName message = Sent(ann_, bob_);
      const std::size_t before = List(desk_).reports.size();
      for (int i = 1; i < write; ++i) rules_.fake->Inject(WriteFault::kNone);
      rules_.fake->Inject(fault);
      EXPECT_TRUE(Report(bob_, message).ok()) << write;
      EXPECT_EQ(List(desk_).reports.size(), before + 1) << write;
    }
  }
}

TEST_P(ReportFault, WhatWasCutOffIsFinishedByTheNextTryAndThereOnce) {
  for (int writes = 1; writes <= 2; ++writes) {
    const MessageName message = Sent(ann_, bob_);
    const std::size_t before = List(desk_).reports.size();
    for (int i = 0; i < writes; ++i) rules_.fake->Inject(WriteFault::kNone);
    for (int i = 0; i < 40; ++i) rules_.fake->Inject(WriteFault::kFailsAndDoesNotPersist);
    EXPECT_FALSE(Report(bob_, message).ok());
    rules_.fake->Crash();
    world_.Restart();
    EXPECT_TRUE(Report(bob_, message).ok());
    EXPECT_EQ(List(desk_).reports.size(), before + 1);
    EXPECT_EQ(rules_.UsageOf(bob_).reports, static_cast<std::uint64_t>(writes));
  }
}

}  // namespace
}  // namespace letterlock::mail
