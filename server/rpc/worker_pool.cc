#include "server/rpc/worker_pool.h"

#include <pthread.h>

#include <utility>

#include "absl/time/clock.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::rpc {

WorkerPool::WorkerPool(Options options) : options_(std::move(options)) {
  absl::MutexLock lock(&join_mu_);
  threads_.reserve(options_.threads);
  for (std::size_t i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this] {
      // From the thread itself: another one's name is a file, which a confined process can't reach.
      pthread_setname_np(pthread_self(), options_.name.substr(0, 15).c_str());
      Run();
    });
  }
}

WorkerPool::~WorkerPool() { Drain(); }

bool WorkerPool::TrySubmit(absl::Time deadline, Task task) {
  absl::MutexLock lock(&mu_);
  if (stopping_ || queue_.size() >= options_.queue) {
    ++refused_;
    return false;
  }
  queue_.push_back({deadline, std::move(task)});
  return true;
}

void WorkerPool::Drain() {
  absl::MutexLock join(&join_mu_);
  {
    absl::MutexLock lock(&mu_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

std::size_t WorkerPool::waiting() const {
  absl::MutexLock lock(&mu_);
  return queue_.size();
}

std::uint64_t WorkerPool::refused() const {
  absl::MutexLock lock(&mu_);
  return refused_;
}

bool WorkerPool::HasWorkOrStops() const { return stopping_ || !queue_.empty(); }

void WorkerPool::Run() {
  while (true) {
    Entry entry;
    {
      absl::MutexLock lock(&mu_, absl::Condition(this, &WorkerPool::HasWorkOrStops));
      if (queue_.empty()) return;
      entry = std::move(queue_.front());
      queue_.pop_front();
    }
    const bool expired = entry.deadline <= absl::Now();
    std::move(entry.task)(expired ? Fail(absl::StatusCode::kDeadlineExceeded,
                                         common::v1::ERROR_REASON_DEADLINE,
                                         "deadline passed while the request waited")
                                  : absl::OkStatus());
  }
}

}  // namespace letterlock::rpc
