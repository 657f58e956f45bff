// Keys wrapped under an epoch key (docs/formats.md, "Wrapped mailbox key", "Wrapped index key").
//
// The epoch key is the root of all that the mail server seals. Rotating it re-wraps these small
// values and never a body; destroying it ends every copy of them, the backups' too. A wrap opens
// under its own epoch, deployment and mailbox tag only.
//
// Pure: no I/O. Thread-safety: concurrent const access is safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/base/ids.h"
#include "crypto/base/random.h"
#include "crypto/base/secret_bytes.h"
#include "crypto/vault/tags.h"

namespace letterlock::vault {

inline constexpr size_t kWrappedMailboxKeySize = 81;
inline constexpr size_t kWrappedIndexKeySize = 77;

// The root key of one mailbox. `generation` counts its replacements; rows name the one that they
// are sealed under. Move-only, wiped.
struct MailboxKey {
  uint32_t generation;
  crypto::SecretBytes<32> key;
};

// The subkeys of one epoch in one deployment. Move-only, wiped.
class EpochKeys {
 public:
  EpochKeys(const crypto::DeploymentId& deployment, uint32_t epoch,
            const crypto::SecretBytes<32>& epoch_key);

  uint32_t epoch() const { return epoch_; }

  // kWrappedMailboxKeySize bytes; each call gives others.
  std::string WrapMailboxKey(const MailboxTag& tag, const MailboxKey& key,
                             crypto::RandomSource& random) const;
  // DATA_LOSS unless `wrapped` was made for this tag under these keys and no bit changed since.
  absl::StatusOr<MailboxKey> UnwrapMailboxKey(const MailboxTag& tag,
                                              std::string_view wrapped) const;

  // kWrappedIndexKeySize bytes.
  std::string WrapIndexKey(const crypto::SecretBytes<32>& index_key,
                           crypto::RandomSource& random) const;
  // DATA_LOSS, likewise.
  absl::StatusOr<crypto::SecretBytes<32>> UnwrapIndexKey(std::string_view wrapped) const;

 private:
  crypto::DeploymentId deployment_;
  uint32_t epoch_;
  crypto::SecretBytes<32> mailbox_wrap_key_;
  crypto::SecretBytes<32> index_wrap_key_;
};

// Which epoch a wrapped mailbox or index key says it needs: unauthenticated, to find the key to
// try. DATA_LOSS unless the value has a wrap's version and either's size.
absl::StatusOr<uint32_t> WrappedEpoch(std::string_view wrapped);

}  // namespace letterlock::vault
