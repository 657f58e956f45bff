// Public keys apart from private ones: the public plane judges the keys that members register, and
// carries nothing that could agree on a secret with them.
#include <algorithm>
#include <array>
#include <cstring>

#include "crypto/base/x25519.h"

namespace letterlock::crypto {
namespace {

using Encoding = std::array<uint8_t, X25519PublicKey::kSize>;

// 2^255 - 19 + `offset`, little-endian.
constexpr Encoding PrimePlus(int offset) {
  Encoding bytes;
  bytes.fill(0xff);
  bytes.front() = static_cast<uint8_t>(0xed + offset);
  bytes.back() = 0x7f;
  return bytes;
}

constexpr Encoding Small(uint8_t value) {
  Encoding bytes{};
  bytes.front() = value;
  return bytes;
}

// The u-coordinates of all points of order 1, 2, 4 and 8 on the curve and its twist, as numbers
// below 2^255: those below the prime, and 0 and 1 once more as prime and prime + 1
// (https://cr.yp.to/ecdh.html, "validate").
constexpr Encoding kLowOrder[] = {
    Small(0),
    Small(1),
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
     0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
     0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
     0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
     0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
    PrimePlus(-1),
    PrimePlus(0),
    PrimePlus(1),
};

}  // namespace

absl::StatusOr<X25519PublicKey> X25519PublicKey::FromBytes(std::string_view bytes) {
  if (bytes.size() != kSize) return absl::InvalidArgumentError("public key is not 32 bytes");
  X25519PublicKey key;
  std::memcpy(key.bytes_.data(), bytes.data(), kSize);
  return key;
}

absl::Status X25519PublicKey::CheckPoint() const {
  Encoding number = bytes_;
  number.back() &= 0x7f;  // RFC 7748 section 5: the top bit is ignored
  if (std::ranges::find(kLowOrder, number) == std::end(kLowOrder)) return absl::OkStatus();
  return absl::InvalidArgumentError("X25519 public key is of small order");
}

}  // namespace letterlock::crypto
