#include "crypto/seal/padding.h"

#include <bit>

namespace letterlock::seal {
namespace {

constexpr size_t kSmallStep = 256;
constexpr size_t kSmallMost = 4096;

size_t RoundUp(size_t n, size_t step) { return (n + step - 1) / step * step; }

// Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files", 2019): only the first
// s + 1 bits of a length are kept.
size_t PadmeStep(size_t n) {
  const int e = static_cast<int>(std::bit_width(n)) - 1;
  const int s = std::bit_width(static_cast<unsigned>(e));
  return size_t{1} << (e - s);
}

}  // namespace

absl::StatusOr<uint32_t> PaddedLength(size_t size) {
  if (size == 0 || size > kMaxPaddedLength) {
    return absl::InvalidArgumentError("content is too large");
  }
  const size_t step = size <= kSmallMost ? kSmallStep : PadmeStep(size);
  return static_cast<uint32_t>(RoundUp(size, step));
}

bool IsPaddedLength(uint64_t length) {
  // A length that padding gives is padded to itself.
  return length <= kMaxPaddedLength && length > 0 && *PaddedLength(length) == length;
}

}  // namespace letterlock::seal
