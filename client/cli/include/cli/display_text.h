// Others' text on a terminal: nothing in it may move the cursor, change colours, reorder what
// stands beside it or hide. Thread-safe.
//
// Neutralised: control characters (C0, DEL, C1), so that no escape sequence starts; the
// bidirectional marks, embeddings, overrides and isolates; line and paragraph separators; invisible
// characters that join nothing (zero-width space, word joiner, byte order mark, soft hyphen, tag
// characters, invisible operators); bytes that are not UTF-8. Zero-width joiners and variation
// selectors stay: emoji and several scripts need them. Each neutralised character is shown: a C0
// control as its Unicode picture, the others as <U+202E>, a broken byte as U+FFFD.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace letterlock::cli {

// One line: line breaks and tabs become single spaces.
std::string DisplayLine(std::string_view text);

// Several lines: each begins with `indent`, so that a body can't pass for what the program itself
// prints at the start of a line. Ends with a line break. CR LF counts as a line break.
std::string DisplayBlock(std::string_view text, std::string_view indent);

// Columns that `text` takes on a terminal (wcwidth of Unicode characters: wide ones count two,
// combining ones none). REQUIRES: `text` came from DisplayLine or is plain ASCII.
std::size_t DisplayWidth(std::string_view text);

// `text` cut to at most `columns`, ending in "…" where something was cut.
std::string CutToWidth(std::string_view text, std::size_t columns);

}  // namespace letterlock::cli
