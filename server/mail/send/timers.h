// Calls functions later. Private to the send part.
#pragma once

#include <map>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace letterlock::mail {

// Thread-safe.
class Timers {
 public:
  using Task = absl::AnyInvocable<void() &&>;

  Timers();
  // What is not due yet is destroyed without a call.
  ~Timers();

  // Runs `task` at `when` on the thread of this, where it must not block.
  void At(absl::Time when, Task task);

 private:
  void Run();
  bool Stirred() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return stirred_ || stopping_; }

  absl::Mutex mu_;
  std::multimap<absl::Time, Task> tasks_ ABSL_GUARDED_BY(mu_);
  bool stirred_ ABSL_GUARDED_BY(mu_) = false;  // something new is due first
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace letterlock::mail
