#include "crypto/vault/page_token.h"

#include "crypto/base/bytes.h"
#include "crypto/base/encoding.h"
#include "crypto/base/hash.h"
#include "crypto/base/hmac.h"
#include "crypto/base/secret_bytes.h"

namespace letterlock::vault {
namespace {

constexpr uint8_t kVersion1 = 1;
constexpr size_t kPositionSize = 10;
constexpr size_t kMacSize = 16;

std::string Mac(const MailboxKeys& keys, std::string_view position, std::string_view thread) {
  const std::string listed = std::string(position).append(thread);
  return crypto::ToString(crypto::HmacSha256(keys.page_token_key(), listed)).substr(0, kMacSize);
}

absl::Status Refused() { return absl::InvalidArgumentError("not a page token of this mailbox"); }

}  // namespace

std::string EncodePageToken(const MailboxKeys& keys, const PagePosition& position) {
  const std::string head =
      crypto::ByteWriter().U8(kVersion1).U8(position.folder).U64(position.sequence).Take();
  return crypto::Base64UrlEncode(head + Mac(keys, head, position.thread));
}

absl::StatusOr<PagePosition> DecodePageToken(const MailboxKeys& keys, std::string_view token,
                                             std::string_view thread) {
  const absl::StatusOr<std::string> bytes = crypto::Base64UrlDecode(token);
  if (!bytes.ok() || bytes->size() != kPositionSize + kMacSize) return Refused();
  const std::string_view head = std::string_view(*bytes).substr(0, kPositionSize);
  const std::string_view mac = std::string_view(*bytes).substr(kPositionSize);
  if (!crypto::ConstantTimeEqual(Mac(keys, head, thread), mac)) return Refused();

  crypto::ByteReader in(head);
  const uint8_t version = in.U8();
  PagePosition position = {.folder = in.U8(), .sequence = in.U64(), .thread = std::string(thread)};
  if (!in.Finish().ok() || version != kVersion1) return Refused();
  return position;
}

}  // namespace letterlock::vault
