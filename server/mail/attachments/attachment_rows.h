// The rows of an attachment (docs/formats.md, "Rows of a mailbox"), opened and typed. Private to
// server/mail. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/base/hash.h"
#include "engine/row.h"
#include "letterlock/mail/v1/rows.pb.h"

namespace letterlock::mail {

inline constexpr std::size_t kChunkSize = 65'536;  // bytes of ciphertext in a chunk row

struct AttachmentRecord {
  crypto::Digest hash{};
  std::uint64_t size = 0;
  std::uint64_t received = 0;
  bool complete = false;
  std::uint32_t references = 0;
  v1::AttachmentHolder holder = v1::ATTACHMENT_HOLDER_UNSPECIFIED;
  std::uint64_t expires_unix_ms = 0;

  // Rows that its bytes take.
  std::uint32_t Chunks() const {
    return static_cast<std::uint32_t>((size + kChunkSize - 1) / kChunkSize);
  }
  // Messages may name it, and it can be read.
  bool Usable() const { return complete && holder != v1::ATTACHMENT_HOLDER_NOBODY; }
};

std::string EncodeAttachment(const AttachmentRecord& record);
// DATA_LOSS unless it is what a writer of ours writes.
absl::StatusOr<AttachmentRecord> DecodeAttachment(std::string_view row);

std::string EncodeAttachmentExpiry(const crypto::Digest& hash);
absl::StatusOr<crypto::Digest> DecodeAttachmentExpiry(std::string_view row);

engine::RowKey AttachmentPlace(std::string_view row_key);
engine::RowKey ChunkPlace(std::string_view row_key, std::uint32_t index);
// REQUIRES: the record's holder is not MESSAGES.
engine::RowKey ExpiryPlace(const AttachmentRecord& record, std::string_view row_key);
// The keys of that holder's expiries, up to and with this time.
engine::Range ExpiriesUntil(v1::AttachmentHolder holder, std::uint64_t unix_ms);
engine::Range AllExpiries(v1::AttachmentHolder holder);

// Whether an attachment's ciphertext can have that many bytes (docs/formats.md, "Attachment").
bool IsAttachmentSize(std::uint64_t size);
inline constexpr std::uint64_t kMaxAttachmentFile = 26'214'400;  // bytes of file
inline constexpr std::uint64_t kMaxAttachmentCiphertext = 26'220'819;

}  // namespace letterlock::mail
