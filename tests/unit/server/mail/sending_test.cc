// Sending on the embedded engine: what is acknowledged is in both mailboxes, once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "letterlock/common/v1/errors.pb.h"
#include "mail_world.h"
#include "server/rpc/status.h"
#include "support/temporary_directory.h"

namespace letterlock::mail {
namespace {

class Sending : public ::testing::Test {
 protected:
  test::TemporaryDirectory directory_;
  MailWorld world_{RocksDbIn(directory_ / "store")};
  TestUser& ann_ = world_.AddMember("ann");
  TestUser& bob_ = world_.AddMember("bob");
};

TEST_F(Sending, DeliversTheSameBytesToBothMailboxesWithEachOnesOwnWrap) {
  const auto id = FreshMessageId();
  const v1::Envelope envelope = EnvelopeOf(ann_, bob_, id);
  auto sent = world_.Send(ann_, envelope);
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_EQ(sent->state, v1::DELIVERY_STATE_DELIVERED);

  const v1::MailboxMessage theirs = world_.GetOne(bob_, ann_.id(), id);
  EXPECT_EQ(theirs.header(), envelope.header());
  EXPECT_EQ(theirs.wrap(), envelope.recipient_wrap());
  EXPECT_EQ(theirs.ciphertext(), envelope.ciphertext());
  EXPECT_EQ(theirs.state().folder(), v1::FOLDER_INBOX);
  const v1::MailboxMessage own = world_.GetOne(ann_, ann_.id(), id);
  EXPECT_EQ(own.wrap(), envelope.sender_wrap());
  EXPECT_EQ(own.state().folder(), v1::FOLDER_SENT);
  EXPECT_EQ(own.state().delivery(), v1::DELIVERY_STATE_DELIVERED);
}

TEST_F(Sending, TheSameEnvelopeAgainGetsTheFirstAnswerAcrossARestart) {
  const v1::Envelope envelope = EnvelopeOf(ann_, bob_, FreshMessageId());
  auto first = world_.Send(ann_, envelope);
  ASSERT_TRUE(first.ok());
  world_.clock.Advance(absl::Seconds(5));
  for (int i = 0; i < 2; ++i) {
    auto again = world_.Send(ann_, envelope);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->accepted_unix_ms, first->accepted_unix_ms);
    world_.Restart();
  }
  EXPECT_EQ(world_.ListAll(ann_).size(), 1u);
  EXPECT_EQ(world_.ListAll(bob_).size(), 1u);
}

TEST_F(Sending, TheSameIdWithOtherBytesIsRefused) {
  const auto id = FreshMessageId();
  ASSERT_TRUE(world_.Send(ann_, EnvelopeOf(ann_, bob_, id, "one")).ok());
  auto other = world_.Send(ann_, EnvelopeOf(ann_, bob_, id, "two"));
  EXPECT_EQ(other.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(rpc::ReasonOf(other.status()), common::v1::ERROR_REASON_ID_REUSED);
  EXPECT_EQ(world_.ListAll(bob_).size(), 1u);
}

TEST_F(Sending, ManyAtOnceToOneMailboxAllArriveOnce) {
  constexpr int kSenders = 4;
  constexpr int kEach = 40;
  std::vector<TestUser*> senders;
  for (int i = 0; i < kSenders; ++i) {
    senders.push_back(&world_.AddMember("sender" + std::to_string(i)));
  }
  std::atomic<int> delivered{0};
  std::vector<std::thread> threads;
  for (TestUser* from : senders) {
    threads.emplace_back([&, from] {
      for (int i = 0; i < kEach; ++i) {
        auto sent = world_.Send(*from, EnvelopeOf(*from, bob_, FreshMessageId()));
        if (sent.ok() && sent->state == v1::DELIVERY_STATE_DELIVERED) ++delivered;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(delivered, kSenders * kEach);
  EXPECT_EQ(world_.ListAll(bob_).size(), static_cast<std::size_t>(kSenders * kEach));
}

}  // namespace
}  // namespace letterlock::mail
