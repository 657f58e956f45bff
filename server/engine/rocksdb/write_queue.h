// The bounded queue between callers and the committer.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "pending_write.h"

namespace letterlock::engine {

// Thread-safe; Push never blocks on disk. A write takes up room from Push until Release, that is,
// until it is answered, so that slow callbacks push back, too.
class WriteQueue {
 public:
  WriteQueue(size_t max_writes, size_t max_bytes)
      : max_writes_(max_writes), max_bytes_(max_bytes) {}

  enum class Pushed { kYes, kFull, kClosed };
  // Takes `write` only if the answer is kYes.
  Pushed Push(PendingWrite& write);

  // Waits for writes and takes the oldest, up to a group's size; empty when closed and drained. Not
  // empty otherwise.
  std::vector<PendingWrite> TakeGroup();

  void Release(size_t bytes);

  void Close();

 private:
  bool HasNews() const ABSL_SHARED_LOCKS_REQUIRED(mu_) { return closed_ || !writes_.empty(); }

  const size_t max_writes_;
  const size_t max_bytes_;
  std::atomic<size_t> writes_held_{0};
  std::atomic<size_t> bytes_held_{0};

  absl::Mutex mu_;
  std::deque<PendingWrite> writes_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace letterlock::engine
