#include "crypto/vault/sync_token.h"

#include "crypto/base/bytes.h"
#include "crypto/base/context.h"
#include "crypto/base/encoding.h"
#include "crypto/base/hash.h"
#include "crypto/base/hmac.h"
#include "crypto/base/secret_bytes.h"

namespace letterlock::vault {
namespace {

constexpr uint8_t kVersion1 = 1;
constexpr uint8_t kFollowing = 0;
constexpr uint8_t kWalking = 1;
constexpr size_t kPositionSize = 18;
constexpr size_t kMacSize = 16;

std::string Mac(const MailboxKeys& keys, std::string_view position) {
  return crypto::ToString(
             crypto::HmacSha256(keys.page_token_key(), context::kSyncToken, {position}))
      .substr(0, kMacSize);
}

absl::Status Refused() { return absl::InvalidArgumentError("not a sync token of this mailbox"); }

}  // namespace

std::string EncodeSyncToken(const MailboxKeys& keys, const SyncPosition& position) {
  const std::string head = crypto::ByteWriter()
                               .U8(kVersion1)
                               .U8(position.walking ? kWalking : kFollowing)
                               .U64(position.change)
                               .U64(position.walked)
                               .Take();
  return crypto::Base64UrlEncode(head + Mac(keys, head));
}

absl::StatusOr<SyncPosition> DecodeSyncToken(const MailboxKeys& keys, std::string_view token) {
  const absl::StatusOr<std::string> bytes = crypto::Base64UrlDecode(token);
  if (!bytes.ok() || bytes->size() != kPositionSize + kMacSize) return Refused();
  const std::string_view head = std::string_view(*bytes).substr(0, kPositionSize);
  const std::string_view mac = std::string_view(*bytes).substr(kPositionSize);
  if (!crypto::ConstantTimeEqual(Mac(keys, head), mac)) return Refused();

  crypto::ByteReader in(head);
  const uint8_t version = in.U8();
  const uint8_t kind = in.U8();
  const SyncPosition position = {
      .change = in.U64(), .walking = kind == kWalking, .walked = in.U64()};
  if (!in.Finish().ok() || version != kVersion1 || kind > kWalking) return Refused();
  return position;
}

}  // namespace letterlock::vault
