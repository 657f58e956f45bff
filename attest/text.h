// Strict pieces of the line-based texts (notes, checkpoints, policies, proofs), private to attest.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace letterlock::attest {

// Decimal without sign or leading zero, at most 2^64 - 1; "0" for zero. nullopt for anything else.
std::optional<uint64_t> ParseDecimal(std::string_view text);

// Takes the text up to the next newline off `rest`, newline included. nullopt if there is none.
std::optional<std::string_view> TakeLine(std::string_view& rest);

// True if `text` is valid UTF-8 (no overlong forms, no surrogates) and holds no control character
// below U+0020 but newline: the character set of a signed note.
bool IsNoteText(std::string_view text);

// True if `name` is a key name of a signed note: not empty, valid UTF-8, no Unicode space, no plus.
bool IsKeyName(std::string_view name);

}  // namespace letterlock::attest
