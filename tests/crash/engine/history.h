// The history that engine_crash_writer writes and engine_crash_test looks for: write n puts one row
// into each of two tables of each of two mailboxes, together.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "engine/rocksdb/rocksdb_options.h"
#include "engine/row.h"

namespace letterlock::engine {

inline constexpr int kHistoryMailboxes = 8;
inline constexpr std::array<Table, 2> kHistoryTables = {Table{1}, Table{2}};

inline std::array<int, 2> MailboxesOf(uint64_t n) {
  const int first = static_cast<int>(n % kHistoryMailboxes);
  const int step = 1 + static_cast<int>(n / kHistoryMailboxes % (kHistoryMailboxes - 1));
  return {first, (first + step) % kHistoryMailboxes};
}

inline MailboxTag HistoryTag(int mailbox) {
  MailboxTag::Bytes bytes;
  bytes.fill(static_cast<char>(mailbox));
  return MailboxTag(bytes);
}

inline std::string HistoryValue(uint64_t n) {
  return std::to_string(n) + std::string(300, static_cast<char>('a' + n % 26));
}

// Small buffers, so that kills also meet flushes and compactions.
inline RocksDbOptions HistoryOptions(const std::string& directory) {
  RocksDbOptions options;
  options.directory = directory;
  options.block_cache_bytes = 1u << 20;
  options.write_buffer_bytes = 64u << 10;
  return options;
}

}  // namespace letterlock::engine
