// UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, nothing above U+10FFFF. Pure
// functions, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace letterlock::crypto {

// A Unicode scalar value, or a byte that starts none.
struct Scalar {
  std::uint32_t value;
  std::size_t size;  // bytes that it took
  bool valid;        // false: `size` is 1 and the byte starts nothing that is UTF-8
};

// The first character of `text`. REQUIRES: not empty.
Scalar FirstScalar(std::string_view text);

// REQUIRES: a scalar value.
void AppendScalar(std::uint32_t value, std::string* out);

// How many scalar values `text` holds; nothing unless all of it is valid.
std::optional<std::size_t> CountCharacters(std::string_view text);

}  // namespace letterlock::crypto
