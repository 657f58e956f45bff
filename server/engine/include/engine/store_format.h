// FORMAT, the file that says what a store is and which software may open it (docs/engine.md,
// "FORMAT"). Pure functions; thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace letterlock::engine {

// The newest format that this software writes, and the one that it reads.
inline constexpr int kFormatVersion = 1;
inline constexpr std::string_view kFormatFile = "FORMAT";
inline constexpr std::size_t kMaxFormatSize = 256;

// The kinds of stores.
inline constexpr std::string_view kMailboxStore = "mailboxes";
inline constexpr std::string_view kOrderedStore = "ordered";

// The file of a new store.
std::string FormatOf(std::string_view kind);

// Whether this software opens a store of `kind` with this FORMAT. DATA_LOSS for what is none;
// FAILED_PRECONDITION for another kind, and for a store that asks for newer software. `path`, of
// the store, stands in messages.
absl::Status CheckFormat(const std::string& path, std::string_view format, std::string_view kind);

}  // namespace letterlock::engine
