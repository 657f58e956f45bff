// A member who publishes entries, rotates keys and erases herself, with every knob that a test
// wants to turn wrong.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "attest/canonical_proto.h"
#include "attest/entry.h"
#include "crypto/base/context.h"
#include "crypto/base/ids.h"
#include "crypto/base/sign.h"
#include "crypto/base/x25519.h"
#include "letterlock/directory/v1/entry.pb.h"

namespace letterlock::test {

class DirectoryMember {
 public:
  using Change = std::function<void(directory::v1::DirectoryEntry&)>;

  DirectoryMember(crypto::DeploymentId deployment, std::string handle)
      : deployment_(deployment),
        handle_(std::move(handle)),
        identity_(crypto::SigningKey::Generate()),
        recovery_(crypto::SigningKey::Generate()),
        genesis_key_(identity_.public_key()) {}

  const std::string& handle() const { return handle_; }
  const crypto::SigningKey& identity() const { return identity_; }
  const crypto::SigningKey& recovery() const { return recovery_; }
  uint64_t version() const { return version_; }

  // Signs as a registrar from now on.
  void VouchedForBy(const crypto::SigningKey* registrar) { registrar_ = registrar; }

  // The next entry, signed by the keys of now; `change` is applied before anything is signed. It is
  // the newest from now on.
  directory::v1::SignedEntry Next(const Change& change = nullptr) {
    directory::v1::SignedEntry entry = Preview(change);
    ++version_;
    newest_ = entry.entry();
    return entry;
  }
  // The same, without taking it for the newest.
  directory::v1::SignedEntry Preview(const Change& change = nullptr) const {
    return Sign(identity_, &identity_, false, change);
  }
  // A new identity key, authorised by the old one.
  directory::v1::SignedEntry Rotate() {
    crypto::SigningKey next = crypto::SigningKey::Generate();
    directory::v1::SignedEntry entry = Sign(next, &identity_, false, nullptr);
    Take(std::move(next), entry);
    return entry;
  }
  // New identity and recovery keys, authorised by the recovery key.
  directory::v1::SignedEntry Recover() {
    crypto::SigningKey next = crypto::SigningKey::Generate();
    crypto::SigningKey next_recovery = crypto::SigningKey::Generate();
    directory::v1::SignedEntry entry =
        Sign(next, &recovery_, true, [&](directory::v1::DirectoryEntry& changed) {
          changed.set_recovery_key_digest(
              crypto::ToString(attest::RecoveryKeyDigest(next_recovery.public_key())));
        });
    recovery_ = std::move(next_recovery);
    Take(std::move(next), entry);
    return entry;
  }

  // An entry signed by `identity` and, after version 1, authorised by `authority`.
  directory::v1::SignedEntry Sign(const crypto::SigningKey& identity,
                                  const crypto::SigningKey* authority, bool by_recovery,
                                  const Change& change) const {
    directory::v1::DirectoryEntry entry;
    entry.set_deployment(std::string(deployment_.bytes()));
    entry.set_suite(1);
    entry.set_handle(handle_);
    entry.set_version(version_ + 1);
    entry.set_genesis_key(std::string(genesis_key_.bytes()));
    entry.set_identity_key(std::string(identity.public_key().bytes()));
    entry.set_encryption_key(std::string(encryption_.public_key().bytes()));
    entry.set_recovery_key_digest(
        crypto::ToString(attest::RecoveryKeyDigest(recovery_.public_key())));
    if (version_ > 0) entry.set_previous_entry_hash(crypto::ToString(attest::EntryHash(newest_)));
    entry.set_time_unix_ms(1'700'000'000'000);
    if (change) change(entry);
    return SignBytes(attest::SerializeCanonical(entry), identity, authority, by_recovery);
  }
  // The same over bytes that need not be an entry.
  directory::v1::SignedEntry SignBytes(const std::string& bytes, const crypto::SigningKey& identity,
                                       const crypto::SigningKey* authority,
                                       bool by_recovery) const {
    directory::v1::SignedEntry signed_entry;
    signed_entry.set_entry(bytes);
    signed_entry.set_signature(identity.Sign(context::kDirectoryEntry, {bytes}));
    if (version_ > 0) {
      signed_entry.set_change_signature(authority->Sign(context::kDirectoryEntryChange, {bytes}));
      if (by_recovery) signed_entry.set_recovery_key(std::string(authority->public_key().bytes()));
    }
    if (registrar_ != nullptr) *signed_entry.mutable_registrar_attestation() = Vouch(*registrar_);
    return signed_entry;
  }
  directory::v1::RegistrarAttestation Vouch(
      const crypto::SigningKey& registrar,
      const std::function<void(directory::v1::RegistrarStatement&)>& change = nullptr) const {
    directory::v1::RegistrarStatement statement;
    statement.set_deployment(std::string(deployment_.bytes()));
    statement.set_handle(handle_);
    statement.set_genesis_key(std::string(genesis_key_.bytes()));
    statement.set_time_unix_ms(1'700'000'000'000);
    if (change) change(statement);
    directory::v1::RegistrarAttestation attestation;
    attestation.set_statement(attest::SerializeCanonical(statement));
    attestation.set_registrar_key(std::string(registrar.public_key().bytes()));
    attestation.set_signature(
        registrar.Sign(context::kRegistrarAttestation, {attestation.statement()}));
    return attestation;
  }

  // The statement that erases the newest entry.
  std::string ErasureStatement(
      const std::function<void(directory::v1::ErasureStatement&)>& change = nullptr) const {
    directory::v1::ErasureStatement statement;
    statement.set_deployment(std::string(deployment_.bytes()));
    statement.set_handle(handle_);
    statement.set_version(version_ + 1);
    statement.set_previous_entry_hash(crypto::ToString(attest::EntryHash(newest_)));
    statement.set_time_unix_ms(1'700'000'000'000);
    if (change) change(statement);
    return attest::SerializeCanonical(statement);
  }

 private:
  void Take(crypto::SigningKey next, const directory::v1::SignedEntry& entry) {
    identity_ = std::move(next);
    ++version_;
    newest_ = entry.entry();
  }

  crypto::DeploymentId deployment_;
  std::string handle_;
  crypto::SigningKey identity_;
  crypto::SigningKey recovery_;
  crypto::PublicKey genesis_key_;
  crypto::X25519PrivateKey encryption_ = crypto::X25519PrivateKey::Generate();
  uint64_t version_ = 0;
  std::string newest_;
  const crypto::SigningKey* registrar_ = nullptr;
};

}  // namespace letterlock::test
