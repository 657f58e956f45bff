// Padded lengths (docs/formats.md, "Envelope"): a ciphertext's size tells its plaintext's only
// roughly. Multiples of 256 bytes up to 4 KiB, above that Padmé (at most 12 % more).
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"

namespace letterlock::seal {

inline constexpr size_t kMaxPaddedLength = 32768;  // bytes

// The one padded length for `size` bytes; INVALID_ARGUMENT for 0 and above kMaxPaddedLength.
absl::StatusOr<uint32_t> PaddedLength(size_t size);

// Whether PaddedLength gives `length` for any size.
bool IsPaddedLength(uint64_t length);

}  // namespace letterlock::seal
