// Messages with attachments, on an engine that commits both mailboxes at once and on one that does
// not.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "crypto/base/hash.h"
#include "engine/rocksdb/rocksdb_engine.h"
#include "letterlock/common/v1/errors.pb.h"
#include "mail_world.h"
#include "server/rpc/status.h"
#include "support/fake_engine.h"
#include "support/temporary_directory.h"

namespace letterlock::mail {
namespace {

using testing::EnvelopeOf;
using testing::FakeEngine;
using testing::FakeEngineOptions;
using testing::FakeStorage;
using testing::WriteFault;

constexpr std::size_t kSmall = 19 + 256 + 16;
constexpr std::size_t kManyRows = 19 + 1'310'720 + 20 * 16;

std::string Ciphertext(std::size_t size, char seed = 'a') { return std::string(size, seed); }

class AttachedSending : public ::testing::TestWithParam<bool> {
 protected:
  explicit AttachedSending(Quota quota = {})
      : world_(GetParam() ? RocksDbIn(directory_.path()) : OpenFake(), quota) {
    ada_ = &world_.AddMember("ada");
    ben_ = &world_.AddMember("ben");
    eve_ = &world_.AddMember("eve");
  }

  MailWorld::OpenEngine OpenFake() {
    return [this] {
      auto engine = std::make_unique<FakeEngine>(storage_, FakeEngineOptions{.own_thread = true});
      fake_ = engine.get();
      return engine;
    };
  }

  crypto::Digest UploadTo(const TestUser& user, const std::string& bytes) {
    const crypto::Digest hash = crypto::Sha256(bytes);
    auto upload = world_.attachments->StartUpload(world_.GrantOf(user), hash, bytes.size(), 0,
                                                  MailWorld::Soon());
    EXPECT_TRUE(upload.ok()) << upload.status();
    for (std::size_t at = 0; at < bytes.size(); at += 65'536) {
      absl::Notification over;
      (*upload)->Append(std::string_view(bytes).substr(at, 65'536), MailWorld::Soon(),
                        [&](const absl::Status& status) {
                          EXPECT_TRUE(status.ok()) << status;
                          over.Notify();
                        });
      over.WaitForNotification();
    }
    EXPECT_TRUE((*upload)->Finish(MailWorld::Soon()).ok());
    return hash;
  }

  absl::StatusOr<std::string> Get(const TestUser& user, const crypto::Digest& hash) {
    auto download =
        world_.attachments->OpenDownload(world_.GrantOf(user), hash, 0, 0, MailWorld::Soon());
    if (!download.ok()) return download.status();
    std::string all;
    while (true) {
      auto piece = (*download)->Next(MailWorld::Soon());
      if (!piece.ok()) return piece.status();
      if (piece->empty()) return all;
      all += *piece;
    }
  }

  std::optional<std::uint64_t> ExpiryOf(const TestUser& user, const crypto::Digest& hash) {
    const auto standing =
        world_.attachments->GetUpload(world_.GrantOf(user), hash, MailWorld::Soon());
    if (!standing.ok()) return std::nullopt;
    return standing->expires_unix_ms;
  }

  absl::StatusOr<SendResult> Send(const TestUser& from, const v1::Envelope& envelope,
                                  const std::vector<crypto::Digest>& attached) {
    return world_.Send(from, envelope, absl::Seconds(30), attached);
  }

  std::vector<std::string> AttachmentsOf(const TestUser& user, const TestUser& from,
                                         const crypto::MessageId& id) {
    const v1::MailboxMessage message = world_.GetOne(user, from.id(), id);
    return {message.state().attachments().begin(), message.state().attachments().end()};
  }

  test::TemporaryDirectory directory_;
  const std::shared_ptr<FakeStorage> storage_ = std::make_shared<FakeStorage>();
  FakeEngine* fake_ = nullptr;
  MailWorld world_;
  TestUser* ada_ = nullptr;
  TestUser* ben_ = nullptr;
  TestUser* eve_ = nullptr;
};

INSTANTIATE_TEST_SUITE_P(Engines, AttachedSending, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Together" : "Stepwise"; });

TEST_P(AttachedSending, BringsThemToTheRecipient) {
  const std::string one = Ciphertext(kSmall, '1');
  const std::string two = Ciphertext(kManyRows, '2');
  const std::vector<crypto::Digest> hashes = {UploadTo(*ada_, one), UploadTo(*ada_, two)};
  const crypto::MessageId id = FreshMessageId();
  const auto sent = Send(*ada_, EnvelopeOf(*ada_, *ben_, id), hashes);
  ASSERT_TRUE(sent.ok()) << sent.status();
  ASSERT_EQ(sent->state, v1::DELIVERY_STATE_DELIVERED);
  for (const TestUser* user : {ada_, ben_}) {
    EXPECT_EQ(*Get(*user, hashes[0]), one);
    EXPECT_EQ(*Get(*user, hashes[1]), two);
    EXPECT_EQ(ExpiryOf(*user, hashes[0]), 0u);
    EXPECT_EQ(AttachmentsOf(*user, *ada_, id),
              (std::vector<std::string>{crypto::ToString(hashes[0]), crypto::ToString(hashes[1])}));
  }
  EXPECT_FALSE(Get(*eve_, hashes[0]).ok());
}

TEST_P(AttachedSending, MessagesKeepThemBeyondTheirDay) {
  const std::string bytes = Ciphertext(kManyRows);
  const crypto::Digest hash = UploadTo(*ada_, bytes);
  ASSERT_TRUE(Send(*ada_, EnvelopeOf(*ada_, *ben_, FreshMessageId()), {hash}).ok());
  world_.clock.Advance(absl::Hours(100));
  for (TestUser* user : {ada_, ben_}) {
    UploadTo(*user, Ciphertext(kSmall, 'z'));  // cleans up
    EXPECT_EQ(*Get(*user, hash), bytes);
  }
  world_.Restart();
  EXPECT_EQ(*Get(*ben_, hash), bytes);
}

TEST_P(AttachedSending, WithoutTheUploadIsRefused) {
  const crypto::Digest there = UploadTo(*ada_, Ciphertext(kSmall, '1'));
  const crypto::Digest missing = crypto::Sha256("nothing");
  const crypto::Digest others = UploadTo(*ben_, Ciphertext(kSmall, '2'));
  const std::string half = Ciphertext(kManyRows, 'h');
  ASSERT_TRUE(world_.attachments
                  ->StartUpload(world_.GrantOf(*ada_), crypto::Sha256(half), half.size(), 0,
                                MailWorld::Soon())
                  .ok());
  for (const crypto::Digest& bad : {missing, others, crypto::Sha256(half)}) {
    const crypto::MessageId id = FreshMessageId();
    const absl::Status refused = Send(*ada_, EnvelopeOf(*ada_, *ben_, id), {there, bad}).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(rpc::ReasonOf(refused), common::v1::ERROR_REASON_ATTACHMENT_MISSING);
    EXPECT_EQ(rpc::FieldOf(refused), "attachments[1]");
    EXPECT_FALSE(world_.GetOne(*ada_, ada_->id(), id).has_state());
  }
}

TEST_P(AttachedSending, TheSameAgainIsTheSameMessageAndOtherHashesAreAnother) {
  const crypto::Digest one = UploadTo(*ada_, Ciphertext(kSmall, '1'));
  const crypto::Digest two = UploadTo(*ada_, Ciphertext(kSmall, '2'));
  const v1::Envelope envelope = EnvelopeOf(*ada_, *ben_, FreshMessageId());
  const auto first = Send(*ada_, envelope, {one});
  ASSERT_TRUE(first.ok());
  const auto again = Send(*ada_, envelope, {one});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->accepted_unix_ms, first->accepted_unix_ms);
  for (const std::vector<crypto::Digest>& other :
       {std::vector<crypto::Digest>{}, {two}, {one, two}}) {
    EXPECT_EQ(rpc::ReasonOf(Send(*ada_, envelope, other).status()),
              common::v1::ERROR_REASON_ID_REUSED);
  }
}

TEST_P(AttachedSending, OneAttachmentOfManyMessagesIsKeptOnce) {
  const std::string bytes = Ciphertext(kManyRows);
  const crypto::Digest hash = UploadTo(*ada_, bytes);
  std::vector<std::thread> threads;
  std::atomic<int> delivered = 0;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      const TestUser& to = i % 2 == 0 ? *ben_ : *eve_;
      const v1::Envelope envelope = EnvelopeOf(*ada_, to, FreshMessageId());
      // BUSY is for the client to repeat.
      for (int attempt = 0; attempt < 20; ++attempt) {
        const auto sent = Send(*ada_, envelope, {hash});
        if (sent.ok() && sent->state == v1::DELIVERY_STATE_DELIVERED) {
          ++delivered;
          return;
        }
        absl::SleepFor(absl::Milliseconds(20));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(delivered, 6);
  EXPECT_EQ(*Get(*ben_, hash), bytes);
  EXPECT_EQ(*Get(*eve_, hash), bytes);
}

TEST_P(AttachedSending, GoWithTheLastMessageThatNamesThem) {
  const std::string bytes = Ciphertext(kManyRows);
  const crypto::Digest hash = UploadTo(*ada_, bytes);
  std::vector<MessageName> names;
  for (int i = 0; i < 3; ++i) {
    names.push_back({ada_->id(), FreshMessageId()});
    ASSERT_TRUE(Send(*ada_, EnvelopeOf(*ada_, *ben_, names.back().id), {hash}).ok());
  }
  const auto remove = [&](const TestUser& user, const std::vector<MessageName>& some) {
    EXPECT_TRUE(world_.changes->Delete(world_.MailboxOf(user), some, MailWorld::Soon()).ok());
  };
  remove(*ben_, {names[0]});
  EXPECT_EQ(*Get(*ben_, hash), bytes);
  remove(*ben_, {names[1], names[2]});
  EXPECT_FALSE(Get(*ben_, hash).ok());
  EXPECT_EQ(ExpiryOf(*ben_, hash), std::nullopt);
  // The sender's are hers.
  EXPECT_EQ(*Get(*ada_, hash), bytes);
  // What is being removed can be uploaded again, and comes again.
  UploadTo(*ben_, bytes);
  EXPECT_EQ(*Get(*ben_, hash), bytes);
  ASSERT_TRUE(Send(*ada_, EnvelopeOf(*ada_, *ben_, FreshMessageId()), {hash}).ok());
  EXPECT_EQ(ExpiryOf(*ben_, hash), 0u);
}

class TightQuota : public AttachedSending {
 protected:
  TightQuota() : AttachedSending(Quota{.messages = 1000, .bytes = kManyRows + 10'000}) {}
};

INSTANTIATE_TEST_SUITE_P(Engines, TightQuota, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Together" : "Stepwise"; });

TEST_P(TightQuota, AFullRecipientTakesNoCopy) {
  const crypto::Digest hash = UploadTo(*ada_, Ciphertext(kManyRows, '1'));
  UploadTo(*ben_, Ciphertext(kManyRows, '2'));
  const auto sent = Send(*ada_, EnvelopeOf(*ada_, *ben_, FreshMessageId()), {hash});
  if (GetParam()) {
    EXPECT_EQ(rpc::ReasonOf(sent.status()), common::v1::ERROR_REASON_MAILBOX_FULL);
  } else {
    EXPECT_EQ(sent->state, v1::DELIVERY_STATE_REFUSED);
  }
  EXPECT_FALSE(Get(*ben_, hash).ok());
  if (!GetParam()) return;
  // Room again once a message goes: its attachment counts no more.
  const crypto::MessageId id = FreshMessageId();
  ASSERT_TRUE(Send(*ada_, EnvelopeOf(*ada_, *eve_, id), {hash}).ok());
  ASSERT_TRUE(
      world_.changes->Delete(world_.MailboxOf(*ada_), {{{ada_->id(), id}}}, MailWorld::Soon())
          .ok());
  UploadTo(*ada_, Ciphertext(kManyRows, '4'));
  // Nothing that was refused counts.
  world_.clock.Advance(absl::Hours(25));
  UploadTo(*ben_, Ciphertext(kManyRows, '3'));
}

class FaultyCopies : public AttachedSending {};

INSTANTIATE_TEST_SUITE_P(Engines, FaultyCopies, ::testing::Values(false));

TEST_P(FaultyCopies, ASendIsMadeUpForAtEachFailedWrite) {
  constexpr WriteFault kFaults[] = {WriteFault::kAborts, WriteFault::kFailsAndDoesNotPersist,
                                    WriteFault::kFailsButPersists};
  for (int clean = 0; clean < 6; ++clean) {
    const std::string bytes = Ciphertext(kManyRows, static_cast<char>('a' + clean));
    const crypto::Digest hash = UploadTo(*ada_, bytes);
    for (int i = 0; i < clean; ++i) fake_->Inject(WriteFault::kNone);
    fake_->Inject(kFaults[clean % 3]);
    const v1::Envelope envelope = EnvelopeOf(*ada_, *ben_, FreshMessageId());
    absl::StatusOr<SendResult> sent;
    for (int attempt = 0; attempt < 30; ++attempt) {
      sent = Send(*ada_, envelope, {hash});
      if (sent.ok() && sent->state == v1::DELIVERY_STATE_DELIVERED) break;
      absl::SleepFor(absl::Milliseconds(100));  // as a client does
    }
    ASSERT_TRUE(sent.ok()) << sent.status();
    EXPECT_EQ(sent->state, v1::DELIVERY_STATE_DELIVERED);
    EXPECT_EQ(*Get(*ben_, hash), bytes);
    EXPECT_EQ(ExpiryOf(*ben_, hash), 0u);
  }
}

TEST_P(FaultyCopies, AnEarlierProcessesMessageComesWithItsAttachments) {
  const std::string bytes = Ciphertext(kManyRows);
  const crypto::Digest hash = UploadTo(*ada_, bytes);
  // Step 1 is on disk; the process dies while it copies.
  fake_->Inject(WriteFault::kNone);
  fake_->Inject(WriteFault::kNone);
  for (int i = 0; i < 8; ++i) fake_->Inject(WriteFault::kFailsAndDoesNotPersist);
  const crypto::MessageId id = FreshMessageId();
  const auto sent =
      world_.Send(*ada_, EnvelopeOf(*ada_, *ben_, id), absl::Milliseconds(500), {hash});
  ASSERT_TRUE(sent.ok()) << sent.status();
  ASSERT_EQ(sent->state, v1::DELIVERY_STATE_PENDING);
  world_.Restart();
  world_.sender->SettleOutbox(world_.MailboxOf(*ada_));
  const auto delivered = [&] {
    return world_.GetOne(*ada_, ada_->id(), id).state().delivery() == v1::DELIVERY_STATE_DELIVERED;
  };
  while (!delivered()) absl::SleepFor(absl::Milliseconds(5));
  EXPECT_EQ(*Get(*ben_, hash), bytes);
  EXPECT_EQ(AttachmentsOf(*ben_, *ada_, id).size(), 1u);
}

}  // namespace
}  // namespace letterlock::mail
