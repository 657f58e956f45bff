#include "crypto/base/sign.h"

#include <sodium.h>

#include <cstring>

#include "sodium_ready.h"

namespace letterlock::crypto {
namespace {

using internal::Data;

// Pure Ed25519 reads its message twice, so the parts are put together once.
std::string Message(std::string_view context, Parts parts) {
  size_t size = context.size() + 1;
  for (std::string_view part : parts) size += part.size();
  std::string out;
  out.reserve(size);
  out.append(context);
  out.push_back('\0');
  for (std::string_view part : parts) out.append(part);
  return out;
}

}  // namespace

absl::StatusOr<PublicKey> PublicKey::FromBytes(std::string_view bytes) {
  if (bytes.size() != kSize) return absl::InvalidArgumentError("public key is not 32 bytes");
  PublicKey key;
  std::memcpy(key.bytes_.data(), bytes.data(), kSize);
  return key;
}

absl::Status PublicKey::CheckPoint() const {
  internal::SodiumReady();
  if (crypto_core_ed25519_is_valid_point(bytes_.data()) == 1) return absl::OkStatus();
  return absl::InvalidArgumentError("not an Ed25519 public key");
}

bool PublicKey::VerifyRaw(std::string_view message, std::string_view signature) const {
  internal::SodiumReady();
  return signature.size() == kSignatureSize &&
         crypto_sign_verify_detached(Data(signature), Data(message), message.size(),
                                     bytes_.data()) == 0;
}

bool PublicKey::Verify(std::string_view context, Parts parts, std::string_view signature) const {
  return VerifyRaw(Message(context, parts), signature);
}

SigningKey::SigningKey(SecretBytes<64> key) : key_(std::move(key)) {
  std::memcpy(public_key_.bytes_.data(), key_.Reveal(KeyAccess{}).data() + 32, PublicKey::kSize);
}

SigningKey SigningKey::FromSeed(const SecretBytes<32>& seed) {
  internal::SodiumReady();
  SecretBytes<64> key = SecretBytes<64>::Zero();
  PublicKey ignored;  // also inside `key`
  crypto_sign_seed_keypair(ignored.bytes_.data(), key.RevealMutable(KeyAccess{}).data(),
                           seed.Reveal(KeyAccess{}).data());
  return SigningKey(std::move(key));
}

SigningKey SigningKey::Generate(RandomSource& random) {
  return FromSeed(SecretBytes<32>::Random(random));
}

SigningKey SigningKey::Generate() { return FromSeed(SecretBytes<32>::Random()); }

SecretBytes<32> SigningKey::Seed() const {
  return SecretBytes<32>::FromBytes(key_.Reveal(KeyAccess{}).first<32>());
}

std::string SigningKey::SignRaw(std::string_view message) const {
  internal::SodiumReady();
  std::string out(kSignatureSize, '\0');
  crypto_sign_detached(reinterpret_cast<unsigned char*>(out.data()), nullptr, Data(message),
                       message.size(), key_.Reveal(KeyAccess{}).data());
  return out;
}

std::string SigningKey::Sign(std::string_view context, Parts parts) const {
  return SignRaw(Message(context, parts));
}

}  // namespace letterlock::crypto
