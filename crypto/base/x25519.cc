#include "crypto/base/x25519.h"

#include <sodium.h>

#include <utility>

#include "require.h"
#include "sodium_ready.h"

namespace letterlock::crypto {

X25519PrivateKey::X25519PrivateKey(SecretBytes<32> secret) : secret_(std::move(secret)) {
  internal::SodiumReady();
  internal::Require(
      crypto_scalarmult_base(public_key_.bytes_.data(), secret_.Reveal(KeyAccess{}).data()) == 0,
      "crypto_scalarmult_base");
}

X25519PrivateKey X25519PrivateKey::Generate(RandomSource& random) {
  return FromSecret(SecretBytes<32>::Random(random));
}

X25519PrivateKey X25519PrivateKey::Generate() { return FromSecret(SecretBytes<32>::Random()); }

X25519PrivateKey X25519PrivateKey::FromSecret(SecretBytes<32> secret) {
  return X25519PrivateKey(std::move(secret));
}

absl::StatusOr<SecretBytes<32>> X25519PrivateKey::SharedSecret(const X25519PublicKey& peer) const {
  SecretBytes<32> out = SecretBytes<32>::Zero();
  // libsodium refuses points of small order before the multiplication and a zero result after it.
  if (crypto_scalarmult(out.RevealMutable(KeyAccess{}).data(), secret_.Reveal(KeyAccess{}).data(),
                        peer.bytes_.data()) != 0) {
    return absl::InvalidArgumentError("X25519 public key is of small order");
  }
  return out;
}

}  // namespace letterlock::crypto
