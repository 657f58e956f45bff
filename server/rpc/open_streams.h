// The streams of one method that have not ended: so many at most, and told when the server stops.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace letterlock::rpc {

// What a server that stops ends. Thread-safe.
class OpenStream {
 public:
  // The server stops.
  virtual void EndAtStop() = 0;

 protected:
  ~OpenStream() = default;
};

// Thread-safe.
class OpenStreams {
 public:
  explicit OpenStreams(std::size_t most) : most_(most) {}

  // False where there are as many as may be.
  [[nodiscard]] bool Add(const std::shared_ptr<OpenStream>& call) {
    absl::MutexLock lock(&mu_);
    if (open_.size() >= most_) return false;
    open_.emplace(call.get(), call);
    return true;
  }
  void Remove(OpenStream* call) {
    absl::MutexLock lock(&mu_);
    open_.erase(call);
  }
  std::vector<std::shared_ptr<OpenStream>> All() {
    absl::MutexLock lock(&mu_);
    std::vector<std::shared_ptr<OpenStream>> all;
    for (const auto& [key, weak] : open_) {
      if (std::shared_ptr<OpenStream> call = weak.lock()) all.push_back(std::move(call));
    }
    return all;
  }

 private:
  const std::size_t most_;
  absl::Mutex mu_;
  absl::flat_hash_map<OpenStream*, std::weak_ptr<OpenStream>> open_ ABSL_GUARDED_BY(mu_);
};

}  // namespace letterlock::rpc
