// The thread that makes heads: soon after something changed, and now and then in any case.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/directory/registry.h"

namespace letterlock::directory {

class HeadMaker {
 public:
  struct Options {
    absl::Duration interval = absl::Seconds(1);  // at least, between two heads
    absl::Duration interval_max =
        absl::Seconds(60);                    // at most; a quiet directory shows a fresh head, too
    absl::Duration retry = absl::Seconds(1);  // after a failure that may pass
  };
  // Told of each failure, on the maker's thread; `final` when no further head will be made. Must
  // not block, nor destroy the maker.
  using OnError = std::function<void(const absl::Status& status, bool final)>;

  // Starts. `registry` is not owned and outlives the maker; nobody else calls its MakeHead.
  HeadMaker(Registry* registry, const Options& options, OnError on_error);
  // Stops after the head in the making; what waits then stays unanswered until the registry goes.
  ~HeadMaker();

 private:
  void Run();
  bool SleepUntil(absl::Time until) ABSL_LOCKS_EXCLUDED(mu_);  // false: stop

  Registry* const registry_;
  const Options options_;
  const OnError on_error_;

  mutable absl::Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;

  std::thread thread_;  // last: runs over all that stands above
};

}  // namespace letterlock::directory
