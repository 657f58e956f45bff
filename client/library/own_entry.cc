#include "own_entry.h"

#include <algorithm>
#include <string>
#include <utility>

#include "attest/canonical_proto.h"
#include "attest/entry.h"
#include "crypto/base/context.h"
#include "crypto/seal/device.h"
#include "crypto/seal/keyring.h"

namespace letterlock::client {
namespace {

constexpr std::size_t kMostIntermediate = 64;

// An empty one: there is none.
void SetKeyring(const std::string& sealed_keyring, directory::v1::DirectoryEntry* entry) {
  entry->clear_keyring_hash();
  if (sealed_keyring.empty()) return;
  entry->set_keyring_hash(crypto::ToString(seal::KeyringHash(sealed_keyring)));
}

directory::v1::SignedEntry Signed(const directory::v1::DirectoryEntry& entry,
                                  const crypto::SigningKey& identity) {
  directory::v1::SignedEntry signed_entry;
  signed_entry.set_entry(attest::SerializeCanonical(entry));
  signed_entry.set_signature(identity.Sign(context::kDirectoryEntry, {signed_entry.entry()}));
  return signed_entry;
}

}  // namespace

directory::v1::SignedEntry FirstEntry(const seal::MemberKeys& keys,
                                      const crypto::Digest& recovery_key_digest,
                                      const std::string& sealed_keyring,
                                      std::uint64_t now_unix_ms) {
  const std::string identity(keys.identity.public_key().bytes());
  directory::v1::DirectoryEntry entry;
  entry.set_deployment(std::string(keys.deployment.bytes()));
  entry.set_suite(seal::kSuite1);
  entry.set_handle(keys.handle.str());
  entry.set_version(1);
  entry.set_genesis_key(identity);
  entry.set_identity_key(identity);
  entry.set_encryption_key(std::string(keys.encryption.public_key().bytes()));
  entry.set_recovery_key_digest(crypto::ToString(recovery_key_digest));
  entry.set_time_unix_ms(now_unix_ms);
  SetKeyring(sealed_keyring, &entry);
  return Signed(entry, keys.identity);
}

absl::StatusOr<attest::EntryContent> OwnContent(const OwnEntry& own,
                                                const crypto::DeploymentId& deployment) {
  directory::v1::SignedEntry signed_entry;
  if (signed_entry.ParseFromString(own.signed_entry)) {
    auto content = attest::ParseEntry(signed_entry.entry(), deployment);
    if (content.ok()) return content;
  }
  return absl::DataLossError("the own entry in the account's state is malformed");
}

directory::v1::SignedEntry NextEntry(const directory::v1::SignedEntry& standing,
                                     const seal::MemberKeys& next,
                                     const crypto::Digest& recovery_key_digest,
                                     const std::string& sealed_keyring,
                                     const ChangeAuthority& authority, std::uint64_t now_unix_ms) {
  directory::v1::DirectoryEntry entry;
  entry.ParseFromString(standing.entry());
  entry.set_version(entry.version() + 1);
  entry.set_previous_entry_hash(crypto::ToString(attest::EntryHash(standing.entry())));
  entry.set_identity_key(std::string(next.identity.public_key().bytes()));
  entry.set_encryption_key(std::string(next.encryption.public_key().bytes()));
  entry.set_recovery_key_digest(crypto::ToString(recovery_key_digest));
  entry.set_time_unix_ms(now_unix_ms);
  SetKeyring(sealed_keyring, &entry);

  directory::v1::SignedEntry out = Signed(entry, next.identity);
  out.set_change_signature(authority.key.Sign(context::kDirectoryEntryChange, {out.entry()}));
  if (authority.is_recovery_key) {
    out.set_recovery_key(std::string(authority.key.public_key().bytes()));
  }
  // The registrar vouched for the handle and the genesis key, which stay.
  if (standing.has_registrar_attestation()) {
    *out.mutable_registrar_attestation() = standing.registrar_attestation();
  }
  return out;
}

mail::v1::EnrollRequest Enrolment(const seal::MemberKeys& keys,
                                  const directory::v1::EntryProof& proof,
                                  const std::vector<directory::v1::SignedEntry>& history,
                                  std::uint64_t now_unix_ms) {
  seal::SignedDeviceCertificate device = seal::CertifyDevice(keys, now_unix_ms);
  mail::v1::EnrollRequest request;
  *request.mutable_proof() = proof;
  // The server takes so many; a mailbox that stands on an older entry yet can't be brought along.
  const std::size_t sent = std::min(history.size(), kMostIntermediate);
  request.mutable_intermediate()->Assign(history.end() - static_cast<std::ptrdiff_t>(sent),
                                         history.end());
  request.set_device_certificate(std::move(device.certificate));
  request.set_device_signature(std::move(device.signature));
  return request;
}

}  // namespace letterlock::client
