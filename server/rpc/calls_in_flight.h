// How many calls of a service are not answered yet, and the end of taking more.
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace letterlock::rpc {

// Thread-safe.
class CallsInFlight {
 public:
  // False once Close() was called: the call is refused and not counted.
  [[nodiscard]] bool Enter() {
    absl::MutexLock lock(&mu_);
    if (closed_) return false;
    ++count_;
    return true;
  }
  void Leave() {
    absl::MutexLock lock(&mu_);
    --count_;
  }
  void Close() {
    absl::MutexLock lock(&mu_);
    closed_ = true;
  }
  int count() const {
    absl::MutexLock lock(&mu_);
    return count_;
  }
  // Whether the last call was answered before `deadline`.
  bool AwaitNone(absl::Time deadline) {
    absl::MutexLock lock(&mu_);
    return mu_.AwaitWithDeadline(absl::Condition(this, &CallsInFlight::None), deadline);
  }

 private:
  bool None() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return count_ == 0; }

  mutable absl::Mutex mu_;
  int count_ ABSL_GUARDED_BY(mu_) = 0;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace letterlock::rpc
