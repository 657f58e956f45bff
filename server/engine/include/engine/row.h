// What an engine stores: rows, each in one table of one mailbox's partition, and the batches,
// ranges and pages in which they are written and read. An engine never looks into a value: it holds
// sealed rows only.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "engine/mailbox_tag.h"

namespace letterlock::engine {

// The limits are part of the contract: a caller that stays within them runs on any engine.
inline constexpr size_t kMaxKeySize = 64;           // bytes of RowKey::key
inline constexpr size_t kMaxBatchRows = 64;         // puts and deletes together
inline constexpr size_t kMaxBatchBytes = 1 << 20;   // keys and values together
inline constexpr size_t kMaxMailboxesTogether = 8;  // of one ApplyTogether
inline constexpr size_t kMaxReadKeys = 100;
inline constexpr size_t kMaxPageRows = 1000;
inline constexpr size_t kMaxPageBytes = 1 << 20;  // keys and values together

// A table inside a partition: 1 to 255, named by the engine's user. 0 is the engine's own.
enum class Table : uint8_t {};

// Where a row is, within its mailbox. `key` is 0 to kMaxKeySize bytes of any value; rows of a table
// are ordered by it, as unsigned bytes, a prefix before what it is a prefix of.
struct RowKey {
  Table table{};
  std::string key;

  friend bool operator==(const RowKey&, const RowKey&) = default;
  friend auto operator<=>(const RowKey&, const RowKey&) = default;
};

struct Row {
  RowKey key;
  std::string value;

  friend bool operator==(const Row&, const Row&) = default;
};

// Counts the writes that a partition took, by one each: the optimistic lock of a mailbox.
// kNoPartition is that of a partition which does not exist (yet, or any more); a stored one is
// never 0.
using Generation = uint64_t;
inline constexpr Generation kNoPartition = 0;

// One write to one mailbox: a put replaces, a delete of what is not there does nothing. No row may
// be named twice. An empty batch is allowed and only moves the generation.
struct Batch {
  std::vector<Row> puts;
  std::vector<RowKey> deletes;
};

// One mailbox's part of an ApplyTogether.
struct MailboxWrite {
  MailboxTag tag;
  Generation expected = kNoPartition;
  Batch batch;
};

// The keys of one table with from <= key < to; an empty `to` is the end of the table. Bounds may be
// one byte longer than a key, so that key + '\0', the position just behind a key, is one.
struct Range {
  std::string from{};
  std::string to{};
  bool reverse = false;         // from the greatest key down
  size_t limit = kMaxPageRows;  // rows of a page, 1 to kMaxPageRows
};

// Answer of Engine::Read: a value for each key asked, in the order asked, and the generation of
// exactly that state.
struct Rows {
  Generation generation = kNoPartition;
  std::vector<std::optional<std::string>> values;
};

// Answer of Engine::Scan: rows in the order of the range and the generation of exactly that state.
// A page ends at the range's limit or before kMaxPageBytes; `more` says that rows of the range
// follow, and then the page holds at least one row.
struct Page {
  Generation generation = kNoPartition;
  std::vector<Row> rows;
  bool more = false;
};

// What is left of `range` behind `page`. REQUIRES: page.more.
Range Behind(const Range& range, const Page& page);

// INVALID_ARGUMENT, naming the limit, unless the argument keeps to what is written above.
absl::Status CheckBatch(const Batch& batch);
absl::Status CheckTogether(const std::vector<MailboxWrite>& writes);
absl::Status CheckKeys(absl::Span<const RowKey> keys);
absl::Status CheckScan(Table table, const Range& range);

// Keys and values of a batch, in bytes.
size_t BatchBytes(const Batch& batch);

}  // namespace letterlock::engine
