// A small ordered key-value store for the public plane (directory entries, nodes of the map): one
// process, one directory, synchronous. It shares no file with an Engine; the two only share the way
// in which they use the disk.
//
// Thread-safe. Calls block on disk. Keys are ordered as unsigned bytes.
//
// Errors: UNAVAILABLE (storage failed), RESOURCE_EXHAUSTED (disk full), DATA_LOSS (a checksum of
// the store does not fit), INVALID_ARGUMENT (a limit below). After a failed Write it is UNKNOWN
// whether the batch was applied, all or nothing; the store is then read-only until it is reopened.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/statistics.h"

namespace letterlock::engine {

inline constexpr size_t kMaxOrderedKeySize = 1024;          // bytes
inline constexpr size_t kMaxOrderedBatchBytes = 64u << 20;  // keys and values together
inline constexpr size_t kMaxOrderedScanEntries = 10'000;    // of one Scan
inline constexpr size_t kMaxOrderedScanBytes = 4u << 20;    // keys and values of one Scan together

struct OrderedEntry {
  std::string key;
  std::string value;

  friend bool operator==(const OrderedEntry&, const OrderedEntry&) = default;
};

// Entries in ascending order. `more`: entries of the range follow; go on from the last key + '\0'.
struct OrderedPage {
  std::vector<OrderedEntry> entries;
  bool more = false;
};

// Changes that are applied all or none. For a key that is named twice, the later change counts,
// puts and deletes being kept in the order in which they were added.
class OrderedBatch {
 public:
  struct Change {
    std::string key;
    std::optional<std::string> value;  // nothing: a delete
  };

  void Put(std::string key, std::string value) {
    changes_.push_back({std::move(key), std::move(value)});
  }
  void Delete(std::string key) { changes_.push_back({std::move(key), std::nullopt}); }

  const std::vector<Change>& changes() const { return changes_; }

 private:
  std::vector<Change> changes_;
};

// Something that can be read: the newest committed state, or the state that a snapshot froze.
class OrderedReader {
 public:
  virtual ~OrderedReader() = default;

  // The value, or nothing where the key is not there.
  virtual absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const = 0;

  // Values of many keys, of one state, in the order asked. Cheaper than as many Gets.
  virtual absl::StatusOr<std::vector<std::optional<std::string>>> GetMany(
      absl::Span<const std::string> keys) const = 0;

  // Entries with from <= key < to, an empty `to` being the end, of one state: at most `limit` (1 to
  // kMaxOrderedScanEntries), and fewer where kMaxOrderedScanBytes would be passed, but at least one
  // if there is one.
  virtual absl::StatusOr<OrderedPage> Scan(std::string_view from, std::string_view to,
                                           size_t limit) const = 0;
};

class OrderedStore : public OrderedReader {
 public:
  // Whether Write returns only when the batch is on disk. Batches reach the disk in the order in
  // which they were written, so a durable one makes all before it durable; a crash loses only a
  // tail of kBuffered ones.
  enum class Sync { kDurable, kBuffered };

  // Applies the batch atomically: no reader ever sees a part of it.
  virtual absl::Status Write(const OrderedBatch& batch, Sync sync) = 0;

  // Rewrites the files that hold keys with from <= key < to, so that values which were deleted or
  // overwritten there are gone from them, unless a snapshot still shows them. Blocks on disk, for
  // as long as these files are large.
  virtual absl::Status Compact(std::string_view from, std::string_view to) = 0;

  // The state as it is now, unchanged by later writes. Hold it briefly: it keeps old versions on
  // disk. Must not outlive the store.
  virtual std::unique_ptr<const OrderedReader> Snapshot() const = 0;

  // Cheap enough to be asked every few seconds.
  virtual StoreStatistics statistics() const { return {}; }
};

}  // namespace letterlock::engine
