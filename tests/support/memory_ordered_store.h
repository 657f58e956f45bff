// An ordered store in memory, which fails when told to, with or without having done the work.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/ordered_store.h"
#include "support/memory_log.h"

namespace letterlock::test {

class MemoryOrderedReader : public engine::OrderedReader {
 public:
  explicit MemoryOrderedReader(std::map<std::string, std::string> start = {})
      : rows(std::move(start)) {}

  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    const auto found = rows.find(std::string(key));
    if (found == rows.end()) return std::optional<std::string>();
    return std::optional<std::string>(found->second);
  }
  absl::StatusOr<std::vector<std::optional<std::string>>> GetMany(
      absl::Span<const std::string> keys) const override {
    std::vector<std::optional<std::string>> values;
    for (const std::string& key : keys) values.push_back(*Get(key));
    return values;
  }
  absl::StatusOr<engine::OrderedPage> Scan(std::string_view from, std::string_view to,
                                           size_t limit) const override {
    engine::OrderedPage page;
    for (auto at = rows.lower_bound(std::string(from)); at != rows.end(); ++at) {
      if (!to.empty() && at->first >= to) break;
      if (page.entries.size() == limit) {
        page.more = true;
        break;
      }
      page.entries.push_back({at->first, at->second});
    }
    return page;
  }

  std::map<std::string, std::string> rows;
};

// Not thread-safe, but for snapshots, which are copies.
class MemoryOrderedStore final : public engine::OrderedStore {
 public:
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    return newest.Get(key);
  }
  absl::StatusOr<std::vector<std::optional<std::string>>> GetMany(
      absl::Span<const std::string> keys) const override {
    return newest.GetMany(keys);
  }
  absl::StatusOr<engine::OrderedPage> Scan(std::string_view from, std::string_view to,
                                           size_t limit) const override {
    return newest.Scan(from, to, limit);
  }
  absl::Status Write(const engine::OrderedBatch& batch, Sync) override {
    const Fault now = writes_before_fault-- == 0 ? fault : Fault::kNone;
    if (now != Fault::kFailsAndDoesNotPersist) {
      for (const auto& [key, value] : batch.changes()) {
        if (value) {
          newest.rows[key] = *value;
        } else {
          newest.rows.erase(key);
        }
      }
    }
    return now == Fault::kNone ? absl::OkStatus() : absl::UnavailableError("the disk says no");
  }
  absl::Status Compact(std::string_view from, std::string_view to) override {
    compacted.emplace_back(from, to);
    return absl::OkStatus();
  }
  std::unique_ptr<const engine::OrderedReader> Snapshot() const override {
    return std::make_unique<MemoryOrderedReader>(newest.rows);
  }

  MemoryOrderedReader newest;
  Fault fault = Fault::kNone;
  int writes_before_fault = -1;  // the fault strikes the Write after so many; negative: none
  std::vector<std::pair<std::string, std::string>> compacted;
};

}  // namespace letterlock::test
