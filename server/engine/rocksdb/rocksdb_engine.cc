#include "engine/rocksdb/rocksdb_engine.h"

#include <utility>

#include "committer.h"
#include "completion_thread.h"
#include "database.h"
#include "engine/store_format.h"
#include "partition_reader.h"
#include "rocksdb_maintenance.h"
#include "write_queue.h"

namespace letterlock::engine {
namespace {

class RocksDbEngineImpl final : public RocksDbEngine {
 public:
  RocksDbEngineImpl(Database database, const RocksDbOptions& options)
      : database_(std::move(database)),
        maintenance_(database_),
        queue_(options.max_queued_writes, options.max_queued_bytes),
        completions_(queue_),
        committer_(*database_.db, queue_, completions_) {}

  void Apply(MailboxTag tag, Generation expected, Batch batch, Done<Generation> done) override {
    absl::Status checked = CheckBatch(batch);
    Enqueue(
        std::move(checked),
        {.writes = One(tag, expected, std::move(batch)), .drop = false, .done = std::move(done)});
  }

  void ApplyTogether(std::vector<MailboxWrite> writes,
                     Done<std::vector<Generation>> done) override {
    absl::Status checked = CheckTogether(writes);
    Enqueue(std::move(checked),
            {.writes = std::move(writes), .drop = false, .done = std::move(done)});
  }

  bool CommitsTogether() const override { return true; }

  void Drop(MailboxTag tag, Generation expected, Done<Generation> done) override {
    Enqueue(absl::OkStatus(),
            {.writes = One(tag, expected, {}), .drop = true, .done = std::move(done)});
  }

  void Read(MailboxTag tag, absl::Span<const RowKey> keys, Done<Rows> done) override {
    absl::Status checked = CheckKeys(keys);
    if (!checked.ok()) return std::move(done)(std::move(checked));
    std::move(done)(ReadRows(*database_.db, tag, keys));
  }

  void ReadRow(MailboxTag tag, const RowKey& key, Done<std::optional<std::string>> done) override {
    absl::Status checked = CheckKeys(absl::MakeConstSpan(&key, 1));
    if (!checked.ok()) return std::move(done)(std::move(checked));
    std::move(done)(ReadOneRow(*database_.db, tag, key));
  }

  void Scan(MailboxTag tag, Table table, Range range, Done<Page> done) override {
    absl::Status checked = CheckScan(table, range);
    if (!checked.ok()) return std::move(done)(std::move(checked));
    std::move(done)(ScanTable(*database_.db, tag, table, range));
  }

  absl::Status Writable() const override { return committer_.Writable(); }

  Maintenance& maintenance() override { return maintenance_; }

  StoreStatistics statistics() const override {
    StoreStatistics statistics = ReadStatistics(*database_.db);
    statistics.writable = committer_.Writable().ok();
    return statistics;
  }

 private:
  static std::vector<MailboxWrite> One(MailboxTag tag, Generation expected, Batch batch) {
    std::vector<MailboxWrite> writes;
    writes.push_back({tag, expected, std::move(batch)});
    return writes;
  }

  void Enqueue(absl::Status checked, PendingWrite write) {
    if (checked.ok()) checked = committer_.Writable();
    if (checked.ok()) {
      switch (queue_.Push(write)) {
        case WriteQueue::Pushed::kYes:
          return;
        case WriteQueue::Pushed::kFull:
          checked = absl::ResourceExhaustedError("the engine's queue is full");
          break;
        case WriteQueue::Pushed::kClosed:
          checked = absl::UnavailableError("the engine is closing");
          break;
      }
    }
    completions_.Refuse(std::move(write), std::move(checked));
  }

  // In the order in which they may use each other; destroyed from the last up: the committer drains
  // the queue, then the callbacks run out, then the database closes.
  Database database_;
  RocksDbMaintenance maintenance_;
  WriteQueue queue_;
  CompletionThread completions_;
  Committer committer_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RocksDbEngine>> RocksDbEngine::Open(const RocksDbOptions& options) {
  auto database = OpenDatabase(options, kMailboxStore);
  if (!database.ok()) return database.status();
  return std::make_unique<RocksDbEngineImpl>(*std::move(database), options);
}

}  // namespace letterlock::engine
