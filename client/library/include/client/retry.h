// Repeats a call while the failure is one that passes. Thread-safe as far as its sleeper and random
// source are.
#pragma once

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "crypto/base/random.h"

namespace letterlock::client {

// Where time passes: handed in, so that tests don't wait.
class Sleeper {
 public:
  virtual ~Sleeper() = default;
  virtual void Sleep(absl::Duration duration) = 0;
};

class SystemSleeper final : public Sleeper {
 public:
  void Sleep(absl::Duration duration) override;
};

struct RetryPolicy {
  int attempts = 12;
  // Before the second attempt; doubles with each, up to `longest`. The wait is drawn between half
  // of that and all of it, so that clients that failed together don't come back together.
  absl::Duration first = absl::Milliseconds(100);
  absl::Duration longest = absl::Seconds(5);
  // No wait begins that would end beyond this sum of waits; a server that asks for more gets its
  // error shown instead.
  absl::Duration all_waits = absl::Seconds(30);
};

// Calls until OK, until an error that repeating can't mend, or until the policy is used up; returns
// the last status. UNAVAILABLE, DEADLINE_EXCEEDED, ABORTED and RESOURCE_EXHAUSTED are repeated, the
// last only where the server said when (RetryInfo); a server's RetryInfo is the least wait. The
// call must be safe to repeat.
absl::Status Retry(const RetryPolicy& policy, Sleeper& sleeper, crypto::RandomSource& random,
                   absl::FunctionRef<absl::Status()> call);

}  // namespace letterlock::client
