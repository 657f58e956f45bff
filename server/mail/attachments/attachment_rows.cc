#include "attachments/attachment_rows.h"

#include <bit>

#include "canonical.h"
#include "crypto/base/bytes.h"
#include "server/mail/mailbox/rows.h"

namespace letterlock::mail {
namespace {

absl::Status Damaged() { return absl::DataLossError("an attachment's row is none"); }

bool IsConsistent(const AttachmentRecord& record) {
  if (record.received > record.size || record.size > kMaxAttachmentCiphertext) return false;
  if (record.complete && record.received != record.size) return false;
  const bool held = record.holder == v1::ATTACHMENT_HOLDER_MESSAGES;
  if (held != (record.references > 0)) return false;
  return !held || (record.complete && record.expires_unix_ms == 0);
}

std::string ExpiryPrefix(v1::AttachmentHolder holder) {
  return std::string(1, static_cast<char>(holder));
}

}  // namespace

std::string EncodeAttachment(const AttachmentRecord& record) {
  v1::AttachmentRow row;
  row.set_ciphertext_hash(crypto::ToString(record.hash));
  row.set_size(record.size);
  row.set_received(record.received);
  row.set_complete(record.complete);
  row.set_references(record.references);
  row.set_holder(record.holder);
  row.set_expires_unix_ms(record.expires_unix_ms);
  return row.SerializeAsString();
}

absl::StatusOr<AttachmentRecord> DecodeAttachment(std::string_view bytes) {
  v1::AttachmentRow row;
  if (!ParseCanonical(bytes, &row)) return Damaged();
  const auto hash = crypto::DigestFromBytes(row.ciphertext_hash());
  if (!hash.ok() || !v1::AttachmentHolder_IsValid(row.holder()) ||
      row.holder() == v1::ATTACHMENT_HOLDER_UNSPECIFIED) {
    return Damaged();
  }
  const AttachmentRecord record{.hash = *hash,
                                .size = row.size(),
                                .received = row.received(),
                                .complete = row.complete(),
                                .references = row.references(),
                                .holder = row.holder(),
                                .expires_unix_ms = row.expires_unix_ms()};
  if (!IsConsistent(record)) return Damaged();
  return record;
}

std::string EncodeAttachmentExpiry(const crypto::Digest& hash) {
  v1::AttachmentExpiryRow row;
  row.set_ciphertext_hash(crypto::ToString(hash));
  return row.SerializeAsString();
}

absl::StatusOr<crypto::Digest> DecodeAttachmentExpiry(std::string_view bytes) {
  v1::AttachmentExpiryRow row;
  if (!ParseCanonical(bytes, &row)) return Damaged();
  const auto hash = crypto::DigestFromBytes(row.ciphertext_hash());
  if (!hash.ok()) return Damaged();
  return *hash;
}

engine::RowKey AttachmentPlace(std::string_view row_key) {
  return {table::kAttachments, std::string(row_key)};
}

engine::RowKey ChunkPlace(std::string_view row_key, std::uint32_t index) {
  std::string key(row_key);
  crypto::AppendU32(&key, index);
  return {table::kAttachmentChunks, std::move(key)};
}

engine::RowKey ExpiryPlace(const AttachmentRecord& record, std::string_view row_key) {
  std::string key = ExpiryPrefix(record.holder);
  crypto::AppendU64(&key, record.expires_unix_ms);
  key.append(row_key);
  return {table::kAttachmentExpiries, std::move(key)};
}

engine::Range AllExpiries(v1::AttachmentHolder holder) {
  engine::Range range;
  range.from = ExpiryPrefix(holder);
  range.to = std::string(1, static_cast<char>(holder + 1));
  return range;
}

engine::Range ExpiriesUntil(v1::AttachmentHolder holder, std::uint64_t unix_ms) {
  engine::Range range = AllExpiries(holder);
  range.to = ExpiryPrefix(holder);
  crypto::AppendU64(&range.to, unix_ms + 1);
  return range;
}

bool IsAttachmentSize(std::uint64_t size) {
  constexpr std::uint64_t kPrefix = 19;
  constexpr std::uint64_t kTag = 16;
  constexpr std::uint64_t kSealedChunk = kChunkSize + kTag;
  if (size < kPrefix + kTag || size > kMaxAttachmentCiphertext) return false;
  const std::uint64_t sealed = size - kPrefix;
  const std::uint64_t chunks = (sealed + kSealedChunk - 1) / kSealedChunk;
  if (sealed < chunks * kTag) return false;
  const std::uint64_t padded = sealed - chunks * kTag;
  const std::uint64_t needed = (padded + kChunkSize - 1) / kChunkSize;
  if (chunks != (needed == 0 ? 1 : needed)) return false;
  if (padded < 2) return true;
  // Padmé leaves a length that it made as it is.
  const int e = static_cast<int>(std::bit_width(padded)) - 1;
  const int s = static_cast<int>(std::bit_width(static_cast<unsigned>(e)));
  return padded % (std::uint64_t{1} << (e - s)) == 0;
}

}  // namespace letterlock::mail
