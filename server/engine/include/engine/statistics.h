// How a store is doing, for its operator: nothing of what it holds.
#pragma once

#include <cstdint>

namespace letterlock::engine {

struct StoreStatistics {
  bool writable = true;      // false: a write failed, and only a new start finds out what is there
  bool stalled = false;      // writes are held back now, until files are merged
  std::uint64_t stalls = 0;  // times that this has begun since the start
  std::uint64_t bytes_on_disk = 0;    // in files, not in the write-ahead log
  std::uint64_t bytes_in_memory = 0;  // not yet in files, and cached blocks
  std::uint64_t bytes_to_merge = 0;   // an estimate
};

}  // namespace letterlock::engine
