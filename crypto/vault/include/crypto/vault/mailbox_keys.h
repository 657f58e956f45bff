// One mailbox's rows: sealed values and keyed row keys (docs/formats.md, "Sealed row", "Row key").
//
// A value is bound to its table, its key, its mailbox and the generation of the mailbox key: a row
// that was moved, swapped or copied does not open. A row that was put back to its own older state
// does (docs/threat-model.md). Row keys are keyed hashes, so that the files show no participant.
//
// Pure: no I/O. Thread-safety: concurrent const access is safe. 116 bytes, all inline, so a
// cache can hold it in locked pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/base/hash.h"
#include "crypto/base/ids.h"
#include "crypto/base/random.h"
#include "crypto/base/secret_bytes.h"
#include "crypto/vault/epoch_keys.h"
#include "crypto/vault/tags.h"

namespace letterlock::vault {

// What sealing adds to a row: version, generation, nonce and tag.
inline constexpr size_t kRowOverhead = 45;
inline constexpr size_t kMessageRowKeySize = 16;
inline constexpr size_t kThreadKeySize = 16;
inline constexpr size_t kAttachmentRowKeySize = 16;

// Where a row is within its mailbox.
struct RowPlace {
  uint8_t table;
  std::string_view key;
};

// The subkeys of a mailbox key. Move-only, wiped.
class MailboxKeys {
 public:
  MailboxKeys(const MailboxTag& tag, const MailboxKey& key);

  const MailboxTag& tag() const { return tag_; }
  uint32_t generation() const { return generation_; }

  // The row's size plus kRowOverhead; each call gives other bytes.
  std::string SealRow(const RowPlace& place, std::string_view row,
                      crypto::RandomSource& random) const;
  // DATA_LOSS unless `sealed` was made for this place under these keys and no bit changed since.
  absl::StatusOr<std::string> OpenRow(const RowPlace& place, std::string_view sealed) const;

  // kMessageRowKeySize bytes: where this mailbox keeps what became of a message.
  std::string MessageRowKey(const crypto::MemberId& sender, const crypto::MessageId& message) const;

  // As many bytes: where it keeps how it stands to another member (docs/formats.md, "Contact key").
  std::string ContactRowKey(const crypto::MemberId& member) const;

  // kThreadKeySize bytes: what the keys of this mailbox's thread rows begin with.
  std::string ThreadKey(std::string_view thread_id) const;

  // kAttachmentRowKeySize bytes: where this mailbox keeps an attachment, by its ciphertext's hash.
  std::string AttachmentRowKey(const crypto::Digest& ciphertext_hash) const;

  // What page tokens of this mailbox, and with a context its sync tokens, are signed with
  // (page_token.h, sync_token.h).
  const crypto::SecretBytes<32>& page_token_key() const { return page_token_key_; }

 private:
  std::string Aad(const RowPlace& place) const;

  MailboxTag tag_;
  uint32_t generation_;
  crypto::SecretBytes<32> seal_key_;
  crypto::SecretBytes<32> row_key_key_;
  crypto::SecretBytes<32> page_token_key_;
};

}  // namespace letterlock::vault
