// Sees when a store stops taking writes (a full or failing disk), which nothing but a new start
// mends. Reads would go on, but a server that can't take mail has to say so rather than look well.
#pragma once

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "engine/engine.h"

namespace letterlock::mail {

// Thread-safe.
class StoreWatch {
 public:
  using Lost = absl::AnyInvocable<void(const absl::Status& why) &&>;

  // Asks `engine` at once and then each `interval`. `lost` runs at most once, on a thread of this.
  // `engine` is not owned and outlives this.
  StoreWatch(const engine::Engine& engine, absl::Duration interval, Lost lost);
  // Returns when `lost` has, where it runs.
  ~StoreWatch();
  StoreWatch(const StoreWatch&) = delete;
  StoreWatch& operator=(const StoreWatch&) = delete;

 private:
  void Run(Lost lost);

  const engine::Engine& engine_;
  const absl::Duration interval_;
  absl::Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace letterlock::mail
