// Directory entries: what a member says of her own keys (docs/formats.md, "Directory entry").
//
// An entry is judged alone here: form, keys, its own signature, the registrar's word. That the
// directory holds it is directory_proof.h's question, that it follows another one
// CheckTransition's.
//
// Pure functions; thread-safe. Errors: InvalidArgument for an entry that cannot be one of this
// deployment; Unauthenticated for a signature that does not verify; PermissionDenied where a
// registrar must vouch and none does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/base/hash.h"
#include "crypto/base/ids.h"
#include "crypto/base/sign.h"
#include "crypto/base/x25519.h"

namespace letterlock::directory::v1 {
class SignedEntry;
}  // namespace letterlock::directory::v1

namespace letterlock::attest {

inline constexpr uint32_t kSuite1 = 1;

// What makes an entry one of a deployment. The trust file has it (trust.h), and so has the genesis
// leaf.
struct EntryTrust {
  crypto::DeploymentId deployment;
  bool development = false;                   // members register themselves
  std::vector<crypto::PublicKey> registrars;  // none in development
};

// A well-formed entry. Says nothing of who signed it.
struct EntryContent {
  std::string bytes;  // as signed
  crypto::DeploymentId deployment;
  crypto::Handle handle;
  uint64_t version = 0;
  crypto::PublicKey genesis_key;
  crypto::PublicKey identity_key;
  crypto::X25519PublicKey encryption_key;
  crypto::Digest recovery_key_digest = {};
  std::optional<crypto::Digest> keyring_hash;
  std::optional<crypto::Digest> previous_entry_hash;  // absent in version 1, and only there
  uint64_t time_unix_ms = 0;

  crypto::MemberId member() const;
};

// Reads an entry's bytes: canonical, of this deployment, suite 1, every key a sound point, and in
// version 1 the identity key is the genesis key.
absl::StatusOr<EntryContent> ParseEntry(std::string_view bytes,
                                        const crypto::DeploymentId& deployment);

// An entry whose own signature and, unless members register themselves, registrar attestation
// verified.
class CheckedEntry {
 public:
  const EntryContent& content() const { return content_; }
  // False: SELF-REGISTERED, and whoever shows the entry says so.
  bool attested() const { return attested_; }

 private:
  friend absl::StatusOr<CheckedEntry> CheckEntry(const directory::v1::SignedEntry& signed_entry,
                                                 const EntryTrust& trust);
  friend absl::Status CheckTransition(const EntryContent& previous, const CheckedEntry& next);

  explicit CheckedEntry(EntryContent content) : content_(std::move(content)) {}

  EntryContent content_;
  std::string change_signature_;
  std::string recovery_key_;  // empty: the previous identity key authorised the change
  bool attested_ = false;
};

absl::StatusOr<CheckedEntry> CheckEntry(const directory::v1::SignedEntry& signed_entry,
                                        const EntryTrust& trust);

// Checks that `next` follows `previous`: next version, its hash, the same handle and genesis key,
// and authorised by the previous identity key or by the recovery key that the previous entry names.
// The recovery digest changes under a recovery key alone: a thief of the identity key must not lock
// the owner out. FailedPrecondition if it does not follow, PermissionDenied if it is not
// authorised.
absl::Status CheckTransition(const EntryContent& previous, const CheckedEntry& next);

// SHA-256(directory-entry-hash ‖ 0 ‖ entry), what the next entry names.
crypto::Digest EntryHash(std::string_view entry);

// SHA-256(recovery-key-digest ‖ 0 ‖ key), what an entry commits to.
crypto::Digest RecoveryKeyDigest(const crypto::PublicKey& key);

}  // namespace letterlock::attest
