// A bounded pool of threads for work that touches disk or costs cryptography: gRPC's own threads
// must never wait. A full queue is refused at once; the caller is told to come back (Exhausted in
// status.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace letterlock::rpc {

// Thread-safe.
class WorkerPool {
 public:
  struct Options {
    std::size_t threads = 2;
    // Tasks that wait, beside those that run; every task waits at first.
    std::size_t queue = 1024;
    // At most 15 characters, for the threads' names.
    std::string name = "pool";
  };

  // Called exactly once on a thread of the pool: with OK to do the work, with DEADLINE_EXCEEDED (as
  // in status.h) where the deadline passed while the task waited; then it only answers its caller.
  using Task = absl::AnyInvocable<void(const absl::Status& admission) &&>;

  // REQUIRES: threads >= 1, queue >= 1.
  explicit WorkerPool(Options options);
  // Drains.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False, and `task` is destroyed without a call, when the queue is full or the pool drains.
  [[nodiscard]] bool TrySubmit(absl::Time deadline, Task task);

  // Takes no more tasks, runs those that wait and joins the threads. Idempotent. Not from a task.
  void Drain();

  // Tasks that wait now.
  std::size_t waiting() const;
  // Tasks refused since the start.
  std::uint64_t refused() const;

 private:
  struct Entry {
    absl::Time deadline;
    Task task;
  };

  void Run();
  bool HasWorkOrStops() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Options options_;

  mutable absl::Mutex mu_;
  std::deque<Entry> queue_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::uint64_t refused_ ABSL_GUARDED_BY(mu_) = 0;

  absl::Mutex join_mu_ ABSL_ACQUIRED_BEFORE(mu_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(join_mu_);
};

}  // namespace letterlock::rpc
