// Private: counting characters.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace letterlock::seal::internal {

// How many Unicode scalar values `text` holds; nothing unless it is valid UTF-8 (RFC 3629: no
// surrogates, no overlong forms, nothing above U+10FFFF).
std::optional<size_t> CountCharacters(std::string_view text);

}  // namespace letterlock::seal::internal
