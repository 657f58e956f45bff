// Opens a RocksDB database within our bounds and by our rules, for the engine and the ordered
// store.
#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/rocksdb/rocksdb_options.h"
#include "engine/statistics.h"
#include "store_directory.h"

namespace letterlock::engine {

// A database and the directory that it holds; closes the database before it lets go of the
// directory.
struct Database {
  std::unique_ptr<StoreDirectory> directory;
  std::unique_ptr<rocksdb::DB> db;
};

// Opens or makes the store in options.directory. Errors as RocksDbEngine::Open documents them.
absl::StatusOr<Database> OpenDatabase(const RocksDbOptions& options, std::string_view kind);

// All but whether it is writable.
StoreStatistics ReadStatistics(rocksdb::DB& db);

// RESOURCE_EXHAUSTED (disk full), DATA_LOSS or UNAVAILABLE, without anything that was stored:
// RocksDB's own text is dropped.
absl::Status FromRocksDb(const rocksdb::Status& status);

}  // namespace letterlock::engine
