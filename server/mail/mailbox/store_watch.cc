#include "server/mail/mailbox/store_watch.h"

#include <utility>

namespace letterlock::mail {

StoreWatch::StoreWatch(const engine::Engine& engine, absl::Duration interval, Lost lost)
    : engine_(engine),
      interval_(interval),
      thread_([this, lost = std::move(lost)]() mutable { Run(std::move(lost)); }) {}

StoreWatch::~StoreWatch() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  thread_.join();
}

void StoreWatch::Run(Lost lost) {
  while (true) {
    const absl::Status writable = engine_.Writable();
    if (!writable.ok()) return std::move(lost)(writable);
    absl::MutexLock lock(&mu_);
    if (mu_.AwaitWithTimeout(absl::Condition(&stopping_), interval_)) return;
  }
}

}  // namespace letterlock::mail
