#include "server/metrics/counters.h"

#include <algorithm>

namespace letterlock::metrics {

void Histogram::Observe(absl::Duration duration) {
  // A clock that is set back makes no negative time.
  const auto micros =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, absl::ToInt64Microseconds(duration)));
  const auto bucket = std::lower_bound(kBounds.begin(), kBounds.end(), micros) - kBounds.begin();
  counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(micros, std::memory_order_relaxed);
}

std::array<std::uint64_t, Histogram::kBounds.size() + 1> Histogram::counts() const {
  std::array<std::uint64_t, kBounds.size() + 1> counts;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] = counts_[i].load(std::memory_order_relaxed);
  }
  return counts;
}

}  // namespace letterlock::metrics
