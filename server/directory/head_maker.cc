#include "server/directory/head_maker.h"

#include <utility>

#include "absl/time/clock.h"

namespace letterlock::directory {

// Pauses go by the machine's own clock: the heads' times come from the registry's.

HeadMaker::HeadMaker(Registry* registry, const Options& options, OnError on_error)
    : registry_(registry),
      options_(options),
      on_error_(std::move(on_error)),
      thread_([this] { Run(); }) {}

HeadMaker::~HeadMaker() {
  {
    absl::MutexLock hold(&mu_);
    stopping_ = true;
  }
  registry_->WakeUp();
  thread_.join();
}

bool HeadMaker::SleepUntil(absl::Time until) {
  absl::MutexLock hold(&mu_);
  return !mu_.AwaitWithDeadline(absl::Condition(&stopping_), until);
}

void HeadMaker::Run() {
  // The head that was found at start may be old: the first is due at once.
  absl::Time unchanged_due = absl::Now();
  bool failed = false;  // then a head may be staged, with callers that nothing but a retry answers
  while (SleepUntil(absl::InfinitePast())) {
    const bool work = failed || registry_->WaitForWork(unchanged_due);
    const absl::Time started = absl::Now();
    const bool due = started >= unchanged_due;
    if (!work && !due) continue;  // woken to stop
    const uint64_t before = registry_->head_sequence();
    absl::Status made = registry_->MakeHead(due);
    if (made.ok()) made = registry_->CompactErased();
    failed = !made.ok();
    if (failed) on_error_(made, registry_->broken());
    if (registry_->broken()) return;
    if (registry_->head_sequence() != before) unchanged_due = started + options_.interval_max;
    if (!SleepUntil(started + (failed ? options_.retry : options_.interval))) return;
  }
}

}  // namespace letterlock::directory
