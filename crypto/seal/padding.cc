#include "crypto/seal/padding.h"

#include "padme.h"

namespace letterlock::seal {
namespace {

constexpr size_t kSmallStep = 256;
constexpr size_t kSmallMost = 4096;

size_t RoundUp(size_t n, size_t step) { return (n + step - 1) / step * step; }

}  // namespace

absl::StatusOr<uint32_t> PaddedLength(size_t size) {
  if (size == 0 || size > kMaxPaddedLength) {
    return absl::InvalidArgumentError("content is too large");
  }
  return static_cast<uint32_t>(size <= kSmallMost ? RoundUp(size, kSmallStep)
                                                  : internal::Padme(size));
}

bool IsPaddedLength(uint64_t length) {
  // A length that padding gives is padded to itself.
  return length <= kMaxPaddedLength && length > 0 && *PaddedLength(length) == length;
}

}  // namespace letterlock::seal
