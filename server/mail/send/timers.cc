#include "send/timers.h"

#include <utility>

namespace letterlock::mail {

Timers::Timers() : thread_([this] { Run(); }) {}

Timers::~Timers() {
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  thread_.join();
}

void Timers::At(absl::Time when, Task task) {
  absl::MutexLock lock(&mu_);
  const auto added = tasks_.emplace(when, std::move(task));
  if (added == tasks_.begin()) stirred_ = true;
}

void Timers::Run() {
  const auto stirred = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return Stirred(); };
  mu_.Lock();
  while (true) {
    const absl::Time next = tasks_.empty() ? absl::InfiniteFuture() : tasks_.begin()->first;
    mu_.AwaitWithDeadline(absl::Condition(&stirred), next);
    stirred_ = false;
    if (stopping_) break;
    while (!tasks_.empty() && tasks_.begin()->first <= absl::Now()) {
      Task due = std::move(tasks_.begin()->second);
      tasks_.erase(tasks_.begin());
      mu_.Unlock();
      std::move(due)();
      mu_.Lock();
    }
  }
  mu_.Unlock();
}

}  // namespace letterlock::mail
