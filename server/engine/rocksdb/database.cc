#include "database.h"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>

#include <cstdlib>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace letterlock::engine {
namespace {

constexpr double kBloomBitsPerKey = 10;
constexpr size_t kBlockBytes = 8u << 10;
constexpr int kLevel0Files = 16;
// Of a memtable's size: some 20 bits for each of its rows.
constexpr double kMemtableBloom = 0.005;
constexpr size_t kMaxLogFileBytes = 1u << 20;
constexpr size_t kLogFiles = 5;

rocksdb::BlockBasedTableOptions TableOptions(const RocksDbOptions& options) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  // Reads take runs of neighbours: two to three times less CPU than with blocks of 4 KiB.
  table.block_size = kBlockBytes;
  // Otherwise indexes and filters are outside of every bound.
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kBloomBitsPerKey));
  return table;
}

rocksdb::Options DatabaseOptions(const RocksDbOptions& options) {
  rocksdb::Options db;
  db.table_factory.reset(rocksdb::NewBlockBasedTableFactory(TableOptions(options)));
  db.compression = rocksdb::kNoCompression;
  db.level_compaction_dynamic_level_bytes = true;
  db.write_buffer_size = options.write_buffer_bytes;
  db.max_write_buffer_number = 3;
  // Each Send asks twice for a row that is not there.
  db.memtable_prefix_bloom_size_ratio = kMemtableBloom;
  db.memtable_whole_key_filtering = true;
  // Small memtables and many of their files before a compaction: a quarter less CPU for a commit
  // than few large ones, because inserting is what commits spend most on.
  db.level0_file_num_compaction_trigger = kLevel0Files;
  db.level0_slowdown_writes_trigger = 3 * kLevel0Files;
  db.level0_stop_writes_trigger = 4 * kLevel0Files;
  db.max_open_files = options.max_open_files;

  // Damage before the log's end must be seen: the default drops what follows it, silently.
  db.wal_recovery_mode = options.salvage ? rocksdb::WALRecoveryMode::kPointInTimeRecovery
                                         : rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  db.track_and_verify_wals_in_manifest = !options.salvage;
  // After a failed write we stay read-only until reopened; RocksDB must not resume behind our back.
  db.max_bgerror_resume_count = 0;

  // At the default level, manual compactions print keys.
  db.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  db.max_log_file_size = kMaxLogFileBytes;
  db.keep_log_file_num = kLogFiles;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  return db;
}

absl::Status FromOpen(const rocksdb::Status& status, const std::string& path) {
  // Opening names files, never rows: the text helps the operator.
  const std::string message = absl::StrCat("can't open ", path, ": ", status.ToString());
  if (status.IsNoSpace()) return absl::ResourceExhaustedError(message);
  if (status.IsCorruption() || status.IsInvalidArgument()) {
    return absl::DataLossError(absl::StrCat(message, " (docs/engine.md, \"After a crash\")"));
  }
  return absl::UnavailableError(message);
}

// A database without FORMAT is one whose making was cut short, and then it is empty.
absl::Status CheckEmpty(rocksdb::DB& db, const std::string& path) {
  std::unique_ptr<rocksdb::Iterator> it(db.NewIterator(rocksdb::ReadOptions()));
  it->SeekToFirst();
  if (!it->status().ok()) return FromRocksDb(it->status());
  if (!it->Valid()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(path, " has rows but no FORMAT"));
}

std::uint64_t Property(rocksdb::DB& db, const std::string& name) {
  std::uint64_t value = 0;
  db.GetIntProperty(name, &value);
  return value;
}

// Slowed down or stopped, for whatever reason.
std::uint64_t StallsOf(rocksdb::DB& db) {
  std::map<std::string, std::string> all;
  db.GetMapProperty(rocksdb::DB::Properties::kCFStats, &all);
  std::uint64_t stalls = 0;
  for (const char* name : {"io_stalls.total_slowdown", "io_stalls.total_stop"}) {
    const auto found = all.find(name);
    if (found != all.end()) stalls += std::strtoull(found->second.c_str(), nullptr, 10);
  }
  return stalls;
}

}  // namespace

StoreStatistics ReadStatistics(rocksdb::DB& db) {
  using Properties = rocksdb::DB::Properties;
  StoreStatistics statistics;
  statistics.stalled = Property(db, Properties::kIsWriteStopped) != 0 ||
                       Property(db, Properties::kActualDelayedWriteRate) != 0;
  statistics.stalls = StallsOf(db);
  statistics.bytes_on_disk = Property(db, Properties::kTotalSstFilesSize);
  statistics.bytes_in_memory =
      Property(db, Properties::kCurSizeAllMemTables) + Property(db, Properties::kBlockCacheUsage);
  statistics.bytes_to_merge = Property(db, Properties::kEstimatePendingCompactionBytes);
  return statistics;
}

absl::StatusOr<Database> OpenDatabase(const RocksDbOptions& options, std::string_view kind) {
  auto directory = StoreDirectory::Open(options.directory, kind);
  if (!directory.ok()) return directory.status();

  rocksdb::Options db_options = DatabaseOptions(options);
  // A store that was complete and has lost its database must not come up empty.
  db_options.create_if_missing = !(*directory)->complete();
  rocksdb::DB* db = nullptr;
  const std::string path = (*directory)->database_path();
  if (rocksdb::Status status = rocksdb::DB::Open(db_options, path, &db); !status.ok()) {
    return FromOpen(status, path);
  }
  Database database{std::move(*directory), std::unique_ptr<rocksdb::DB>(db)};
  if (!database.directory->complete()) {
    if (absl::Status status = CheckEmpty(*database.db, path); !status.ok()) return status;
    if (absl::Status status = database.directory->Complete(); !status.ok()) return status;
  }
  return database;
}

absl::Status FromRocksDb(const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  if (status.IsNoSpace()) return absl::ResourceExhaustedError("storage is full");
  if (status.IsCorruption()) return absl::DataLossError("storage is damaged");
  return absl::UnavailableError("storage failed");
}

}  // namespace letterlock::engine
