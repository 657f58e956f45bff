#include "group_batch.h"

#include <string>

#include "row_layout.h"

namespace letterlock::engine {

void GroupBatch::Add(const PendingWrite& pending) {
  const size_t index = writes_.size();
  writes_.push_back(&pending);
  if (pending.drop) return;
  for (const MailboxWrite& write : pending.writes) {
    last_[{write.tag, kEngineTable}] = index;
    for (const Row& row : write.batch.puts) {
      if (row.key.key.empty()) last_[{write.tag, row.key.table}] = index;
    }
    for (const RowKey& row : write.batch.deletes) {
      if (row.key.empty()) last_[{write.tag, row.table}] = index;
    }
  }
}

void GroupBatch::Build(rocksdb::WriteBatch& out) const {
  out.Clear();
  for (size_t i = 0; i < writes_.size(); ++i) AddTo(out, i);
}

void GroupBatch::AddTo(rocksdb::WriteBatch& out, size_t index) const {
  const PendingWrite& pending = *writes_[index];
  for (const MailboxWrite& write : pending.writes) {
    if (pending.drop) {
      out.DeleteRange(GenerationKey(write.tag), PartitionEnd(write.tag));
    } else {
      AddRows(out, write, pending.After(write), index);
    }
  }
}

void GroupBatch::AddRows(rocksdb::WriteBatch& out, const MailboxWrite& write, Generation after,
                         size_t index) const {
  std::string key = GenerationKey(write.tag);
  if (Counts(write.tag, {kEngineTable, ""}, index)) out.Put(key, GenerationValue(after));
  const auto at = [&key](const RowKey& row) -> const std::string& {
    key.resize(kTableAt);
    key += static_cast<char>(row.table);
    key += row.key;
    return key;
  };
  for (const Row& row : write.batch.puts) {
    if (Counts(write.tag, row.key, index)) out.Put(at(row.key), row.value);
  }
  for (const RowKey& row : write.batch.deletes) {
    if (Counts(write.tag, row, index)) out.Delete(at(row));
  }
}

bool GroupBatch::Counts(const MailboxTag& tag, const RowKey& row, size_t index) const {
  return !row.key.empty() || last_.at({tag, row.table}) == index;
}

}  // namespace letterlock::engine
