// A mailbox follows its owner's entries step by step: that the directory holds an entry is the word
// of whoever has the log's key, and no more.
#include <gtest/gtest.h>

#include "attest/canonical_proto.h"
#include "crypto/base/context.h"
#include "letterlock/common/v1/errors.pb.h"
#include "mail_world.h"
#include "server/mail/mailbox/rows.h"
#include "server/rpc/status.h"
#include "support/fake_engine.h"
#include "support/note_signers.h"

namespace letterlock::mail {
namespace {

using directory::v1::SignedEntry;
using testing::FakeEngine;
using testing::FakeEngineOptions;
using testing::FakeStorage;
using testing::TestKey;
using testing::TestMember;

void ExpectRefused(const absl::Status& status, absl::StatusCode code,
                   common::v1::ErrorReason reason, const char* field) {
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_EQ(rpc::ReasonOf(status), reason);
  EXPECT_EQ(rpc::FieldOf(status), field);
}

class EnrollmentSteps : public ::testing::Test {
 protected:
  SignedEntry First() {
    SignedEntry entry = ann_.member.Sign(ann_.member.FirstEntry());
    world_.directory.Attest(&entry);
    return entry;
  }
  // The version after `previous` with this identity key, authorised by `by`.
  SignedEntry Next(const SignedEntry& previous, const crypto::SigningKey& identity,
                   const crypto::SigningKey& by, bool recovery = false) {
    auto next = TestMember::NextEntry(previous.entry());
    next.set_identity_key(std::string(identity.public_key().bytes()));
    SignedEntry entry;
    entry.set_entry(attest::SerializeCanonical(next));
    entry.set_signature(identity.Sign(context::kDirectoryEntry, {entry.entry()}));
    TestMember::Authorise(&entry, by, recovery);
    world_.directory.Attest(&entry);
    return entry;
  }
  // With the proof of `newest`, which the directory then holds, and a device that `identity`
  // certifies.
  v1::EnrollRequest Request(const SignedEntry& newest, const crypto::SigningKey& identity,
                            const std::string& device,
                            const std::vector<SignedEntry>& intermediate = {}) {
    world_.directory.Put(newest);
    world_.directory.MakeHead(world_.clock.Now());
    v1::DeviceCertificate certificate = ann_.Certificate();
    certificate.set_device_key(std::string(TestKey(device).public_key().bytes()));
    v1::EnrollRequest request;
    *request.mutable_proof() = world_.directory.Prove(ann_.member.handle);
    request.set_device_certificate(attest::SerializeCanonical(certificate));
    request.set_device_signature(
        identity.Sign(context::kDeviceCertificate, {request.device_certificate()}));
    request.mutable_intermediate()->Assign(intermediate.begin(), intermediate.end());
    return request;
  }
  bool HasDevice(const std::string& name) {
    return world_.mailboxes->HasDevice(ann_.id(), TestKey(name).public_key(), MailWorld::Soon())
        .value();
  }
  std::size_t Partitions() {
    absl::MutexLock lock(&storage_->mu);
    return storage_->partitions.size();
  }

  std::shared_ptr<FakeStorage> storage_ = std::make_shared<FakeStorage>();
  MailWorld world_{[this]() -> std::unique_ptr<engine::Engine> {
    return std::make_unique<FakeEngine>(storage_, FakeEngineOptions{.own_thread = true});
  }};
  const TestUser ann_{"ann", world_.directory.deployment()};
  const crypto::SigningKey& key_ = ann_.member.identity;
  const crypto::SigningKey second_ = TestKey("second identity");
  const crypto::SigningKey third_ = TestKey("third identity");
  const crypto::SigningKey thief_ = TestKey("whoever holds the log's key");
};

// The attack: an entry under the attacker's key, put into the map and signed into the log by its
// holder. The proof verifies.
TEST_F(EnrollmentSteps, AnEntryThatOnlyTheDirectoryVouchesForDoesNotTakeAMailboxOver) {
  const SignedEntry first = First();
  ASSERT_TRUE(world_.Enroll(Request(first, key_, "laptop")).ok());

  const SignedEntry forged = Next(first, thief_, thief_);
  ExpectRefused(world_.Enroll(Request(forged, thief_, "thief's")).status(),
                absl::StatusCode::kPermissionDenied, common::v1::ERROR_REASON_ENTRY_STEP_INVALID,
                "proof.signed_entry");
  const SignedEntry later = Next(forged, thief_, thief_);
  ExpectRefused(world_.Enroll(Request(later, thief_, "thief's", {forged})).status(),
                absl::StatusCode::kPermissionDenied, common::v1::ERROR_REASON_ENTRY_STEP_INVALID,
                "intermediate");
  ExpectRefused(world_.Enroll(Request(later, thief_, "thief's", {first, forged})).status(),
                absl::StatusCode::kPermissionDenied, common::v1::ERROR_REASON_ENTRY_STEP_INVALID,
                "intermediate[1]");
  EXPECT_FALSE(HasDevice("thief's"));
  EXPECT_TRUE(HasDevice("laptop"));
}

// The same before the member has a mailbox: her id is made from the key of her first entry.
TEST_F(EnrollmentSteps, AMailboxIsOpenedOnTheWholeHistoryAlone) {
  const SignedEntry first = First();
  const SignedEntry forged = Next(first, thief_, thief_);
  const std::size_t before = Partitions();
  ExpectRefused(world_.Enroll(Request(forged, thief_, "thief's")).status(),
                absl::StatusCode::kFailedPrecondition, common::v1::ERROR_REASON_ENTRY_STEPS_MISSING,
                "intermediate");
  ExpectRefused(world_.Enroll(Request(forged, thief_, "thief's", {first})).status(),
                absl::StatusCode::kPermissionDenied, common::v1::ERROR_REASON_ENTRY_STEP_INVALID,
                "proof.signed_entry");
  EXPECT_EQ(Partitions(), before);

  const SignedEntry second = Next(first, second_, key_);
  ExpectRefused(world_.Enroll(Request(second, second_, "laptop")).status(),
                absl::StatusCode::kFailedPrecondition, common::v1::ERROR_REASON_ENTRY_STEPS_MISSING,
                "intermediate");
  auto enrolled = world_.Enroll(Request(second, second_, "laptop", {first}));
  ASSERT_TRUE(enrolled.ok()) << enrolled.status();
  EXPECT_TRUE(enrolled->created);
  EXPECT_EQ(enrolled->entry_version, 2u);
}

TEST_F(EnrollmentSteps, FollowsTheIdentityKeyOrTheRecoveryKey) {
  const SignedEntry first = First();
  ASSERT_TRUE(world_.Enroll(Request(first, key_, "laptop")).ok());
  const SignedEntry second = Next(first, second_, key_);
  auto rotated = world_.Enroll(Request(second, second_, "new laptop"));
  ASSERT_TRUE(rotated.ok()) << rotated.status();
  EXPECT_FALSE(HasDevice("laptop"));
  EXPECT_TRUE(HasDevice("new laptop"));

  const SignedEntry third = Next(second, third_, ann_.member.recovery, /*recovery=*/true);
  auto recovered = world_.Enroll(Request(third, third_, "newest laptop"));
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_EQ(recovered->entry_version, 3u);
  EXPECT_FALSE(HasDevice("new laptop"));
  EXPECT_TRUE(HasDevice("newest laptop"));
}

TEST_F(EnrollmentSteps, SeveralStepsAreTakenAtOnceWhereAllAreShown) {
  const SignedEntry first = First();
  ASSERT_TRUE(world_.Enroll(Request(first, key_, "laptop")).ok());
  const SignedEntry second = Next(first, second_, key_);
  const SignedEntry third = Next(second, third_, second_);
  const SignedEntry fourth = Next(third, third_, third_);
  world_.directory.Put(second);
  world_.directory.Put(third);
  ExpectRefused(world_.Enroll(Request(fourth, third_, "phone", {third})).status(),
                absl::StatusCode::kFailedPrecondition, common::v1::ERROR_REASON_ENTRY_STEPS_MISSING,
                "intermediate");
  auto enrolled = world_.Enroll(Request(fourth, third_, "phone", {second, third}));
  ASSERT_TRUE(enrolled.ok()) << enrolled.status();
  EXPECT_EQ(enrolled->entry_version, 4u);
  EXPECT_TRUE(HasDevice("phone"));
  EXPECT_FALSE(HasDevice("laptop"));
  // A client that does not know where the mailbox stands sends all.
  EXPECT_TRUE(world_.Enroll(Request(fourth, third_, "tablet", {first, second, third})).ok());
  EXPECT_TRUE(HasDevice("phone"));
  EXPECT_TRUE(HasDevice("tablet"));
}

TEST_F(EnrollmentSteps, AnIdentityKeyThatCameAndWentEndsTheDevicesBeforeIt) {
  const SignedEntry first = First();
  ASSERT_TRUE(world_.Enroll(Request(first, key_, "stolen")).ok());
  const SignedEntry second = Next(first, second_, key_);
  const SignedEntry third = Next(second, key_, second_);
  ASSERT_TRUE(world_.Enroll(Request(third, key_, "laptop", {second})).ok());
  EXPECT_TRUE(HasDevice("laptop"));
  EXPECT_FALSE(HasDevice("stolen"));
}

TEST_F(EnrollmentSteps, AnotherEncryptionKeyAloneKeepsTheDevices) {
  const SignedEntry first = First();
  ASSERT_TRUE(world_.Enroll(Request(first, key_, "laptop")).ok());
  ASSERT_TRUE(world_.Enroll(Request(Next(first, key_, key_), key_, "phone")).ok());
  EXPECT_TRUE(HasDevice("laptop"));
  EXPECT_TRUE(HasDevice("phone"));
}

TEST_F(EnrollmentSteps, StepsThatAreNotTheProofsAreRefused) {
  const SignedEntry first = First();
  const SignedEntry second = Next(first, second_, key_);
  const SignedEntry third = Next(second, third_, second_);
  const SignedEntry sibling = Next(first, third_, key_);
  const auto refusal = [&](const std::vector<SignedEntry>& intermediate, const char* field) {
    ExpectRefused(world_.Enroll(Request(third, third_, "laptop", intermediate)).status(),
                  absl::StatusCode::kPermissionDenied, common::v1::ERROR_REASON_ENTRY_STEP_INVALID,
                  field);
  };
  refusal({first, sibling}, "intermediate[1]");
  refusal({second, first}, "intermediate[1]");
  refusal({first}, "intermediate[0]");
  refusal({second, second}, "intermediate[0]");
  refusal({SignedEntry(), second}, "intermediate[0]");
  SignedEntry unsigned_entry = second;
  unsigned_entry.clear_signature();
  refusal({first, unsigned_entry}, "intermediate[1]");
  SignedEntry without_registrar = second;
  without_registrar.clear_registrar_attestation();
  refusal({first, without_registrar}, "intermediate[1]");
}

TEST_F(EnrollmentSteps, AreAtMostSixtyFour) {
  std::vector<SignedEntry> entries = {First()};
  while (entries.size() < kMaxIntermediate + 1) entries.push_back(Next(entries.back(), key_, key_));
  const SignedEntry newest = Next(entries.back(), key_, key_);
  ExpectRefused(world_.Enroll(Request(newest, key_, "laptop", entries)).status(),
                absl::StatusCode::kInvalidArgument, common::v1::ERROR_REASON_TOO_MANY,
                "intermediate");
  const SignedEntry last = entries.back();
  entries.pop_back();
  EXPECT_TRUE(world_.Enroll(Request(last, key_, "laptop", entries)).ok());
}

TEST(ProfileOnAnEntry, SaysWhatTheEntrySays) {
  const TestMember ann("ann", crypto::DeploymentId());
  auto entry = ann.FirstEntry();
  entry.set_keyring_hash(std::string(32, 'k'));
  const std::string bytes = attest::SerializeCanonical(entry);
  const crypto::MemberId member;
  Profile profile = ProfileOn(member, bytes).value();
  profile.devices.push_back({TestKey("device").public_key(), {}, 7});
  const Profile read = DecodeProfile(EncodeProfile(profile)).value();
  EXPECT_EQ(read.entry, bytes);
  EXPECT_EQ(read.entry_version, 1u);
  EXPECT_EQ(read.identity_key, ann.identity.public_key());
  EXPECT_EQ(read.encryption_key, ann.encryption.public_key());
  EXPECT_EQ(read.recovery_key_digest, attest::RecoveryKeyDigest(ann.recovery.public_key()));
  EXPECT_EQ(read.keyring_hash, crypto::DigestFromBytes(std::string(32, 'k')).value());
  EXPECT_EQ(read.devices.size(), 1u);

  EXPECT_TRUE(absl::IsDataLoss(ProfileOn(member, "no entry").status()));
  entry.set_keyring_hash("short");
  EXPECT_TRUE(absl::IsDataLoss(ProfileOn(member, attest::SerializeCanonical(entry)).status()));
}

}  // namespace
}  // namespace letterlock::mail
