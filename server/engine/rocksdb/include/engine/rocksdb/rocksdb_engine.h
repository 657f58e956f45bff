// The embedded engine, on RocksDB (docs/engine.md): one committer merges the queued writes into one
// batch and syncs once. Everything in one process commits together.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "engine/engine.h"
#include "engine/maintenance.h"
#include "engine/rocksdb/rocksdb_options.h"
#include "engine/statistics.h"

namespace letterlock::engine {

class RocksDbEngine : public Engine {
 public:
  // Opens or makes the store. FAILED_PRECONDITION: wrong owner or mode, in use, of another kind, or
  // its FORMAT asks for newer software. DATA_LOSS: damaged. UNAVAILABLE or RESOURCE_EXHAUSTED: the
  // disk.
  static absl::StatusOr<std::unique_ptr<RocksDbEngine>> Open(const RocksDbOptions& options);

  // Lives as long as the engine.
  virtual Maintenance& maintenance() = 0;

  // Cheap enough to be asked every few seconds.
  virtual StoreStatistics statistics() const = 0;
};

}  // namespace letterlock::engine
