// The words of a text, for the local index: Unicode's word boundaries (UAX 29), folded by
// NFKC_Casefold, so that case, width and compatibility forms make no difference. Scripts that are
// written without spaces (Han, Kana) give one term for each character, so that what is found does
// not hang on a dictionary's idea of words. Thread-safe.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace letterlock::client {

// 64 bits of a hash of each term, sorted, each once. `text` is UTF-8; what is not is read as
// U+FFFD. Words beyond 64 characters are cut there.
std::vector<std::uint64_t> TermsOf(std::string_view text);

}  // namespace letterlock::client
