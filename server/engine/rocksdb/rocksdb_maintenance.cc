#include "rocksdb_maintenance.h"

#include <rocksdb/utilities/checkpoint.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "row_layout.h"

namespace letterlock::engine {
namespace {

// A cursor is the database key at which the next page starts. It may be one byte longer than a
// row's.
constexpr size_t kMaxCursorSize = kRowKeyAt + kMaxKeySize + 1;

absl::Status CheckWalk(const std::string& cursor, size_t limit) {
  if (limit == 0 || limit > kMaxPageRows) {
    return absl::InvalidArgumentError("limit not 1 to 1,000");
  }
  if (!cursor.empty() && (cursor.size() < kRowKeyAt || cursor.size() > kMaxCursorSize)) {
    return absl::InvalidArgumentError("foreign cursor");
  }
  return absl::OkStatus();
}

std::unique_ptr<rocksdb::Iterator> Walk(rocksdb::DB& db) {
  rocksdb::ReadOptions options;
  options.fill_cache = false;  // a sweep must not push out what is being served
  return std::unique_ptr<rocksdb::Iterator>(db.NewIterator(options));
}

// Where the first partition behind this one can start at the earliest.
std::string BehindPartition(const MailboxTag& tag) { return PartitionEnd(tag); }

// Walks one table over all partitions in one state, stepping over everything else.
class TableWalk {
 public:
  TableWalk(rocksdb::DB& db, Table table) : it_(Walk(db)), table_(table) {}

  // Stands on the first row of the table at or behind `cursor`, or at the end.
  absl::Status Start(const std::string& cursor) {
    if (cursor.empty()) {
      it_->SeekToFirst();
      return Settle();
    }
    // The cursor may be within a partition, whose generation stands before it.
    tag_ = MailboxTag::FromBytes(std::string_view(cursor).substr(0, kTableAt));
    it_->Seek(GenerationKey(*tag_));
    if (absl::Status status = EnterPartition(); !status.ok()) return status;
    it_->Seek(cursor);
    return Settle();
  }

  absl::Status Next() {
    it_->Next();
    return Settle();
  }

  bool valid() const { return it_->Valid(); }
  const std::string stored_key() const { return it_->key().ToString(); }
  SealedRow row() const {
    return {.tag = *tag_,
            .generation = generation_,
            .row = {{table_, std::string(parsed_.key)}, it_->value().ToString()}};
  }

 private:
  // If the iterator stands on a generation, that is the one of the rows that follow.
  absl::Status EnterPartition() {
    if (!it_->Valid()) return FromRocksDb(it_->status());
    const auto key = ParseDatabaseKey(it_->key().ToStringView());
    if (!key.ok()) return key.status();
    if (key->table != kEngineTable) return absl::OkStatus();
    const auto generation = ParseGeneration(it_->value().ToStringView());
    if (!generation.ok()) return generation.status();
    tag_ = key->tag;
    generation_ = *generation;
    return absl::OkStatus();
  }

  // Moves on to a row of the table.
  absl::Status Settle() {
    while (it_->Valid()) {
      const auto key = ParseDatabaseKey(it_->key().ToStringView());
      if (!key.ok()) return key.status();
      if (key->table == kEngineTable) {
        if (absl::Status status = EnterPartition(); !status.ok()) return status;
        it_->Seek(DatabaseKey(key->tag, table_, ""));
      } else if (key->table < table_) {
        it_->Seek(DatabaseKey(key->tag, table_, ""));
      } else if (key->table > table_) {
        it_->Seek(BehindPartition(key->tag));
      } else {
        parsed_ = *key;
        return absl::OkStatus();
      }
    }
    return FromRocksDb(it_->status());
  }

  std::unique_ptr<rocksdb::Iterator> it_;
  const Table table_;
  std::optional<MailboxTag> tag_;
  Generation generation_ = kNoPartition;
  ParsedKey parsed_;
};

}  // namespace

absl::StatusOr<PartitionPage> RocksDbMaintenance::Partitions(const std::string& cursor,
                                                             size_t limit) {
  if (absl::Status status = CheckWalk(cursor, limit); !status.ok()) return status;
  std::unique_ptr<rocksdb::Iterator> it = Walk(*database_.db);
  PartitionPage page;
  for (it->Seek(cursor); it->Valid();) {
    const auto key = ParseDatabaseKey(it->key().ToStringView());
    if (!key.ok()) return key.status();
    if (page.partitions.size() == limit) {
      page.cursor = GenerationKey(key->tag);
      break;
    }
    const auto generation = ParseGeneration(it->value().ToStringView());
    if (key->table != kEngineTable) return absl::InvalidArgumentError("foreign cursor");
    if (!generation.ok()) return generation.status();
    page.partitions.push_back({key->tag, *generation});
    it->Seek(BehindPartition(key->tag));
  }
  if (!it->status().ok()) return FromRocksDb(it->status());
  return page;
}

absl::StatusOr<SealedPage> RocksDbMaintenance::RowsOf(Table table, const std::string& cursor,
                                                      size_t limit) {
  if (table == kEngineTable) return absl::InvalidArgumentError("table 0 is the engine's own");
  if (absl::Status status = CheckWalk(cursor, limit); !status.ok()) return status;
  TableWalk walk(*database_.db, table);
  SealedPage page;
  size_t bytes = 0;
  absl::Status status = walk.Start(cursor);
  for (; status.ok() && walk.valid(); status = walk.Next()) {
    SealedRow row = walk.row();
    bytes += row.row.key.key.size() + row.row.value.size();
    if (page.rows.size() == limit || (bytes > kMaxPageBytes && !page.rows.empty())) {
      page.cursor = walk.stored_key();
      break;
    }
    page.rows.push_back(std::move(row));
  }
  if (!status.ok()) return status;
  return page;
}

absl::Status RocksDbMaintenance::Checkpoint(const std::string& directory) {
  auto copy = database_.directory->NewCopy(directory);
  if (!copy.ok()) return copy.status();
  rocksdb::Checkpoint* checkpoint = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(database_.db.get(), &checkpoint);
  std::unique_ptr<rocksdb::Checkpoint> owned(checkpoint);
  if (status.ok()) status = owned->CreateCheckpoint((*copy)->database_path());
  absl::Status result = FromRocksDb(status);
  if (result.ok()) result = (*copy)->Complete();
  if (!result.ok()) {
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }
  return result;
}

absl::Status RocksDbMaintenance::Purge(const MailboxTag& tag) {
  rocksdb::DB& db = *database_.db;
  if (rocksdb::Status status = db.Flush(rocksdb::FlushOptions()); !status.ok()) {
    return FromRocksDb(status);
  }
  const std::string from = GenerationKey(tag);
  const std::string to = PartitionEnd(tag);
  const rocksdb::Slice begin(from);
  const rocksdb::Slice end(to);
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  // The lowest level, too, though nothing above changes it: a reader's snapshot may have kept old
  // rows alive when it was last written.
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  return FromRocksDb(db.CompactRange(options, &begin, &end));
}

}  // namespace letterlock::engine
