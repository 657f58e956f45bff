#include "write_queue.h"

#include <utility>

namespace letterlock::engine {
namespace {

// Of one group: enough to share a sync widely, small enough that its oldest write doesn't wait
// long.
constexpr size_t kMaxGroupWrites = 1024;
constexpr size_t kMaxGroupBytes = 4u << 20;

}  // namespace

WriteQueue::Pushed WriteQueue::Push(PendingWrite& write) {
  const size_t bytes = write.Size();
  const size_t writes_before = writes_held_.fetch_add(1, std::memory_order_relaxed);
  const size_t bytes_before = bytes_held_.fetch_add(bytes, std::memory_order_relaxed);
  // A write larger than all the room still fits an empty queue.
  if (writes_before >= max_writes_ || (bytes_before > 0 && bytes_before + bytes > max_bytes_)) {
    Release(bytes);
    return Pushed::kFull;
  }
  absl::MutexLock lock(&mu_);
  if (closed_) {
    Release(bytes);
    return Pushed::kClosed;
  }
  write.bytes = bytes;
  writes_.push_back(std::move(write));
  return Pushed::kYes;
}

std::vector<PendingWrite> WriteQueue::TakeGroup() {
  absl::MutexLock lock(&mu_, absl::Condition(this, &WriteQueue::HasNews));
  std::vector<PendingWrite> group;
  size_t bytes = 0;
  while (!writes_.empty() && group.size() < kMaxGroupWrites && bytes < kMaxGroupBytes) {
    bytes += writes_.front().bytes;
    group.push_back(std::move(writes_.front()));
    writes_.pop_front();
  }
  return group;
}

void WriteQueue::Release(size_t bytes) {
  bytes_held_.fetch_sub(bytes, std::memory_order_relaxed);
  writes_held_.fetch_sub(1, std::memory_order_relaxed);
}

void WriteQueue::Close() {
  absl::MutexLock lock(&mu_);
  closed_ = true;
}

}  // namespace letterlock::engine
