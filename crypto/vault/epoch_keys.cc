#include "crypto/vault/epoch_keys.h"

#include <utility>

#include "crypto/base/aead.h"
#include "crypto/base/bytes.h"
#include "crypto/base/context.h"
#include "crypto/base/kdf.h"
#include "crypto/base/strings.h"

namespace letterlock::vault {
namespace {

using crypto::AsView;
using crypto::ByteReader;
using crypto::ByteWriter;
using crypto::DeploymentId;
using crypto::KeyAccess;
using crypto::RandomSource;
using crypto::SecretBuffer;
using crypto::SecretBytes;
using Aead = crypto::XChaCha20Poly1305;

constexpr uint8_t kVersion1 = 1;
constexpr size_t kSealedKeySize = 32 + Aead::kTagSize;

absl::Status Lost() { return absl::DataLossError("wrapped key does not open"); }

std::string MailboxAad(const DeploymentId& deployment, const MailboxTag& tag, uint32_t epoch,
                       uint32_t generation) {
  return ByteWriter()
      .Bytes(deployment.bytes())
      .Bytes(tag.bytes())
      .U32(epoch)
      .U32(generation)
      .Take();
}

std::string IndexAad(const DeploymentId& deployment, uint32_t epoch) {
  return ByteWriter().Bytes(deployment.bytes()).U32(epoch).Take();
}

// `head` ‖ nonce ‖ sealed key.
std::string Wrap(ByteWriter head, const SecretBytes<32>& wrap_key, std::string_view aad,
                 const SecretBytes<32>& key, RandomSource& random) {
  const auto nonce = crypto::RandomArray<Aead::kNonceSize>(random);
  std::string out = head.Bytes(AsView(nonce)).Take();
  Aead::SealAppend(wrap_key, nonce, aad, AsView(key.Reveal(KeyAccess{})), &out);
  return out;
}

absl::StatusOr<SecretBytes<32>> Unwrap(const SecretBytes<32>& wrap_key, std::string_view nonce,
                                       std::string_view aad, std::string_view sealed) {
  const absl::StatusOr<SecretBuffer> opened =
      Aead::Open(wrap_key, *Aead::NonceFromBytes(nonce), aad, sealed);
  if (!opened.ok()) return Lost();
  return SecretBytes<32>::FromBytes(opened->RevealView(KeyAccess{}));
}

}  // namespace

EpochKeys::EpochKeys(const DeploymentId& deployment, uint32_t epoch,
                     const SecretBytes<32>& epoch_key)
    : deployment_(deployment),
      epoch_(epoch),
      mailbox_wrap_key_(crypto::Hkdf(epoch_key, "", context::kMailboxKeyWrap)),
      index_wrap_key_(crypto::Hkdf(epoch_key, "", context::kIndexKeyWrap)) {}

std::string EpochKeys::WrapMailboxKey(const MailboxTag& tag, const MailboxKey& key,
                                      RandomSource& random) const {
  return Wrap(ByteWriter().U8(kVersion1).U32(epoch_).U32(key.generation), mailbox_wrap_key_,
              MailboxAad(deployment_, tag, epoch_, key.generation), key.key, random);
}

absl::StatusOr<MailboxKey> EpochKeys::UnwrapMailboxKey(const MailboxTag& tag,
                                                       std::string_view wrapped) const {
  ByteReader in(wrapped);
  const uint8_t version = in.U8();
  const uint32_t epoch = in.U32();
  const uint32_t generation = in.U32();
  const std::string_view nonce = in.Bytes(Aead::kNonceSize);
  const std::string_view sealed = in.Bytes(kSealedKeySize);
  if (!in.Finish().ok() || version != kVersion1 || epoch != epoch_) return Lost();

  absl::StatusOr<SecretBytes<32>> key =
      Unwrap(mailbox_wrap_key_, nonce, MailboxAad(deployment_, tag, epoch, generation), sealed);
  if (!key.ok()) return key.status();
  return MailboxKey{.generation = generation, .key = *std::move(key)};
}

std::string EpochKeys::WrapIndexKey(const SecretBytes<32>& index_key, RandomSource& random) const {
  return Wrap(ByteWriter().U8(kVersion1).U32(epoch_), index_wrap_key_,
              IndexAad(deployment_, epoch_), index_key, random);
}

absl::StatusOr<SecretBytes<32>> EpochKeys::UnwrapIndexKey(std::string_view wrapped) const {
  ByteReader in(wrapped);
  const uint8_t version = in.U8();
  const uint32_t epoch = in.U32();
  const std::string_view nonce = in.Bytes(Aead::kNonceSize);
  const std::string_view sealed = in.Bytes(kSealedKeySize);
  if (!in.Finish().ok() || version != kVersion1 || epoch != epoch_) return Lost();
  return Unwrap(index_wrap_key_, nonce, IndexAad(deployment_, epoch), sealed);
}

absl::StatusOr<uint32_t> WrappedEpoch(std::string_view wrapped) {
  if (wrapped.size() != kWrappedMailboxKeySize && wrapped.size() != kWrappedIndexKeySize) {
    return Lost();
  }
  ByteReader in(wrapped);
  if (in.U8() != kVersion1) return Lost();
  return in.U32();
}

}  // namespace letterlock::vault
