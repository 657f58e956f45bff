// Who may open a mailbox, and how mailboxes follow their owners' keys.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "attest/canonical_proto.h"
#include "letterlock/common/v1/errors.pb.h"
#include "mail_world.h"
#include "server/mail/mailbox/rows.h"
#include "server/rpc/status.h"
#include "support/fake_engine.h"
#include "support/flip.h"
#include "support/note_signers.h"

namespace letterlock::mail {
namespace {

using common::v1::ErrorReason;
using testing::EnrollRequestOf;
using testing::EnrollRequestWith;
using testing::FakeEngine;
using testing::FakeEngineOptions;
using testing::FakeStorage;
using testing::TestKey;
using testing::WriteFault;

void ExpectRefused(const absl::Status& status, absl::StatusCode code, ErrorReason reason,
                   const char* field) {
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_EQ(rpc::ReasonOf(status), reason);
  EXPECT_EQ(rpc::FieldOf(status), field);
}

class Enrollment : public ::testing::Test {
 protected:
  v1::EnrollRequest RequestOf(const TestUser& user) {
    return EnrollRequestOf(world_.directory, user);
  }
  absl::Status Refusal(const v1::EnrollRequest& request) { return world_.Enroll(request).status(); }
  // With another device of the same member.
  v1::EnrollRequest WithDevice(const TestUser& user, const std::string& name) {
    v1::DeviceCertificate certificate = user.Certificate();
    certificate.set_device_key(std::string(TestKey(name).public_key().bytes()));
    return EnrollRequestWith(world_.directory, user, attest::SerializeCanonical(certificate));
  }
  bool HasDevice(const TestUser& user, const crypto::PublicKey& key) {
    return world_.mailboxes->HasDevice(user.id(), key, MailWorld::Soon()).value();
  }
  // A second version of the entry with a new identity key.
  directory::v1::SignedEntry Rotated(const TestUser& user) {
    const auto first = user.member.Sign(user.member.FirstEntry());
    auto next = testing::TestMember::NextEntry(first.entry());
    next.set_identity_key(std::string(user.member.next_identity.public_key().bytes()));
    auto entry = user.member.Sign(next);
    testing::TestMember::Authorise(&entry, user.member.identity, false);
    world_.directory.Attest(&entry);
    return entry;
  }
  void Publish(const directory::v1::SignedEntry& entry) {
    world_.directory.Put(entry);
    world_.directory.MakeHead(world_.clock.Now());
  }

  std::shared_ptr<FakeStorage> storage_ = std::make_shared<FakeStorage>();
  FakeEngine* fake_ = nullptr;
  MailWorld world_{[this]() -> std::unique_ptr<engine::Engine> {
    auto engine = std::make_unique<FakeEngine>(storage_, FakeEngineOptions{.own_thread = true});
    fake_ = engine.get();
    return engine;
  }};
  TestUser& ann_ = world_.AddUser("ann");
};

TEST_F(Enrollment, OpensAMailboxOnceAndSaysSo) {
  auto first = world_.Enroll(RequestOf(ann_));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(first->created);
  EXPECT_EQ(first->entry_version, 1u);
  auto again = world_.Enroll(RequestOf(ann_));
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->created);
  EXPECT_TRUE(HasDevice(ann_, ann_.device.public_key()));
}

TEST_F(Enrollment, NeedsAnEntry) {
  auto request = RequestOf(ann_);
  request.mutable_proof()->clear_signed_entry();
  ExpectRefused(Refusal(request), absl::StatusCode::kInvalidArgument,
                common::v1::ERROR_REASON_FIELD_MISSING, "proof.signed_entry");
}

TEST_F(Enrollment, NeedsAHeadOfTheLastTenMinutes) {
  const auto request = RequestOf(ann_);
  world_.clock.Advance(absl::Minutes(10));
  EXPECT_TRUE(world_.Enroll(request).ok());
  world_.clock.Advance(absl::Milliseconds(1));
  ExpectRefused(Refusal(request), absl::StatusCode::kFailedPrecondition,
                common::v1::ERROR_REASON_HEAD_STALE, "proof.head");
  world_.clock.Advance(-absl::Minutes(30));
  ExpectRefused(Refusal(request), absl::StatusCode::kFailedPrecondition,
                common::v1::ERROR_REASON_HEAD_STALE, "proof.head");
}

TEST_F(Enrollment, NeedsTheWitnesses) {
  auto request = RequestOf(ann_);
  request.mutable_proof()->mutable_head()->set_checkpoint(
      world_.directory.Checkpoint({&world_.directory.log}));
  ExpectRefused(Refusal(request), absl::StatusCode::kFailedPrecondition,
                common::v1::ERROR_REASON_QUORUM, "proof.head");
}

TEST_F(Enrollment, NeedsARegistrarOutsideDevelopment) {
  TestUser bob("bob", world_.directory.deployment());
  Publish(bob.member.Sign(bob.member.FirstEntry()));
  ExpectRefused(Refusal(RequestOf(bob)), absl::StatusCode::kPermissionDenied,
                common::v1::ERROR_REASON_REGISTRAR_REQUIRED,
                "proof.signed_entry.registrar_attestation");
}

TEST_F(Enrollment, RefusesAProofWithAnyPartChanged) {
  const auto good = RequestOf(ann_);
  const auto with = [&](auto change) {
    auto request = good;
    change(*request.mutable_proof());
    const absl::Status status = Refusal(request);
    EXPECT_THAT(status.code(), ::testing::AnyOf(absl::StatusCode::kPermissionDenied,
                                                absl::StatusCode::kInvalidArgument))
        << status;
    EXPECT_TRUE(rpc::FieldOf(status).has_value());
  };
  const auto flip = [](std::string* bytes) { *bytes = testing::Flip(*bytes, bytes->size() * 4); };
  with([&](auto& proof) { flip(proof.mutable_signed_entry()->mutable_entry()); });
  with([&](auto& proof) { flip(proof.mutable_signed_entry()->mutable_signature()); });
  with([&](auto& proof) { flip(proof.mutable_salt()); });
  with([&](auto& proof) { flip(proof.mutable_map_proof()); });
  with([&](auto& proof) { flip(proof.mutable_head()->mutable_head_leaf()); });
  with([&](auto& proof) { flip(proof.mutable_head()->mutable_inclusion(0)); });
  with([&](auto& proof) { proof.mutable_head()->set_index(proof.head().index() + 1); });
  with([&](auto& proof) { proof.mutable_head()->clear_checkpoint(); });
  with([&](auto& proof) { proof.clear_head(); });
}

// Points that are no keys: zero, of small order.
TEST_F(Enrollment, RefusesKeysThatAreNoSoundPoints) {
  const std::string zero(32, '\0');
  std::string one(32, '\0');
  one[0] = 1;
  for (const std::string& point : {zero, one}) {
    for (const char* field : {"identity_key", "genesis_key", "encryption_key"}) {
      auto request = RequestOf(ann_);
      directory::v1::DirectoryEntry entry;
      entry.ParseFromString(request.proof().signed_entry().entry());
      if (field == std::string("identity_key")) entry.set_identity_key(point);
      if (field == std::string("genesis_key")) entry.set_genesis_key(point);
      if (field == std::string("encryption_key")) entry.set_encryption_key(point);
      request.mutable_proof()->mutable_signed_entry()->set_entry(attest::SerializeCanonical(entry));
      ExpectRefused(Refusal(request), absl::StatusCode::kInvalidArgument,
                    common::v1::ERROR_REASON_BAD_KEY,
                    (std::string("proof.signed_entry.entry.") + field).c_str());
    }
    v1::DeviceCertificate certificate = ann_.Certificate();
    certificate.set_device_key(point);
    ExpectRefused(
        Refusal(EnrollRequestWith(world_.directory, ann_, attest::SerializeCanonical(certificate))),
        absl::StatusCode::kInvalidArgument, common::v1::ERROR_REASON_BAD_KEY,
        "device_certificate.device_key");
  }
}

TEST_F(Enrollment, RefusesACertificateThatIsNotForThisDeviceOfThisMember) {
  const auto with = [&](auto change) {
    v1::DeviceCertificate certificate = ann_.Certificate();
    change(certificate);
    return Refusal(
        EnrollRequestWith(world_.directory, ann_, attest::SerializeCanonical(certificate)));
  };
  ExpectRefused(with([](auto& c) { c.mutable_deployment()->at(0) ^= 1; }),
                absl::StatusCode::kInvalidArgument, common::v1::ERROR_REASON_WRONG_DEPLOYMENT,
                "device_certificate.deployment");
  ExpectRefused(with([](auto& c) { c.mutable_member()->at(0) ^= 1; }),
                absl::StatusCode::kInvalidArgument, common::v1::ERROR_REASON_FIELD_RANGE,
                "device_certificate.member");
  ExpectRefused(with([](auto& c) { c.mutable_device_key()->pop_back(); }),
                absl::StatusCode::kInvalidArgument, common::v1::ERROR_REASON_FIELD_SIZE,
                "device_certificate.device_key");
  ExpectRefused(Refusal(EnrollRequestWith(world_.directory, ann_, "")),
                absl::StatusCode::kInvalidArgument, common::v1::ERROR_REASON_FIELD_MISSING,
                "device_certificate");
  ExpectRefused(Refusal(EnrollRequestWith(
                    world_.directory, ann_,
                    attest::SerializeCanonical(ann_.Certificate()) + std::string("\x20\x01", 2))),
                absl::StatusCode::kInvalidArgument, common::v1::ERROR_REASON_NOT_CANONICAL,
                "device_certificate");
}

TEST_F(Enrollment, RefusesASignatureThatIsNotTheIdentityKeys) {
  auto request = RequestOf(ann_);
  request.set_device_signature(testing::Flip(request.device_signature(), 100));
  ExpectRefused(Refusal(request), absl::StatusCode::kPermissionDenied,
                common::v1::ERROR_REASON_BAD_SIGNATURE, "device_signature");
  request.mutable_device_signature()->pop_back();
  ExpectRefused(Refusal(request), absl::StatusCode::kInvalidArgument,
                common::v1::ERROR_REASON_FIELD_SIZE, "device_signature");
}

TEST_F(Enrollment, ARefusalLeavesTheStoreAsItWas) {
  const auto rows = [&] {
    absl::MutexLock lock(&storage_->mu);
    return storage_->partitions.size();
  };
  const std::size_t before = rows();
  auto request = RequestOf(ann_);
  request.set_device_signature(testing::Flip(request.device_signature(), 100));
  EXPECT_FALSE(world_.Enroll(request).ok());
  EXPECT_EQ(rows(), before);
}

TEST_F(Enrollment, ANewIdentityKeyEndsTheDevicesOfTheOldOne) {
  const auto old_request = RequestOf(ann_);
  ASSERT_TRUE(world_.Enroll(old_request).ok());
  ASSERT_TRUE(world_.Enroll(WithDevice(ann_, "phone")).ok());
  const MemberGrant old_session = world_.GrantOf(ann_);
  EXPECT_TRUE(world_.mailboxes->Open(old_session, MailWorld::Soon()).ok());

  Publish(Rotated(ann_));
  auto rotated = world_.Enroll(WithDevice(ann_, "new laptop"));
  ASSERT_TRUE(rotated.ok()) << rotated.status();
  EXPECT_EQ(rotated->entry_version, 2u);
  EXPECT_FALSE(rotated->created);
  EXPECT_TRUE(HasDevice(ann_, TestKey("new laptop").public_key()));
  EXPECT_FALSE(HasDevice(ann_, ann_.device.public_key()));
  EXPECT_FALSE(HasDevice(ann_, TestKey("phone").public_key()));
  // Its token still verifies; the mailbox does not open for it any more.
  EXPECT_EQ(rpc::ReasonOf(world_.mailboxes->Open(old_session, MailWorld::Soon()).status()),
            common::v1::ERROR_REASON_UNKNOWN_DEVICE);

  ExpectRefused(Refusal(old_request), absl::StatusCode::kFailedPrecondition,
                common::v1::ERROR_REASON_ENTRY_SUPERSEDED, "proof.signed_entry");
}

TEST_F(Enrollment, AnotherEntryOfTheSameVersionIsRefused) {
  ASSERT_TRUE(world_.Enroll(RequestOf(ann_)).ok());
  auto first = ann_.member.FirstEntry();
  first.set_encryption_key(
      std::string(TestUser("bob", ann_.member.deployment).member.encryption.public_key().bytes()));
  auto entry = ann_.member.Sign(first);
  world_.directory.Attest(&entry);
  Publish(entry);
  ExpectRefused(Refusal(RequestOf(ann_)), absl::StatusCode::kPermissionDenied,
                common::v1::ERROR_REASON_PROOF_INVALID, "proof.signed_entry");
}

TEST_F(Enrollment, AMemberHasAtMostSixteenDevices) {
  for (std::size_t i = 0; i < kMaxDevices; ++i) {
    ASSERT_TRUE(world_.Enroll(WithDevice(ann_, "device " + std::to_string(i))).ok());
  }
  ExpectRefused(Refusal(WithDevice(ann_, "one more")), absl::StatusCode::kFailedPrecondition,
                common::v1::ERROR_REASON_TOO_MANY, "device_certificate");
  EXPECT_TRUE(world_.Enroll(WithDevice(ann_, "device 3")).ok());
}

TEST_F(Enrollment, ManyAtOnceMakeOneMailboxWithAllTheirDevices) {
  constexpr int kAtOnce = 8;
  std::vector<v1::EnrollRequest> requests;
  for (int i = 0; i < kAtOnce; ++i) {
    requests.push_back(WithDevice(ann_, "device " + std::to_string(i)));
  }
  std::atomic<int> created{0};
  std::vector<std::thread> threads;
  for (const v1::EnrollRequest& request : requests) {
    threads.emplace_back([&] {
      auto enrolled = world_.Enroll(request);
      ASSERT_TRUE(enrolled.ok()) << enrolled.status();
      created += enrolled->created ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(created, 1);
  for (int i = 0; i < kAtOnce; ++i) {
    EXPECT_TRUE(HasDevice(ann_, TestKey("device " + std::to_string(i)).public_key())) << i;
  }
}

// Index row, mailbox, devices: each fault twice, failed and failed but persisted.
class EnrollmentFault : public Enrollment,
                        public ::testing::WithParamInterface<std::tuple<int, WriteFault>> {};

TEST_P(EnrollmentFault, IsMadeUpForByTryingAgain) {
  const auto [write, fault] = GetParam();
  for (int i = 1; i < write; ++i) fake_->Inject(WriteFault::kNone);
  fake_->Inject(fault);
  auto first = world_.Enroll(RequestOf(ann_));
  if (!first.ok()) EXPECT_EQ(first.status().code(), absl::StatusCode::kUnavailable);
  world_.Restart();
  auto again = world_.Enroll(RequestOf(ann_));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(HasDevice(ann_, ann_.device.public_key()));
}

INSTANTIATE_TEST_SUITE_P(EachWrite, EnrollmentFault,
                         ::testing::Combine(::testing::Values(1, 2),
                                            ::testing::Values(WriteFault::kAborts,
                                                              WriteFault::kFailsAndDoesNotPersist,
                                                              WriteFault::kFailsButPersists)));

}  // namespace
}  // namespace letterlock::mail
