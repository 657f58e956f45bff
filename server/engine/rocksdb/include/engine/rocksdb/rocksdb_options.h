// Where and within which bounds a RocksDB-backed store works.
#pragma once

#include <cstddef>
#include <string>

namespace letterlock::engine {

struct RocksDbOptions {
  // The store's own directory, made (0700) where it is missing. An existing one must belong to this
  // user and be closed to all others. One process at a time: FAILED_PRECONDITION while another has
  // it.
  std::string directory;

  // Queued, unanswered writes beyond which new ones get RESOURCE_EXHAUSTED. (Engine only.)
  size_t max_queued_writes = 4096;
  size_t max_queued_bytes = 64u << 20;

  // Memory: block cache with indexes and filters, and what is not yet in files.
  size_t block_cache_bytes = 128u << 20;
  size_t write_buffer_bytes = 8u << 20;  // each; up to 3 at a time
  int max_open_files = 512;

  // Opens a store whose write-ahead log is damaged before its end, and drops what follows the
  // damage, ACKNOWLEDGED WRITES TOO. Without it such a store is refused with DATA_LOSS. (A log that
  // ends within a record, as a crash leaves it, is no damage: that record was never acknowledged.)
  bool salvage = false;
};

}  // namespace letterlock::engine
