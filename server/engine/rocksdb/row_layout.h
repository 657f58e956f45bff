// Where rows are in RocksDB's key space (docs/engine.md, "Keys"): tag (16) ‖ table (1) ‖ row key.
// The row of the engine's own table 0, with an empty row key, holds the partition's generation.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "engine/mailbox_tag.h"
#include "engine/row.h"

namespace letterlock::engine {

inline constexpr size_t kTableAt = MailboxTag::kSize;
inline constexpr size_t kRowKeyAt = kTableAt + 1;
inline constexpr Table kEngineTable{0};

std::string DatabaseKey(const MailboxTag& tag, Table table, std::string_view key);
inline std::string GenerationKey(const MailboxTag& tag) {
  return DatabaseKey(tag, kEngineTable, "");
}

// Greater than every key of the table, and not greater than any key behind it; so for the
// partition.
std::string TableEnd(const MailboxTag& tag, Table table);
std::string PartitionEnd(const MailboxTag& tag);

struct ParsedKey {
  MailboxTag tag;
  Table table{};
  std::string_view key;  // into the argument
};

// DATA_LOSS for what DatabaseKey can't have made.
absl::StatusOr<ParsedKey> ParseDatabaseKey(std::string_view key);

// 8 bytes, big-endian. Parsing: DATA_LOSS for another length or 0, which is never stored.
std::string GenerationValue(Generation generation);
absl::StatusOr<Generation> ParseGeneration(std::string_view value);

}  // namespace letterlock::engine
