#include "partition_reader.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "database.h"
#include "row_layout.h"

namespace letterlock::engine {
namespace {

absl::StatusOr<std::optional<std::string>> FromLookup(const rocksdb::Status& status,
                                                      const rocksdb::PinnableSlice& value) {
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return FromRocksDb(status);
  return value.ToString();
}

absl::StatusOr<Generation> GenerationOf(const std::optional<std::string>& value) {
  if (!value) return kNoPartition;
  return ParseGeneration(*value);
}

// Appends rows from where `it` stands until the page is full or the range ends.
absl::Status FillPage(rocksdb::Iterator& it, const Range& range, Page& page) {
  size_t bytes = 0;
  for (; it.Valid(); range.reverse ? it.Prev() : it.Next()) {
    const auto parsed = ParseDatabaseKey(it.key().ToStringView());
    if (!parsed.ok()) return parsed.status();
    bytes += parsed->key.size() + it.value().size();
    if (page.rows.size() == range.limit || (bytes > kMaxPageBytes && !page.rows.empty())) {
      page.more = true;
      return absl::OkStatus();
    }
    page.rows.push_back({{parsed->table, std::string(parsed->key)}, it.value().ToString()});
  }
  return FromRocksDb(it.status());
}

}  // namespace

absl::StatusOr<Rows> ReadRows(rocksdb::DB& db, const MailboxTag& tag,
                              absl::Span<const RowKey> keys) {
  // The generation goes first. One MultiGet of one column family sees one state.
  std::vector<std::string> stored{GenerationKey(tag)};
  stored.reserve(keys.size() + 1);
  for (const RowKey& key : keys) stored.push_back(DatabaseKey(tag, key.table, key.key));
  const std::vector<rocksdb::Slice> slices(stored.begin(), stored.end());
  std::vector<rocksdb::PinnableSlice> values(stored.size());
  std::vector<rocksdb::Status> statuses(stored.size());
  db.MultiGet(rocksdb::ReadOptions(), db.DefaultColumnFamily(), slices.size(), slices.data(),
              values.data(), statuses.data());

  Rows rows;
  rows.values.reserve(keys.size());
  for (size_t i = 0; i < stored.size(); ++i) {
    auto value = FromLookup(statuses[i], values[i]);
    if (!value.ok()) return value.status();
    if (i > 0) {
      rows.values.push_back(*std::move(value));
      continue;
    }
    const auto generation = GenerationOf(*value);
    if (!generation.ok()) return generation.status();
    rows.generation = *generation;
  }
  return rows;
}

absl::StatusOr<std::optional<std::string>> ReadOneRow(rocksdb::DB& db, const MailboxTag& tag,
                                                      const RowKey& key) {
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = db.Get(rocksdb::ReadOptions(), db.DefaultColumnFamily(),
                                        DatabaseKey(tag, key.table, key.key), &value);
  return FromLookup(status, value);
}

absl::StatusOr<Page> ScanTable(rocksdb::DB& db, const MailboxTag& tag, Table table,
                               const Range& range) {
  rocksdb::ManagedSnapshot snapshot(&db);
  rocksdb::ReadOptions options;
  options.snapshot = snapshot.snapshot();

  Page page;
  rocksdb::PinnableSlice stored;
  const rocksdb::Status status =
      db.Get(options, db.DefaultColumnFamily(), GenerationKey(tag), &stored);
  const auto value = FromLookup(status, stored);
  if (!value.ok()) return value.status();
  const auto generation = GenerationOf(*value);
  if (!generation.ok()) return generation.status();
  page.generation = *generation;
  if (!range.to.empty() && range.from >= range.to) return page;

  const std::string from = DatabaseKey(tag, table, range.from);
  const std::string to =
      range.to.empty() ? TableEnd(tag, table) : DatabaseKey(tag, table, range.to);
  const rocksdb::Slice lower(from);
  const rocksdb::Slice upper(to);
  options.iterate_lower_bound = &lower;
  options.iterate_upper_bound = &upper;
  std::unique_ptr<rocksdb::Iterator> it(db.NewIterator(options));
  range.reverse ? it->SeekToLast() : it->SeekToFirst();
  if (absl::Status filled = FillPage(*it, range, page); !filled.ok()) return filled;
  return page;
}

}  // namespace letterlock::engine
