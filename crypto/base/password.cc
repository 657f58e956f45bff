#include "crypto/base/password.h"

#include <sodium.h>

#include "sodium_ready.h"

namespace letterlock::crypto {

absl::StatusOr<SecretBytes<32>> Argon2id(const SecretBuffer& passphrase, const Argon2idSalt& salt,
                                         const Argon2idParams& params) {
  static_assert(std::tuple_size_v<Argon2idSalt> == crypto_pwhash_argon2id_SALTBYTES);
  internal::SodiumReady();
  if (params.passes < 1 || params.passes > kArgon2idMaxPasses) {
    return absl::InvalidArgumentError("Argon2id passes out of range");
  }
  if (params.memory_bytes < kArgon2idMinMemory || params.memory_bytes > kArgon2idMaxMemory ||
      params.memory_bytes % 1024 != 0) {
    return absl::InvalidArgumentError("Argon2id memory out of range");
  }
  SecretBytes<32> out = SecretBytes<32>::Zero();
  std::string_view text = passphrase.RevealView(KeyAccess{});
  if (text.empty()) text = "";  // libsodium declares the pointer non-null, even for no bytes
  if (crypto_pwhash_argon2id(out.RevealMutable(KeyAccess{}).data(), 32, text.data(), text.size(),
                             salt.data(), params.passes, params.memory_bytes,
                             crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0) {
    return absl::ResourceExhaustedError("no memory for Argon2id");
  }
  return out;
}

}  // namespace letterlock::crypto
