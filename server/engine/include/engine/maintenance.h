// The only way across mailboxes: for backup, key rotation and erasure, never for serving. It sees
// sealed rows and wrapped keys, and whoever links it must link nothing that opens them.
//
// Apart from Engine on purpose: code that holds an Engine can't walk mailboxes whose tags it
// doesn't know.
//
// Thread-safe, blocks on disk; call from a thread of its own. Works beside a serving Engine.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/mailbox_tag.h"
#include "engine/row.h"

namespace letterlock::engine {

struct Partition {
  MailboxTag tag;
  Generation generation = kNoPartition;

  friend bool operator==(const Partition&, const Partition&) = default;
};

struct PartitionPage {
  std::vector<Partition> partitions;  // ascending by tag
  std::string cursor;                 // where the next page starts; empty at the end
};

// A row of some mailbox, as it is stored, and its mailbox's generation in the same state: what is
// needed to replace it with Engine::Apply.
struct SealedRow {
  MailboxTag tag;
  Generation generation = kNoPartition;
  Row row;
};

struct SealedPage {
  std::vector<SealedRow> rows;  // ascending by tag, then key
  std::string cursor;           // where the next page starts; empty at the end
};

class Maintenance {
 public:
  virtual ~Maintenance() = default;

  // Walks all partitions. Start with an empty cursor and hand each page's cursor back until it is
  // empty. Every page is one state, but pages are not of one state together: a partition that was
  // there from first to last page is seen exactly once, one made or dropped meanwhile perhaps not.
  // `limit`: 1 to kMaxPageRows partitions. INVALID_ARGUMENT for a foreign cursor.
  virtual absl::StatusOr<PartitionPage> Partitions(const std::string& cursor, size_t limit) = 0;

  // Walks one table of all partitions, skipping over the other tables; same rules. A page also ends
  // before kMaxPageBytes.
  virtual absl::StatusOr<SealedPage> RowsOf(Table table, const std::string& cursor,
                                            size_t limit) = 0;

  // Writes a consistent copy of the store, as of some moment within the call, to `directory`, which
  // must not exist; it opens like any store. Files are linked where the file system can. On an
  // error nothing is left there.
  virtual absl::Status Checkpoint(const std::string& directory) = 0;

  // Rewrites what holds dropped or replaced rows of this mailbox, so that they are in no live file
  // of the store any more. Expensive; for erasure. What checkpoints and the file system keep is
  // beyond it.
  virtual absl::Status Purge(const MailboxTag& tag) = 0;
};

}  // namespace letterlock::engine
