// The ordered store of the public plane on RocksDB, in a directory of its own.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "engine/ordered_store.h"
#include "engine/rocksdb/rocksdb_options.h"

namespace letterlock::engine {

// Opens or makes the store; errors as RocksDbEngine::Open.
absl::StatusOr<std::unique_ptr<OrderedStore>> OpenRocksDbOrderedStore(
    const RocksDbOptions& options);

}  // namespace letterlock::engine
