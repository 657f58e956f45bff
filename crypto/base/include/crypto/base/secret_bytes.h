// SecretBytes<N>: a key, seed or shared secret of N bytes.
//
// Storage is inline and of fixed size, so nothing is left behind by growth; the type is move-only
// and a move wipes its source; the destructor wipes. It cannot be printed, hashed or converted: the
// only way to the bytes is Reveal(KeyAccess{}). Wiping covers this object alone: not registers,
// not copies that a callee makes, not pages that the kernel swapped out (LockedSecret is for
// those).
//
// Thread-safety: as an int; concurrent const access is safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/base/key_access.h"
#include "crypto/base/random.h"

namespace letterlock::crypto {

// Overwrites `bytes` with zeros; never optimised away (sodium_memzero).
void Wipe(std::span<uint8_t> bytes);

// Whether both hold the same bytes, in time that depends on the sizes alone. Sizes are not secret.
bool ConstantTimeEqual(std::span<const uint8_t> a, std::span<const uint8_t> b);
bool ConstantTimeEqual(std::string_view a, std::string_view b);

template <size_t N>
class SecretBytes {
 public:
  static constexpr size_t kSize = N;

  // Copies exactly N bytes; INVALID_ARGUMENT for any other length. Wiping `bytes` is the caller's.
  static absl::StatusOr<SecretBytes> FromBytes(std::string_view bytes) {
    if (bytes.size() != N) return absl::InvalidArgumentError("secret has the wrong length");
    SecretBytes out;
    for (size_t i = 0; i < N; ++i) out.bytes_[i] = static_cast<uint8_t>(bytes[i]);
    return out;
  }
  static SecretBytes FromBytes(std::span<const uint8_t, N> bytes) {
    SecretBytes out;
    for (size_t i = 0; i < N; ++i) out.bytes_[i] = bytes[i];
    return out;
  }
  static SecretBytes Random() {
    SecretBytes out;
    FillRandom(out.bytes_);
    return out;
  }
  static SecretBytes Random(RandomSource& random) {
    SecretBytes out;
    random.Fill(out.bytes_);
    return out;
  }
  // All zero: storage that a computation then fills through RevealMutable.
  static SecretBytes Zero() { return SecretBytes(); }

  SecretBytes(SecretBytes&& other) noexcept : bytes_(other.bytes_) { Wipe(other.bytes_); }
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      Wipe(other.bytes_);
    }
    return *this;
  }
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes() { Wipe(bytes_); }

  // A second, explicit holder of the same secret.
  SecretBytes Clone(KeyAccess) const { return FromBytes(std::span<const uint8_t, N>(bytes_)); }

  std::span<const uint8_t, N> Reveal(KeyAccess) const { return bytes_; }
  std::span<uint8_t, N> RevealMutable(KeyAccess) { return bytes_; }

  // Constant time.
  friend bool operator==(const SecretBytes& a, const SecretBytes& b) {
    return ConstantTimeEqual(std::span<const uint8_t>(a.bytes_),
                             std::span<const uint8_t>(b.bytes_));
  }

 private:
  SecretBytes() : bytes_{} {}

  std::array<uint8_t, N> bytes_;
};

}  // namespace letterlock::crypto
