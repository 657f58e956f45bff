#include "engine/rocksdb/rocksdb_ordered_store.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "database.h"
#include "engine/store_format.h"

namespace letterlock::engine {
namespace {

absl::StatusOr<std::optional<std::string>> FromLookup(const rocksdb::Status& status,
                                                      const rocksdb::PinnableSlice& value) {
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return FromRocksDb(status);
  return value.ToString();
}

// Reads of the newest state, or of that of a snapshot.
class Reader : public OrderedReader {
 public:
  Reader(rocksdb::DB& db, const rocksdb::Snapshot* snapshot) : db_(db) {
    options_.snapshot = snapshot;
  }

  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    rocksdb::PinnableSlice value;
    return FromLookup(db_.Get(options_, db_.DefaultColumnFamily(), key, &value), value);
  }

  absl::StatusOr<std::vector<std::optional<std::string>>> GetMany(
      absl::Span<const std::string> keys) const override {
    const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
    std::vector<rocksdb::PinnableSlice> values(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    db_.MultiGet(options_, db_.DefaultColumnFamily(), slices.size(), slices.data(), values.data(),
                 statuses.data());
    std::vector<std::optional<std::string>> out;
    out.reserve(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      auto value = FromLookup(statuses[i], values[i]);
      if (!value.ok()) return value.status();
      out.push_back(*std::move(value));
    }
    return out;
  }

  absl::StatusOr<OrderedPage> Scan(std::string_view from, std::string_view to,
                                   size_t limit) const override {
    if (limit == 0 || limit > kMaxOrderedScanEntries) {
      return absl::InvalidArgumentError("limit not 1 to 10,000");
    }
    OrderedPage page;
    if (!to.empty() && from >= to) return page;
    rocksdb::ReadOptions options = options_;
    const rocksdb::Slice upper(to);
    if (!to.empty()) options.iterate_upper_bound = &upper;
    std::unique_ptr<rocksdb::Iterator> it(db_.NewIterator(options));
    size_t bytes = 0;
    for (it->Seek(from); it->Valid(); it->Next()) {
      bytes += it->key().size() + it->value().size();
      if (page.entries.size() == limit || (bytes > kMaxOrderedScanBytes && !page.entries.empty())) {
        page.more = true;
        break;
      }
      page.entries.push_back({it->key().ToString(), it->value().ToString()});
    }
    if (!it->status().ok()) return FromRocksDb(it->status());
    return page;
  }

 private:
  rocksdb::DB& db_;
  rocksdb::ReadOptions options_;
};

class SnapshotReader final : public Reader {
 public:
  SnapshotReader(rocksdb::DB& db, const rocksdb::Snapshot* snapshot)
      : Reader(db, snapshot), held_(&db, snapshot) {}

 private:
  const rocksdb::ManagedSnapshot held_;
};

absl::Status CheckChanges(const OrderedBatch& batch) {
  size_t bytes = 0;
  for (const OrderedBatch::Change& change : batch.changes()) {
    if (change.key.size() > kMaxOrderedKeySize) {
      return absl::InvalidArgumentError("key over 1,024 bytes");
    }
    bytes += change.key.size() + (change.value ? change.value->size() : 0);
  }
  if (bytes > kMaxOrderedBatchBytes) return absl::InvalidArgumentError("batch over 64 MiB");
  return absl::OkStatus();
}

class RocksDbOrderedStore final : public OrderedStore {
 public:
  explicit RocksDbOrderedStore(Database database)
      : database_(std::move(database)), newest_(*database_.db, nullptr) {}

  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    return newest_.Get(key);
  }
  absl::StatusOr<std::vector<std::optional<std::string>>> GetMany(
      absl::Span<const std::string> keys) const override {
    return newest_.GetMany(keys);
  }
  absl::StatusOr<OrderedPage> Scan(std::string_view from, std::string_view to,
                                   size_t limit) const override {
    return newest_.Scan(from, to, limit);
  }

  absl::Status Write(const OrderedBatch& batch, Sync sync) override {
    if (absl::Status status = CheckChanges(batch); !status.ok()) return status;
    if (absl::Status status = Writable(); !status.ok()) return status;
    rocksdb::WriteBatch changes;
    for (const OrderedBatch::Change& change : batch.changes()) {
      if (change.value) {
        changes.Put(change.key, *change.value);
      } else {
        changes.Delete(change.key);
      }
    }
    rocksdb::WriteOptions options;
    options.sync = sync == Sync::kDurable;
    absl::Status status = FromRocksDb(database_.db->Write(options, &changes));
    if (!status.ok()) BecomeReadOnly(status);
    return status;
  }

  absl::Status Compact(std::string_view from, std::string_view to) override {
    rocksdb::CompactRangeOptions options;
    // The lowest files, too: what was deleted may lie there.
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    const rocksdb::Slice begin(from), end(to);
    return FromRocksDb(database_.db->CompactRange(options, &begin, &end));
  }

  std::unique_ptr<const OrderedReader> Snapshot() const override {
    return std::make_unique<SnapshotReader>(*database_.db, database_.db->GetSnapshot());
  }

  StoreStatistics statistics() const override {
    StoreStatistics statistics = ReadStatistics(*database_.db);
    statistics.writable = Writable().ok();
    return statistics;
  }

 private:
  absl::Status Writable() const {
    absl::MutexLock lock(&mu_);
    return writable_;
  }

  void BecomeReadOnly(const absl::Status& cause) {
    absl::MutexLock lock(&mu_);
    writable_ = cause;
  }

  Database database_;
  const Reader newest_;
  mutable absl::Mutex mu_;
  absl::Status writable_ ABSL_GUARDED_BY(mu_);
};

}  // namespace

absl::StatusOr<std::unique_ptr<OrderedStore>> OpenRocksDbOrderedStore(
    const RocksDbOptions& options) {
  auto database = OpenDatabase(options, kOrderedStore);
  if (!database.ok()) return database.status();
  return std::make_unique<RocksDbOrderedStore>(*std::move(database));
}

}  // namespace letterlock::engine
