// Ed25519 (RFC 8032, pure) through libsodium 1.0.18. Thread-safe.
//
// Signatures of ours are over context ‖ 0x00 ‖ parts (crypto/base/context.h), so that bytes signed
// for one use never pass for another. Foreign formats (C2SP signed notes) use the Raw forms.
//
// What Verify refuses beyond a wrong signature, as libsodium does: S >= L (malleability), a public
// key or R of small order, a public key that is not canonically encoded, any length but 64.
// Verification is cofactorless. A key with a small-order component besides its large one is not
// refused by Verify; CheckPoint refuses it, so keys that enter the system pass CheckPoint once.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/base/hash.h"
#include "crypto/base/random.h"
#include "crypto/base/secret_bytes.h"

namespace letterlock::crypto {

inline constexpr size_t kSignatureSize = 64;

// An Ed25519 public key. Not secret.
class PublicKey {
 public:
  static constexpr size_t kSize = 32;

  // INVALID_ARGUMENT unless 32 bytes. Bytes that are no valid key make every Verify fail.
  static absl::StatusOr<PublicKey> FromBytes(std::string_view bytes);

  // All zero, which verifies nothing.
  PublicKey() : bytes_{} {}

  // OK if the bytes are the canonical encoding of a point of the prime-order subgroup;
  // INVALID_ARGUMENT otherwise (zero, small order, off the curve). About a verification's cost: for
  // keys that a member registers, not for each use.
  absl::Status CheckPoint() const;

  // Whether `signature` is this key's over context ‖ 0x00 ‖ parts.
  [[nodiscard]] bool Verify(std::string_view context, Parts parts,
                            std::string_view signature) const;
  [[nodiscard]] bool VerifyRaw(std::string_view message, std::string_view signature) const;

  std::string_view bytes() const {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }

  friend auto operator<=>(const PublicKey&, const PublicKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const PublicKey& key) {
    return H::combine(std::move(h), key.bytes_);
  }

 private:
  friend class SigningKey;
  std::array<uint8_t, kSize> bytes_;
};

// An Ed25519 private key. Move-only, wiped.
class SigningKey {
 public:
  static SigningKey Generate(RandomSource& random);
  static SigningKey Generate();
  // From the 32-byte seed (RFC 8032's private key), which is what formats store.
  static SigningKey FromSeed(const SecretBytes<32>& seed);

  const PublicKey& public_key() const { return public_key_; }
  SecretBytes<32> Seed() const;

  // 64 bytes over context ‖ 0x00 ‖ parts. Deterministic.
  std::string Sign(std::string_view context, Parts parts) const;
  std::string SignRaw(std::string_view message) const;

 private:
  explicit SigningKey(SecretBytes<64> key);

  SecretBytes<64> key_;  // seed ‖ public key, libsodium's form
  PublicKey public_key_;
};

}  // namespace letterlock::crypto
