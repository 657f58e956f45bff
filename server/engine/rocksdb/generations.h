// The generations of mailboxes as the committer sees them: those on disk, moved on by what it is
// about to write.
#pragma once

#include <rocksdb/db.h>

#include <cstddef>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "engine/mailbox_tag.h"
#include "engine/row.h"
#include "pending_write.h"

namespace letterlock::engine {

// Bounded cache. Not thread-safe: the committer's own, and right only because nobody else writes.
class Generations {
 public:
  explicit Generations(rocksdb::DB& db) : db_(db) {}

  // Reads what is not known yet of all mailboxes of the group, in one lookup.
  void Load(const std::vector<PendingWrite>& group);

  // OK if every mailbox of the write, loaded before, has the generation that it expects; then moves
  // them on. ABORTED otherwise, or why it can't be read.
  absl::Status Advance(const PendingWrite& write);

  // Whatever was advanced is uncertain.
  void Forget() { known_.clear(); }

 private:
  rocksdb::DB& db_;
  absl::flat_hash_map<MailboxTag, absl::StatusOr<Generation>> known_;
};

}  // namespace letterlock::engine
