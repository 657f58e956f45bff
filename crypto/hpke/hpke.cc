#include "crypto/hpke/hpke.h"

#include <limits>

#include "crypto/base/kdf.h"
#include "key_schedule.h"

namespace letterlock::hpke {

using crypto::ChaCha20Poly1305;
using crypto::KeyAccess;
using crypto::RandomSource;
using crypto::SecretBuffer;
using crypto::SecretBytes;
using crypto::X25519PrivateKey;
using crypto::X25519PublicKey;

absl::StatusOr<X25519PrivateKey> DeriveKeyPair(std::string_view key_material) {
  if (key_material.size() < kMinKeyMaterialSize) {
    return absl::InvalidArgumentError("key material is shorter than 32 bytes");
  }
  const SecretBytes<32> prk = LabeledExtract(kKemSuite, "", "dkp_prk", key_material);
  SecretBytes<32> secret = SecretBytes<32>::Zero();
  LabeledExpand(kKemSuite, prk, "sk", "", secret.RevealMutable(KeyAccess{}));
  return X25519PrivateKey::FromSecret(std::move(secret));
}

Context::Context(SecretBytes<32> key, const ChaCha20Poly1305::Nonce& base_nonce,
                 SecretBytes<32> exporter_secret)
    : key_(std::move(key)), base_nonce_(base_nonce), exporter_secret_(std::move(exporter_secret)) {}

absl::StatusOr<ChaCha20Poly1305::Nonce> Context::Nonce() const {
  if (sequence_ == std::numeric_limits<uint64_t>::max()) {
    return absl::ResourceExhaustedError("HPKE context is used up");
  }
  ChaCha20Poly1305::Nonce nonce = base_nonce_;
  for (size_t i = 0; i < 8; ++i) {
    nonce[nonce.size() - 1 - i] ^= static_cast<uint8_t>(sequence_ >> (8 * i));
  }
  return nonce;
}

absl::StatusOr<SecretBuffer> Context::Export(std::string_view exporter_context, size_t size) const {
  if (size > crypto::kHkdfMaxOutput) return absl::InvalidArgumentError("export is too long");
  SecretBuffer out = SecretBuffer::OfSize(size);
  LabeledExpand(kHpkeSuite, exporter_secret_, "sec", exporter_context,
                out.RevealMutable(KeyAccess{}));
  return out;
}

absl::StatusOr<std::string> SenderContext::Seal(std::string_view aad, std::string_view plaintext) {
  const absl::StatusOr<ChaCha20Poly1305::Nonce> nonce = Nonce();
  if (!nonce.ok()) return nonce.status();
  ++sequence_;
  return ChaCha20Poly1305::Seal(key_, *nonce, aad, plaintext);
}

absl::StatusOr<SecretBuffer> RecipientContext::Open(std::string_view aad,
                                                    std::string_view ciphertext) {
  const absl::StatusOr<ChaCha20Poly1305::Nonce> nonce = Nonce();
  if (!nonce.ok()) return nonce.status();
  absl::StatusOr<SecretBuffer> opened = ChaCha20Poly1305::Open(key_, *nonce, aad, ciphertext);
  if (opened.ok()) ++sequence_;
  return opened;
}

absl::StatusOr<Sender> SetupBaseS(const X25519PublicKey& recipient, std::string_view info,
                                  RandomSource& random) {
  return SetupBaseSWithEphemeral(recipient, info, X25519PrivateKey::Generate(random));
}

absl::StatusOr<RecipientContext> SetupBaseR(std::string_view enc, const X25519PrivateKey& recipient,
                                            std::string_view info) {
  const absl::StatusOr<SecretBytes<32>> shared_secret = Decap(enc, recipient);
  if (!shared_secret.ok()) return shared_secret.status();
  return RecipientContext(KeySchedule(*shared_secret, info).TakeContext());
}

absl::StatusOr<std::string> SealBase(const X25519PublicKey& recipient, std::string_view info,
                                     std::string_view aad, std::string_view plaintext,
                                     RandomSource& random) {
  absl::StatusOr<Sender> sender = SetupBaseS(recipient, info, random);
  if (!sender.ok()) return sender.status();
  const absl::StatusOr<std::string> ciphertext = sender->context.Seal(aad, plaintext);
  if (!ciphertext.ok()) return ciphertext.status();
  return std::move(sender->enc).append(*ciphertext);
}

absl::StatusOr<SecretBuffer> OpenBase(std::string_view sealed, const X25519PrivateKey& recipient,
                                      std::string_view info, std::string_view aad) {
  if (sealed.size() < kEncapsulatedKeySize + kTagSize) {
    return absl::InvalidArgumentError("sealed value is too short");
  }
  absl::StatusOr<RecipientContext> context =
      SetupBaseR(sealed.substr(0, kEncapsulatedKeySize), recipient, info);
  if (!context.ok()) return context.status();
  return context->Open(aad, sealed.substr(kEncapsulatedKeySize));
}

}  // namespace letterlock::hpke
