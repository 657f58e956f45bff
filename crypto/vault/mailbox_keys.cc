#include "crypto/vault/mailbox_keys.h"

#include "crypto/base/aead.h"
#include "crypto/base/bytes.h"
#include "crypto/base/context.h"
#include "crypto/base/hash.h"
#include "crypto/base/hmac.h"
#include "crypto/base/kdf.h"
#include "crypto/base/strings.h"

namespace letterlock::vault {
namespace {

using Aead = crypto::XChaCha20Poly1305;

constexpr uint8_t kVersion1 = 1;

absl::Status Lost() { return absl::DataLossError("row does not open"); }

}  // namespace

MailboxKeys::MailboxKeys(const MailboxTag& tag, const MailboxKey& key)
    : tag_(tag),
      generation_(key.generation),
      seal_key_(crypto::Hkdf(key.key, "", context::kRowSeal)),
      row_key_key_(crypto::Hkdf(key.key, "", context::kRowKey)),
      page_token_key_(crypto::Hkdf(key.key, "", context::kPageToken)) {}

std::string MailboxKeys::Aad(const RowPlace& place) const {
  return crypto::ByteWriter()
      .U8(kVersion1)
      .U8(place.table)
      .Bytes(tag_.bytes())
      .U32(generation_)
      .Field(place.key)
      .Take();
}

std::string MailboxKeys::SealRow(const RowPlace& place, std::string_view row,
                                 crypto::RandomSource& random) const {
  const auto nonce = crypto::RandomArray<Aead::kNonceSize>(random);
  std::string out;
  out.reserve(row.size() + kRowOverhead);
  out.push_back(static_cast<char>(kVersion1));
  crypto::AppendU32(&out, generation_);
  out.append(crypto::AsView(nonce));
  Aead::SealAppend(seal_key_, nonce, Aad(place), row, &out);
  return out;
}

absl::StatusOr<std::string> MailboxKeys::OpenRow(const RowPlace& place,
                                                 std::string_view sealed) const {
  crypto::ByteReader in(sealed);
  const uint8_t version = in.U8();
  const uint32_t generation = in.U32();
  const std::string_view nonce = in.Bytes(Aead::kNonceSize);
  const std::string_view body = in.Rest();
  if (!in.Finish().ok() || version != kVersion1 || generation != generation_) return Lost();
  absl::StatusOr<std::string> row =
      Aead::OpenToString(seal_key_, *Aead::NonceFromBytes(nonce), Aad(place), body);
  if (!row.ok()) return Lost();
  return row;
}

std::string MailboxKeys::MessageRowKey(const crypto::MemberId& sender,
                                       const crypto::MessageId& message) const {
  const std::string pair = std::string(sender.bytes()).append(message.bytes());
  return crypto::ToString(crypto::HmacSha256(row_key_key_, pair)).substr(0, kMessageRowKeySize);
}

std::string MailboxKeys::ContactRowKey(const crypto::MemberId& member) const {
  // Longer than the input of a message's row key, which has no context: never the same.
  const std::string input =
      std::string(context::kContactKey).append(1, '\0').append(member.bytes());
  return crypto::ToString(crypto::HmacSha256(row_key_key_, input)).substr(0, kMessageRowKeySize);
}

std::string MailboxKeys::ThreadKey(std::string_view thread_id) const {
  // The context keeps it apart from row keys of messages, which are made without one.
  return crypto::ToString(crypto::HmacSha256(row_key_key_, context::kThreadKey, {thread_id}))
      .substr(0, kThreadKeySize);
}

std::string MailboxKeys::AttachmentRowKey(const crypto::Digest& ciphertext_hash) const {
  return crypto::ToString(crypto::HmacSha256(row_key_key_, context::kAttachmentRow,
                                             {crypto::AsView(ciphertext_hash)}))
      .substr(0, kAttachmentRowKeySize);
}

}  // namespace letterlock::vault
