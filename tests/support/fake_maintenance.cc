#include "fake_maintenance.h"

#include <optional>
#include <string_view>

namespace letterlock::testing {
namespace {

// A cursor is a tag and, for rows, the key behind which the next page starts.
struct Cursor {
  engine::MailboxTag tag;
  std::optional<std::string> key;
};

absl::StatusOr<std::optional<Cursor>> ParseCursor(const std::string& text, size_t limit) {
  if (limit == 0 || limit > engine::kMaxPageRows) return absl::InvalidArgumentError("limit");
  if (text.empty()) return std::nullopt;
  constexpr size_t kSize = engine::MailboxTag::kSize;
  if (text.size() < kSize || text.size() > kSize + 1 + engine::kMaxKeySize) {
    return absl::InvalidArgumentError("foreign cursor");
  }
  Cursor cursor{.tag = *engine::MailboxTag::FromBytes(std::string_view(text).substr(0, kSize)),
                .key = std::nullopt};
  if (text.size() > kSize) cursor.key = text.substr(kSize + 1);
  return cursor;
}

}  // namespace

absl::StatusOr<engine::PartitionPage> FakeMaintenance::Partitions(const std::string& cursor,
                                                                  size_t limit) {
  const auto start = ParseCursor(cursor, limit);
  if (!start.ok()) return start.status();
  engine::PartitionPage page;
  absl::MutexLock lock(&storage_->mu);
  for (const auto& [tag, partition] : storage_->partitions) {
    if (*start && tag <= (*start)->tag) continue;
    if (page.partitions.size() == limit) {
      page.cursor = std::string(page.partitions.back().tag.bytes());
      break;
    }
    page.partitions.push_back({tag, partition.generation});
  }
  return page;
}

absl::StatusOr<engine::SealedPage> FakeMaintenance::RowsOf(engine::Table table,
                                                           const std::string& cursor,
                                                           size_t limit) {
  const auto start = ParseCursor(cursor, limit);
  if (!start.ok()) return start.status();
  if (table == engine::Table{0}) return absl::InvalidArgumentError("table 0");
  engine::SealedPage page;
  size_t bytes = 0;
  absl::MutexLock lock(&storage_->mu);
  for (const auto& [tag, partition] : storage_->partitions) {
    for (const auto& [key, value] : partition.rows) {
      if (key.table != table) continue;
      if (*start && tag < (*start)->tag) continue;
      if (*start && tag == (*start)->tag && key.key <= (*start)->key) continue;
      bytes += key.key.size() + value.size();
      if (page.rows.size() == limit || (bytes > engine::kMaxPageBytes && !page.rows.empty())) {
        const engine::SealedRow& last = page.rows.back();
        page.cursor = std::string(last.tag.bytes()) + '/' + last.row.key.key;
        return page;
      }
      page.rows.push_back({tag, partition.generation, {key, value}});
    }
  }
  return page;
}

absl::Status FakeMaintenance::Checkpoint(const std::string&) {
  return absl::UnimplementedError("the fake has no files");
}

absl::Status FakeMaintenance::Purge(const engine::MailboxTag&) { return absl::OkStatus(); }

}  // namespace letterlock::testing
