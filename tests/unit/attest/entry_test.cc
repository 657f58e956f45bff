#include "attest/entry.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>

#include "attest/canonical_proto.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "support/attested_directory.h"
#include "support/flip.h"

namespace letterlock::attest {
namespace {

using absl::StatusCode;
using directory::v1::DirectoryEntry;
using directory::v1::SignedEntry;
using testing::AttestedDirectory;
using testing::TestMember;

class EntryTest : public ::testing::Test {
 protected:
  EntryTrust Trust() const { return world_.trust_fields().entries; }

  SignedEntry Attested(const DirectoryEntry& entry) const {
    SignedEntry signed_entry = ada_.Sign(entry);
    world_.Attest(&signed_entry);
    return signed_entry;
  }
  SignedEntry First() const { return Attested(ada_.FirstEntry()); }

  // Version 2, authorised by `key`; `change` may alter it before it is signed.
  SignedEntry Second(const crypto::SigningKey& key, bool recovery,
                     const std::function<void(DirectoryEntry&)>& change = {}) const {
    DirectoryEntry entry = TestMember::NextEntry(First().entry());
    if (change) change(entry);
    SignedEntry signed_entry = Attested(entry);
    TestMember::Authorise(&signed_entry, key, recovery);
    return signed_entry;
  }

  absl::Status Transition(const SignedEntry& next) const {
    const EntryContent previous = ParseEntry(First().entry(), world_.deployment()).value();
    absl::StatusOr<CheckedEntry> checked = CheckEntry(next, Trust());
    if (!checked.ok()) return checked.status();
    return CheckTransition(previous, *checked);
  }

  AttestedDirectory world_;
  TestMember ada_{"ada", world_.deployment()};
};

TEST_F(EntryTest, FirstEntryIsReadAsItWasWritten) {
  const auto entry = CheckEntry(First(), Trust());
  ASSERT_TRUE(entry.ok()) << entry.status();
  EXPECT_TRUE(entry->attested());
  EXPECT_EQ(entry->content().handle, ada_.handle);
  EXPECT_EQ(entry->content().version, 1u);
  EXPECT_EQ(entry->content().identity_key, ada_.identity.public_key());
  EXPECT_EQ(entry->content().encryption_key, ada_.encryption.public_key());
  EXPECT_EQ(entry->content().member(),
            crypto::MemberIdOf(world_.deployment(), ada_.identity.public_key(), ada_.handle));
}

TEST_F(EntryTest, EveryBrokenRuleIsRefused) {
  const std::vector<std::function<void(DirectoryEntry&)>> breaks = {
      [](auto& e) { e.set_deployment(std::string(16, 'x')); },
      [](auto& e) { e.clear_deployment(); },
      [](auto& e) { e.set_suite(0); },
      [](auto& e) { e.set_suite(2); },
      [](auto& e) { e.set_handle("Ada"); },
      [](auto& e) { e.set_handle("a"); },
      [](auto& e) { e.set_handle(std::string(64, 'a')); },
      [](auto& e) { e.set_version(0); },
      [](auto& e) { e.set_version(2); },  // without what a second version has
      [](auto& e) { e.clear_genesis_key(); },
      [](auto& e) { e.set_genesis_key(std::string(31, 'x')); },
      [](auto& e) { e.set_identity_key(std::string(32, '\0')); },
      [](auto& e) { e.clear_encryption_key(); },
      [](auto& e) { e.set_encryption_key(std::string(32, '\0')); },
      [](auto& e) { e.set_encryption_key('\1' + std::string(31, '\0')); },
      [](auto& e) { e.clear_recovery_key_digest(); },
      [](auto& e) { e.set_keyring_hash("short"); },
      [](auto& e) { e.set_previous_entry_hash(std::string(32, 'x')); },
      [this](auto& e) { e.set_genesis_key(std::string(ada_.recovery.public_key().bytes())); },
      [](auto& e) { e.GetReflection()->MutableUnknownFields(&e)->AddVarint(99, 1); },
  };
  for (size_t i = 0; i < breaks.size(); ++i) {
    DirectoryEntry entry = ada_.FirstEntry();
    breaks[i](entry);
    EXPECT_EQ(CheckEntry(Attested(entry), Trust()).status().code(), StatusCode::kInvalidArgument)
        << i;
  }
}

TEST_F(EntryTest, FirstVersionWithTheSignaturesOfAChangeIsRefused) {
  SignedEntry entry = First();
  TestMember::Authorise(&entry, ada_.identity, false);
  EXPECT_EQ(CheckEntry(entry, Trust()).status().code(), StatusCode::kInvalidArgument);
  entry = First();
  entry.set_recovery_key(std::string(ada_.recovery.public_key().bytes()));
  EXPECT_EQ(CheckEntry(entry, Trust()).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(EntryTest, AnotherKeysSignatureIsRefused) {
  SignedEntry entry = First();
  entry.set_signature(TestMember("eve", world_.deployment()).identity.SignRaw("x"));
  EXPECT_EQ(CheckEntry(entry, Trust()).status().code(), StatusCode::kUnauthenticated);
}

TEST_F(EntryTest, UnattestedEntryIsRefusedOutsideDevelopment) {
  SignedEntry entry = ada_.Sign(ada_.FirstEntry());
  EXPECT_EQ(CheckEntry(entry, Trust()).status().code(), StatusCode::kPermissionDenied);
  EntryTrust development = Trust();
  development.development = true;
  development.registrars.clear();
  const auto checked = CheckEntry(entry, development);
  ASSERT_TRUE(checked.ok());
  EXPECT_FALSE(checked->attested());
  // An attestation that nobody can check is no decoration.
  EXPECT_EQ(CheckEntry(First(), development).status().code(), StatusCode::kPermissionDenied);
}

TEST_F(EntryTest, AttestationOfAnotherHandleKeyOrRegistrarIsRefused) {
  const TestMember eve("eve", world_.deployment());
  SignedEntry of_eve = eve.Sign(eve.FirstEntry());
  world_.Attest(&of_eve);
  SignedEntry entry = First();
  *entry.mutable_registrar_attestation() = of_eve.registrar_attestation();
  EXPECT_EQ(CheckEntry(entry, Trust()).status().code(), StatusCode::kPermissionDenied);

  entry = First();
  entry.mutable_registrar_attestation()->set_registrar_key(
      std::string(eve.identity.public_key().bytes()));
  EXPECT_EQ(CheckEntry(entry, Trust()).status().code(), StatusCode::kPermissionDenied);

  EntryTrust others = Trust();
  others.registrars = {eve.identity.public_key()};
  EXPECT_EQ(CheckEntry(First(), others).status().code(), StatusCode::kPermissionDenied);
}

RC_GTEST_FIXTURE_PROP(EntryTest, AnyBitFlippedIsRefused, ()) {
  const SignedEntry good = First();
  SignedEntry changed = good;
  std::string* const fields[] = {changed.mutable_entry(), changed.mutable_signature(),
                                 changed.mutable_registrar_attestation()->mutable_statement(),
                                 changed.mutable_registrar_attestation()->mutable_registrar_key(),
                                 changed.mutable_registrar_attestation()->mutable_signature()};
  std::string& field = *fields[*rc::gen::inRange<size_t>(0, std::size(fields))];
  field = testing::Flip(field, *rc::gen::inRange<size_t>(0, field.size() * 8));
  RC_ASSERT(!CheckEntry(changed, Trust()).ok());
}

TEST_F(EntryTest, ChangeByThePreviousKeyOrTheRecoveryKeyFollows) {
  const auto rotate = [this](DirectoryEntry& e) {
    e.set_identity_key(std::string(ada_.next_identity.public_key().bytes()));
  };
  EXPECT_TRUE(Transition(Second(ada_.identity, false, rotate)).ok());
  EXPECT_TRUE(Transition(Second(ada_.recovery, true, rotate)).ok());
}

TEST_F(EntryTest, ChangeByAnyOtherKeyIsNotAuthorised) {
  const auto rotate = [this](DirectoryEntry& e) {
    e.set_identity_key(std::string(ada_.next_identity.public_key().bytes()));
  };
  // The new key itself, which a swap by the directory would have; and a recovery key of its own.
  EXPECT_EQ(Transition(Second(ada_.next_identity, false, rotate)).code(),
            StatusCode::kPermissionDenied);
  EXPECT_EQ(Transition(Second(ada_.next_identity, true, rotate)).code(),
            StatusCode::kPermissionDenied);
  EXPECT_EQ(Transition(Second(ada_.identity, true, rotate)).code(), StatusCode::kPermissionDenied);
  EXPECT_EQ(Transition(Second(ada_.recovery, false, rotate)).code(), StatusCode::kPermissionDenied);
}

TEST_F(EntryTest, ThiefOfTheIdentityKeyCannotChangeTheRecoveryKey) {
  const auto change = [this](DirectoryEntry& e) {
    e.set_recovery_key_digest(crypto::ToString(RecoveryKeyDigest(ada_.next_identity.public_key())));
  };
  EXPECT_EQ(Transition(Second(ada_.identity, false, change)).code(), StatusCode::kPermissionDenied);
  EXPECT_TRUE(Transition(Second(ada_.recovery, true, change)).ok());
}

TEST_F(EntryTest, EntryThatDoesNotFollowIsRefused) {
  const std::vector<std::function<void(DirectoryEntry&)>> breaks = {
      [](auto& e) { e.set_version(3); },
      [](auto& e) { e.set_previous_entry_hash(std::string(32, 'x')); },
      [](auto& e) { e.set_handle("eve"); },
      [this](auto& e) { e.set_genesis_key(std::string(ada_.recovery.public_key().bytes())); },
  };
  for (size_t i = 0; i < breaks.size(); ++i) {
    EXPECT_EQ(Transition(Second(ada_.identity, false, breaks[i])).code(),
              StatusCode::kFailedPrecondition)
        << i;
  }
  EXPECT_EQ(Transition(First()).code(), StatusCode::kFailedPrecondition);
}

RC_GTEST_FIXTURE_PROP(EntryTest, AnyBitFlippedInAChangeSignatureIsNotAuthorised, ()) {
  SignedEntry next = Second(ada_.recovery, true);
  RC_ASSERT(Transition(next).ok());
  std::string& field =
      *rc::gen::arbitrary<bool>() ? *next.mutable_change_signature() : *next.mutable_recovery_key();
  field = testing::Flip(field, *rc::gen::inRange<size_t>(0, field.size() * 8));
  RC_ASSERT(!Transition(next).ok());
}

}  // namespace
}  // namespace letterlock::attest
