#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace letterlock::cli {

struct Scalar {
  std::uint32_t value;
  std::size_t size;  // bytes that it took
  bool valid;        // false: `size` is 1 and the byte starts nothing that is UTF-8
};

// The first character of `text` (RFC 3629: no surrogates, no overlong forms). REQUIRES: not empty.
Scalar FirstScalar(std::string_view text);

void AppendScalar(std::uint32_t value, std::string* out);

}  // namespace letterlock::cli
