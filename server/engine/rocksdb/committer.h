// The one thread that writes: takes what is queued, checks generations, merges, syncs once, hands
// on the answers.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "completion_thread.h"
#include "generations.h"
#include "write_queue.h"

namespace letterlock::engine {

// Thread-safe. `db`, `queue` and `completions` must outlive it. The destructor closes the queue and
// returns when what was in it is committed or refused, and posted.
class Committer {
 public:
  Committer(rocksdb::DB& db, WriteQueue& queue, CompletionThread& completions);
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // OK, or why nothing is written any more.
  absl::Status Writable() const;

 private:
  void Run();
  void Commit(std::vector<PendingWrite> group);
  void RefuseAll(std::vector<PendingWrite> group);
  void BecomeReadOnly(const rocksdb::Status& cause, const std::vector<CompletedWrite>& group);

  rocksdb::DB& db_;
  WriteQueue& queue_;
  CompletionThread& completions_;

  // Of the thread alone.
  Generations generations_;
  rocksdb::WriteBatch merged_;                     // kept for its memory
  absl::flat_hash_set<MailboxTag> broken_chains_;  // mailboxes with a write that failed

  mutable absl::Mutex mu_;
  absl::Status writable_ ABSL_GUARDED_BY(mu_);

  std::thread thread_;  // last: it uses all above
};

}  // namespace letterlock::engine
