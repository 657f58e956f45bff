// Private: Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files", 2019): only the
// first s + 1 bits of a length are kept, which adds at most 12 %.
#pragma once

#include <bit>
#include <cstdint>

namespace letterlock::seal::internal {

// REQUIRES: n >= 2.
inline std::uint64_t Padme(std::uint64_t n) {
  const int e = static_cast<int>(std::bit_width(n)) - 1;
  const int s = static_cast<int>(std::bit_width(static_cast<unsigned>(e)));
  const std::uint64_t step = std::uint64_t{1} << (e - s);
  return (n + step - 1) / step * step;
}

}  // namespace letterlock::seal::internal
