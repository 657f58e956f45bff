#include "attest/entry.h"

#include <algorithm>
#include <utility>

#include "attest/canonical_proto.h"
#include "crypto/base/context.h"
#include "letterlock/directory/v1/entry.pb.h"

namespace letterlock::attest {
namespace {

namespace v1 = directory::v1;

absl::Status Malformed() { return absl::InvalidArgumentError("malformed directory entry"); }
absl::Status BadSignature() {
  return absl::UnauthenticatedError("signature of a directory entry does not verify");
}
absl::Status NotAuthorised() {
  return absl::PermissionDeniedError("change of a directory entry is not authorised");
}

// An Ed25519 key that may enter: 32 bytes, a point of the prime-order group.
std::optional<crypto::PublicKey> SoundKey(const std::string& bytes) {
  absl::StatusOr<crypto::PublicKey> key = crypto::PublicKey::FromBytes(bytes);
  if (!key.ok() || !key->CheckPoint().ok()) return std::nullopt;
  return *key;
}

std::optional<crypto::X25519PublicKey> SoundEncryptionKey(const std::string& bytes) {
  absl::StatusOr<crypto::X25519PublicKey> key = crypto::X25519PublicKey::FromBytes(bytes);
  if (!key.ok() || !key->CheckPoint().ok()) return std::nullopt;
  return *key;
}

// ParseCanonical has seen to it that a digest is absent or 32 bytes.
std::optional<crypto::Digest> OptionalDigest(const std::string& bytes) {
  absl::StatusOr<crypto::Digest> digest = crypto::DigestFromBytes(bytes);
  return digest.ok() ? std::optional(*digest) : std::nullopt;
}

// What only the first version has, and only the later ones.
absl::Status CheckVersionShape(const v1::SignedEntry& signed_entry, const EntryContent& content) {
  const bool first = content.version == 1;
  if (signed_entry.change_signature().empty() != first) return Malformed();
  if (first && !signed_entry.recovery_key().empty()) return Malformed();
  if (!signed_entry.recovery_key().empty() && !SoundKey(signed_entry.recovery_key()))
    return Malformed();
  return absl::OkStatus();
}

absl::Status CheckRegistrar(const v1::SignedEntry& signed_entry, const EntryContent& content,
                            const EntryTrust& trust) {
  const auto refuse = [] {
    return absl::PermissionDeniedError("no registrar vouches for the entry");
  };
  if (trust.development) {
    return signed_entry.has_registrar_attestation() ? refuse() : absl::OkStatus();
  }
  if (!signed_entry.has_registrar_attestation()) return refuse();
  const v1::RegistrarAttestation& attestation = signed_entry.registrar_attestation();
  v1::RegistrarStatement statement;
  absl::Status parsed = ParseCanonical(attestation.statement(), &statement);
  if (!parsed.ok()) return parsed;
  const auto registrar =
      std::ranges::find(trust.registrars, attestation.registrar_key(),
                        [](const crypto::PublicKey& key) { return key.bytes(); });
  if (registrar == trust.registrars.end() ||
      !registrar->Verify(context::kRegistrarAttestation, {attestation.statement()},
                         attestation.signature()) ||
      statement.deployment() != content.deployment.bytes() ||
      statement.handle() != content.handle.str() ||
      statement.genesis_key() != content.genesis_key.bytes()) {
    return refuse();
  }
  return absl::OkStatus();
}

}  // namespace

crypto::MemberId EntryContent::member() const {
  return crypto::MemberIdOf(deployment, genesis_key, handle);
}

absl::StatusOr<EntryContent> ParseEntry(std::string_view bytes,
                                        const crypto::DeploymentId& deployment) {
  v1::DirectoryEntry entry;
  if (absl::Status parsed = ParseCanonical(bytes, &entry); !parsed.ok()) return parsed;
  if (entry.deployment() != deployment.bytes()) {
    return absl::InvalidArgumentError("directory entry of another deployment");
  }
  if (entry.suite() != kSuite1)
    return absl::InvalidArgumentError("directory entry of unknown suite");

  absl::StatusOr<crypto::Handle> handle = crypto::Handle::Parse(entry.handle());
  const std::optional<crypto::PublicKey> genesis_key = SoundKey(entry.genesis_key());
  const std::optional<crypto::PublicKey> identity_key = SoundKey(entry.identity_key());
  const std::optional<crypto::X25519PublicKey> encryption_key =
      SoundEncryptionKey(entry.encryption_key());
  const std::optional<crypto::Digest> recovery = OptionalDigest(entry.recovery_key_digest());
  const std::optional<crypto::Digest> previous = OptionalDigest(entry.previous_entry_hash());
  if (!handle.ok() || !genesis_key || !identity_key || !encryption_key || !recovery)
    return Malformed();
  const bool first = entry.version() == 1;
  if (entry.version() == 0 || previous.has_value() == first) return Malformed();
  if (first && *genesis_key != *identity_key) return Malformed();

  return EntryContent{.bytes = std::string(bytes),
                      .deployment = deployment,
                      .handle = *std::move(handle),
                      .version = entry.version(),
                      .genesis_key = *genesis_key,
                      .identity_key = *identity_key,
                      .encryption_key = *encryption_key,
                      .recovery_key_digest = *recovery,
                      .keyring_hash = OptionalDigest(entry.keyring_hash()),
                      .previous_entry_hash = previous,
                      .time_unix_ms = entry.time_unix_ms()};
}

absl::StatusOr<CheckedEntry> CheckEntry(const v1::SignedEntry& signed_entry,
                                        const EntryTrust& trust) {
  absl::StatusOr<EntryContent> content = ParseEntry(signed_entry.entry(), trust.deployment);
  if (!content.ok()) return content.status();
  absl::Status status = CheckVersionShape(signed_entry, *content);
  if (!status.ok()) return status;
  if (!content->identity_key.Verify(context::kDirectoryEntry, {content->bytes},
                                    signed_entry.signature())) {
    return BadSignature();
  }
  status = CheckRegistrar(signed_entry, *content, trust);
  if (!status.ok()) return status;

  CheckedEntry checked(*std::move(content));
  checked.change_signature_ = signed_entry.change_signature();
  checked.recovery_key_ = signed_entry.recovery_key();
  checked.attested_ = !trust.development;
  return checked;
}

absl::Status CheckTransition(const EntryContent& previous, const CheckedEntry& next) {
  const EntryContent& content = next.content();
  if (content.deployment != previous.deployment || content.handle != previous.handle ||
      content.genesis_key != previous.genesis_key || content.version != previous.version + 1 ||
      content.previous_entry_hash != EntryHash(previous.bytes)) {
    return absl::FailedPreconditionError("directory entry does not follow the previous one");
  }
  const bool recovered = !next.recovery_key_.empty();
  crypto::PublicKey key = previous.identity_key;
  if (recovered) {
    absl::StatusOr<crypto::PublicKey> recovery = crypto::PublicKey::FromBytes(next.recovery_key_);
    if (!recovery.ok() || RecoveryKeyDigest(*recovery) != previous.recovery_key_digest) {
      return NotAuthorised();
    }
    key = *recovery;
  }
  if (!key.Verify(context::kDirectoryEntryChange, {content.bytes}, next.change_signature_)) {
    return NotAuthorised();
  }
  if (!recovered && content.recovery_key_digest != previous.recovery_key_digest)
    return NotAuthorised();
  return absl::OkStatus();
}

crypto::Digest EntryHash(std::string_view entry) {
  return crypto::Sha256(context::kDirectoryEntryHash, {entry});
}

crypto::Digest RecoveryKeyDigest(const crypto::PublicKey& key) {
  return crypto::Sha256(context::kRecoveryKeyDigest, {key.bytes()});
}

}  // namespace letterlock::attest
