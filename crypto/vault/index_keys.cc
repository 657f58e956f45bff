#include "crypto/vault/index_keys.h"

#include "crypto/base/aead.h"
#include "crypto/base/bytes.h"
#include "crypto/base/context.h"
#include "crypto/base/hmac.h"
#include "crypto/base/kdf.h"
#include "crypto/base/strings.h"

namespace letterlock::vault {
namespace {

using Aead = crypto::XChaCha20Poly1305;

constexpr uint8_t kVersion1 = 1;

absl::Status Lost() { return absl::DataLossError("index row does not open"); }

}  // namespace

IndexKeys::IndexKeys(const crypto::SecretBytes<32>& index_key)
    : tag_key_(crypto::Hkdf(index_key, "", context::kIndexTag)),
      seal_key_(crypto::Hkdf(index_key, "", context::kIndexSeal)) {}

IndexTag IndexKeys::TagOf(const crypto::MemberId& member) const {
  return IndexTag::FirstOf(crypto::HmacSha256(tag_key_, member.bytes()));
}

std::string IndexKeys::SealRow(const IndexTag& at, const MailboxTag& mailbox,
                               crypto::RandomSource& random) const {
  const auto nonce = crypto::RandomArray<Aead::kNonceSize>(random);
  std::string out = crypto::ByteWriter().U8(kVersion1).Bytes(crypto::AsView(nonce)).Take();
  Aead::SealAppend(seal_key_, nonce, at.bytes(), mailbox.bytes(), &out);
  return out;
}

absl::StatusOr<MailboxTag> IndexKeys::OpenRow(const IndexTag& at, std::string_view sealed) const {
  crypto::ByteReader in(sealed);
  const uint8_t version = in.U8();
  const std::string_view nonce = in.Bytes(Aead::kNonceSize);
  const std::string_view body = in.Bytes(MailboxTag::kSize + Aead::kTagSize);
  if (!in.Finish().ok() || version != kVersion1) return Lost();
  const absl::StatusOr<std::string> tag =
      Aead::OpenToString(seal_key_, *Aead::NonceFromBytes(nonce), at.bytes(), body);
  if (!tag.ok()) return Lost();
  return MailboxTag::FromBytes(*tag);
}

}  // namespace letterlock::vault
