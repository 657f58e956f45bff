// Byte strings with one bit changed.
#pragma once

#include <cstddef>
#include <string>

namespace letterlock::testing {

// REQUIRES: bit < 8 * bytes.size().
inline std::string Flip(std::string bytes, size_t bit) {
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  return bytes;
}

}  // namespace letterlock::testing
