#include "completion_thread.h"

#include <iterator>
#include <utility>

namespace letterlock::engine {

CompletionThread::CompletionThread(WriteQueue& queue) : queue_(queue), thread_([this] { Run(); }) {}

CompletionThread::~CompletionThread() {
  {
    absl::MutexLock lock(&mu_);
    closed_ = true;
  }
  thread_.join();
}

void CompletionThread::Post(std::vector<CompletedWrite> group) {
  absl::MutexLock lock(&mu_);
  if (completed_.empty()) {
    completed_ = std::move(group);
    return;
  }
  completed_.insert(completed_.end(), std::make_move_iterator(group.begin()),
                    std::make_move_iterator(group.end()));
}

void CompletionThread::Refuse(PendingWrite write, absl::Status status) {
  absl::MutexLock lock(&mu_);
  completed_.push_back({std::move(write), std::move(status), /*queued=*/false});
}

void CompletionThread::Run() {
  while (true) {
    std::vector<CompletedWrite> work;
    {
      absl::MutexLock lock(&mu_, absl::Condition(this, &CompletionThread::HasNews));
      // A callback may have posted to us, so closed is not enough.
      if (completed_.empty()) return;
      work.swap(completed_);
    }
    for (CompletedWrite& completed : work) AnswerOne(std::move(completed));
  }
}

void CompletionThread::AnswerOne(CompletedWrite completed) {
  // Before the callback: it may well queue the next write.
  if (completed.queued) queue_.Release(completed.write.bytes);
  std::move(completed.write).Answer(completed.status);
}

}  // namespace letterlock::engine
