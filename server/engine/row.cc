#include "engine/row.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace letterlock::engine {
namespace {

absl::Status CheckKey(const RowKey& key) {
  if (key.table == Table{0}) return absl::InvalidArgumentError("table 0 is the engine's own");
  if (key.key.size() > kMaxKeySize) return absl::InvalidArgumentError("row key over 64 bytes");
  return absl::OkStatus();
}

template <typename T, typename Less, typename Equal>
bool HasTwins(std::vector<T>& items, Less less, Equal equal) {
  std::sort(items.begin(), items.end(), less);
  return std::adjacent_find(items.begin(), items.end(), equal) != items.end();
}

bool NamesARowTwice(const Batch& batch) {
  std::vector<const RowKey*> keys;
  keys.reserve(batch.puts.size() + batch.deletes.size());
  for (const Row& row : batch.puts) keys.push_back(&row.key);
  for (const RowKey& key : batch.deletes) keys.push_back(&key);
  return HasTwins(
      keys, [](const RowKey* a, const RowKey* b) { return *a < *b; },
      [](const RowKey* a, const RowKey* b) { return *a == *b; });
}

}  // namespace

std::optional<MailboxTag> MailboxTag::FromBytes(std::string_view bytes) {
  if (bytes.size() != kSize) return std::nullopt;
  Bytes copy;
  std::copy(bytes.begin(), bytes.end(), copy.begin());
  return MailboxTag(copy);
}

Range Behind(const Range& range, const Page& page) {
  Range rest = range;
  const std::string& last = page.rows.back().key.key;
  if (range.reverse) {
    rest.to = last;
  } else {
    rest.from = last + '\0';
  }
  return rest;
}

size_t BatchBytes(const Batch& batch) {
  size_t bytes = 0;
  for (const Row& row : batch.puts) bytes += row.key.key.size() + row.value.size();
  for (const RowKey& key : batch.deletes) bytes += key.key.size();
  return bytes;
}

absl::Status CheckBatch(const Batch& batch) {
  if (batch.puts.size() + batch.deletes.size() > kMaxBatchRows) {
    return absl::InvalidArgumentError("batch over 64 rows");
  }
  for (const Row& row : batch.puts) {
    if (absl::Status status = CheckKey(row.key); !status.ok()) return status;
  }
  for (const RowKey& key : batch.deletes) {
    if (absl::Status status = CheckKey(key); !status.ok()) return status;
  }
  if (BatchBytes(batch) > kMaxBatchBytes) return absl::InvalidArgumentError("batch over 1 MiB");
  if (NamesARowTwice(batch)) return absl::InvalidArgumentError("batch names a row twice");
  return absl::OkStatus();
}

absl::Status CheckTogether(const std::vector<MailboxWrite>& writes) {
  if (writes.empty() || writes.size() > kMaxMailboxesTogether) {
    return absl::InvalidArgumentError("not 1 to 8 mailboxes together");
  }
  std::vector<MailboxTag> tags;
  tags.reserve(writes.size());
  for (const MailboxWrite& write : writes) {
    if (absl::Status status = CheckBatch(write.batch); !status.ok()) return status;
    tags.push_back(write.tag);
  }
  if (HasTwins(tags, std::less<>(), std::equal_to<>())) {
    return absl::InvalidArgumentError("a mailbox is named twice");
  }
  return absl::OkStatus();
}

absl::Status CheckKeys(absl::Span<const RowKey> keys) {
  if (keys.size() > kMaxReadKeys) return absl::InvalidArgumentError("over 100 keys");
  for (const RowKey& key : keys) {
    if (absl::Status status = CheckKey(key); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckScan(Table table, const Range& range) {
  if (table == Table{0}) return absl::InvalidArgumentError("table 0 is the engine's own");
  if (range.from.size() > kMaxKeySize + 1 || range.to.size() > kMaxKeySize + 1) {
    return absl::InvalidArgumentError("bound over 65 bytes");
  }
  if (range.limit == 0 || range.limit > kMaxPageRows) {
    return absl::InvalidArgumentError("limit not 1 to 1,000");
  }
  return absl::OkStatus();
}

}  // namespace letterlock::engine
