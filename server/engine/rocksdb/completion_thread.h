// Runs callbacks of writes, so that the committer can sync the next group meanwhile.
#pragma once

#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "pending_write.h"
#include "write_queue.h"

namespace letterlock::engine {

struct CompletedWrite {
  PendingWrite write;
  absl::Status status;
  bool queued = true;  // holds room in the queue, to be released before its callback runs
};

// Thread-safe. Answers in the order in which writes were posted, each without a lock of ours held.
// The destructor answers what is left.
class CompletionThread {
 public:
  explicit CompletionThread(WriteQueue& queue);
  ~CompletionThread();
  CompletionThread(const CompletionThread&) = delete;
  CompletionThread& operator=(const CompletionThread&) = delete;

  void Post(std::vector<CompletedWrite> group);
  void Refuse(PendingWrite write, absl::Status status);

 private:
  void Run();
  void AnswerOne(CompletedWrite completed);
  bool HasNews() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return closed_ || !completed_.empty(); }

  WriteQueue& queue_;
  absl::Mutex mu_;
  std::vector<CompletedWrite> completed_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // last: it uses all above
};

}  // namespace letterlock::engine
