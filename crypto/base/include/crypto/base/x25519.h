// X25519 (RFC 7748) through libsodium. Thread-safe.
//
// A shared secret of all zeros and the public keys of small order that cause it are refused. Keys
// on the twist and non-canonical encodings are taken, as RFC 7748 and libsodium do: X25519 is safe
// for both.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "crypto/base/random.h"
#include "crypto/base/secret_bytes.h"

namespace letterlock::crypto {

class X25519PublicKey {
 public:
  static constexpr size_t kSize = 32;

  // INVALID_ARGUMENT unless 32 bytes.
  static absl::StatusOr<X25519PublicKey> FromBytes(std::string_view bytes);

  X25519PublicKey() : bytes_{} {}  // all zero, which every exchange refuses

  // INVALID_ARGUMENT for a point of small order in any of its encodings, all zeros among them:
  // those with which every exchange fails. Cheap. For keys that a member registers.
  absl::Status CheckPoint() const;

  std::string_view bytes() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

  friend auto operator<=>(const X25519PublicKey&, const X25519PublicKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const X25519PublicKey& key) {
    return H::combine(std::move(h), key.bytes_);
  }

 private:
  friend class X25519PrivateKey;
  std::array<uint8_t, kSize> bytes_;
};

// Move-only, wiped.
class X25519PrivateKey {
 public:
  static X25519PrivateKey Generate(RandomSource& random);
  static X25519PrivateKey Generate();
  // Any 32 bytes; clamped when used.
  static X25519PrivateKey FromSecret(SecretBytes<32> secret);

  const X25519PublicKey& public_key() const { return public_key_; }
  const SecretBytes<32>& secret() const { return secret_; }

  // INVALID_ARGUMENT when the result would be all zero.
  absl::StatusOr<SecretBytes<32>> SharedSecret(const X25519PublicKey& peer) const;

 private:
  explicit X25519PrivateKey(SecretBytes<32> secret);

  SecretBytes<32> secret_;
  X25519PublicKey public_key_;
};

}  // namespace letterlock::crypto
