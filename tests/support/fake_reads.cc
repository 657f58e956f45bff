#include "fake_reads.h"

#include <algorithm>

namespace letterlock::testing {

absl::StatusOr<engine::Rows> ReadFake(FakeStorage& storage, const engine::MailboxTag& tag,
                                      absl::Span<const engine::RowKey> keys) {
  if (absl::Status status = CheckKeys(keys); !status.ok()) return status;
  engine::Rows rows;
  rows.values.resize(keys.size());
  absl::MutexLock lock(&storage.mu);
  const auto partition = storage.partitions.find(tag);
  if (partition == storage.partitions.end()) return rows;
  rows.generation = partition->second.generation;
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto row = partition->second.rows.find(keys[i]);
    if (row != partition->second.rows.end()) rows.values[i] = row->second;
  }
  return rows;
}

absl::StatusOr<engine::Page> ScanFake(FakeStorage& storage, const engine::MailboxTag& tag,
                                      engine::Table table, const engine::Range& range) {
  if (absl::Status status = CheckScan(table, range); !status.ok()) return status;
  engine::Page page;
  absl::MutexLock lock(&storage.mu);
  const auto partition = storage.partitions.find(tag);
  if (partition == storage.partitions.end()) return page;
  page.generation = partition->second.generation;

  std::vector<engine::Row> all;
  for (const auto& [key, value] : partition->second.rows) {
    if (key.table != table || key.key < range.from) continue;
    if (!range.to.empty() && key.key >= range.to) continue;
    all.push_back({key, value});
  }
  if (range.reverse) std::reverse(all.begin(), all.end());
  size_t bytes = 0;
  for (engine::Row& row : all) {
    bytes += row.key.key.size() + row.value.size();
    page.more =
        page.rows.size() == range.limit || (bytes > engine::kMaxPageBytes && !page.rows.empty());
    if (page.more) break;
    page.rows.push_back(std::move(row));
  }
  return page;
}

}  // namespace letterlock::testing
