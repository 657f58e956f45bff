// Sending on an engine that knows one mailbox at a time, on good days and bad: three steps, each of
// which may fail, be lost, or be done by a later process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "letterlock/common/v1/errors.pb.h"
#include "mail_world.h"
#include "server/mail/mailbox/rows.h"
#include "server/rpc/status.h"
#include "support/fake_engine.h"

namespace letterlock::mail {
namespace {

using testing::FakeEngine;
using testing::FakeEngineOptions;
using testing::FakeStorage;
using testing::WriteFault;

class StepwiseSending : public ::testing::Test {
 protected:
  // Waits until something that nobody is told of has happened.
  template <typename Condition>
  static bool Eventually(Condition condition) {
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while (!condition()) {
      if (absl::Now() > deadline) return false;
      absl::SleepFor(absl::Milliseconds(1));
    }
    return true;
  }

  std::size_t OutboxRows() {
    absl::MutexLock lock(&storage_->mu);
    std::size_t rows = 0;
    for (const auto& [tag, partition] : storage_->partitions) {
      for (const auto& [key, value] : partition.rows) rows += key.table == table::kOutbox;
    }
    return rows;
  }

  std::shared_ptr<FakeStorage> storage_ = std::make_shared<FakeStorage>();
  FakeEngine* fake_ = nullptr;
  Quota quota_{.messages = 5, .bytes = 1 << 20};
  MailWorld world_{[this]() -> std::unique_ptr<engine::Engine> {
                     auto engine = std::make_unique<FakeEngine>(
                         storage_, FakeEngineOptions{.own_thread = true});
                     fake_ = engine.get();
                     return engine;
                   },
                   quota_};
  TestUser& ann_ = world_.AddMember("ann");
  TestUser& bob_ = world_.AddMember("bob");
};

TEST_F(StepwiseSending, DeliversAndEmptiesTheOutbox) {
  const auto id = FreshMessageId();
  auto sent = world_.Send(ann_, EnvelopeOf(ann_, bob_, id));
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_EQ(sent->state, v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(world_.GetOne(bob_, ann_.id(), id).state().folder(), v1::FOLDER_INBOX);
  EXPECT_TRUE(Eventually([&] { return OutboxRows() == 0; }));
  EXPECT_EQ(world_.GetOne(ann_, ann_.id(), id).state().delivery(), v1::DELIVERY_STATE_DELIVERED);
}

// Step by step, each fault twice: the write was not made, and it was but nobody heard.
struct FaultCase {
  int step;
  WriteFault fault;
};

class OneFault : public StepwiseSending, public ::testing::WithParamInterface<FaultCase> {};

TEST_P(OneFault, IsMadeUpForAndTheMessageIsThereOnce) {
  for (int i = 1; i < GetParam().step; ++i) fake_->Inject(WriteFault::kNone);
  fake_->Inject(GetParam().fault);
  const v1::Envelope envelope = EnvelopeOf(ann_, bob_, FreshMessageId());
  auto sent = world_.Send(ann_, envelope);
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_EQ(sent->state, v1::DELIVERY_STATE_DELIVERED);
  EXPECT_TRUE(Eventually([&] { return OutboxRows() == 0; }));
  EXPECT_EQ(world_.ListAll(bob_).size(), 1u);
  const auto own = world_.ListAll(ann_);
  ASSERT_EQ(own.size(), 1u);
  EXPECT_EQ(own[0].state().delivery(), v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(world_.Send(ann_, envelope)->accepted_unix_ms, sent->accepted_unix_ms);
}

INSTANTIATE_TEST_SUITE_P(EachStep, OneFault,
                         ::testing::Values(FaultCase{1, WriteFault::kAborts},
                                           FaultCase{1, WriteFault::kFailsAndDoesNotPersist},
                                           FaultCase{1, WriteFault::kFailsButPersists},
                                           FaultCase{2, WriteFault::kAborts},
                                           FaultCase{2, WriteFault::kFailsAndDoesNotPersist},
                                           FaultCase{2, WriteFault::kFailsButPersists},
                                           FaultCase{3, WriteFault::kAborts},
                                           FaultCase{3, WriteFault::kFailsAndDoesNotPersist},
                                           FaultCase{3, WriteFault::kFailsButPersists}));

TEST_F(StepwiseSending, WhatACrashLeavesPendingIsDeliveredWhenTheOwnerComesBack) {
  fake_->Inject(WriteFault::kNone);
  for (int i = 0; i < 20; ++i) fake_->Inject(WriteFault::kFailsAndDoesNotPersist);
  const auto id = FreshMessageId();
  auto sent = world_.Send(ann_, EnvelopeOf(ann_, bob_, id));
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_EQ(sent->state, v1::DELIVERY_STATE_PENDING);
  fake_->Crash();
  world_.Restart();
  EXPECT_TRUE(world_.ListAll(bob_).empty());
  EXPECT_EQ(world_.GetOne(ann_, ann_.id(), id).state().delivery(), v1::DELIVERY_STATE_PENDING);

  world_.sender->SettleOutbox(world_.MailboxOf(ann_));
  EXPECT_TRUE(Eventually([&] { return OutboxRows() == 0; }));
  EXPECT_EQ(world_.ListAll(bob_).size(), 1u);
  EXPECT_EQ(world_.GetOne(ann_, ann_.id(), id).state().delivery(), v1::DELIVERY_STATE_DELIVERED);
}

TEST_F(StepwiseSending, ARetryAfterACrashFinishesWhatWasPending) {
  fake_->Inject(WriteFault::kNone);
  for (int i = 0; i < 20; ++i) fake_->Inject(WriteFault::kFailsAndDoesNotPersist);
  const v1::Envelope envelope = EnvelopeOf(ann_, bob_, FreshMessageId());
  auto first = world_.Send(ann_, envelope);
  ASSERT_TRUE(first.ok());
  fake_->Crash();
  world_.Restart();
  auto again = world_.Send(ann_, envelope);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->state, v1::DELIVERY_STATE_DELIVERED);
  EXPECT_EQ(again->accepted_unix_ms, first->accepted_unix_ms);
  EXPECT_EQ(world_.ListAll(bob_).size(), 1u);
  EXPECT_EQ(world_.ListAll(ann_).size(), 1u);
}

TEST_F(StepwiseSending, AFullRecipientIsToldBeforeAnythingIsWritten) {
  for (std::uint64_t i = 0; i < quota_.messages; ++i) {
    TestUser& other = world_.AddMember("sender" + std::to_string(i));
    ASSERT_TRUE(world_.Send(other, EnvelopeOf(other, bob_, FreshMessageId())).ok());
  }
  auto refused = world_.Send(ann_, EnvelopeOf(ann_, bob_, FreshMessageId()));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(rpc::ReasonOf(refused.status()), common::v1::ERROR_REASON_MAILBOX_FULL);
  EXPECT_TRUE(world_.ListAll(ann_).empty());
}

TEST_F(StepwiseSending, ARecipientThatFillsUpOnTheWayRefusesForGood) {
  // Ann's message waits in her outbox while others fill Bob's mailbox.
  fake_->Inject(WriteFault::kNone);
  for (int i = 0; i < 20; ++i) fake_->Inject(WriteFault::kFailsAndDoesNotPersist);
  const v1::Envelope envelope = EnvelopeOf(ann_, bob_, FreshMessageId());
  EXPECT_EQ(world_.Send(ann_, envelope)->state, v1::DELIVERY_STATE_PENDING);
  fake_->Crash();
  world_.Restart();
  for (std::uint64_t i = 0; i < quota_.messages; ++i) {
    TestUser& other = world_.AddMember("sender" + std::to_string(i));
    ASSERT_TRUE(world_.Send(other, EnvelopeOf(other, bob_, FreshMessageId())).ok());
  }
  for (int i = 0; i < 2; ++i) {
    auto refused = world_.Send(ann_, envelope);
    ASSERT_TRUE(refused.ok()) << refused.status();
    EXPECT_EQ(refused->state, v1::DELIVERY_STATE_REFUSED);
    EXPECT_EQ(world_.ListAll(ann_).at(0).state().delivery(), v1::DELIVERY_STATE_REFUSED);
    EXPECT_EQ(world_.ListAll(bob_).size(), quota_.messages);
    world_.Restart();
  }
}

}  // namespace
}  // namespace letterlock::mail
