// The rows of a group of writes as one RocksDB batch.
#pragma once

#include <rocksdb/write_batch.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "engine/engine.h"
#include "pending_write.h"

namespace letterlock::engine {

// Readers see a group as a whole, so of all writes to one row only the last one counts. Where that
// is cheap to know, in tables of a single row (the generation, counters), only that one is put in:
// a busy mailbox has many writes in a group, and inserting is what commits spend most on.
//
// First Add each write that is applied, in order; then Build. Not thread-safe.
class GroupBatch {
 public:
  // `write` lives until Build has returned.
  void Add(const PendingWrite& write);

  // Replaces what `out` holds.
  void Build(rocksdb::WriteBatch& out) const;

 private:
  using SingleRow = std::pair<MailboxTag, Table>;

  void AddTo(rocksdb::WriteBatch& out, size_t index) const;
  void AddRows(rocksdb::WriteBatch& out, const MailboxWrite& write, Generation after,
               size_t index) const;
  // False where a later write of the group has the last word on this row.
  bool Counts(const MailboxTag& tag, const RowKey& row, size_t index) const;

  std::vector<const PendingWrite*> writes_;
  absl::flat_hash_map<SingleRow, size_t> last_;  // the place in writes_ of the last one
};

}  // namespace letterlock::engine
