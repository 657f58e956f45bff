// What hot paths count with: relaxed atomics and nothing else. Thread-safe. Made by Metrics
// (metrics.h), which reads them.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace letterlock::metrics {

class Counter {
 public:
  Counter() = default;
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;

  void Add(std::uint64_t number = 1) { value_.fetch_add(number, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Durations, in buckets from 50 µs to a minute. A reader may see a duration in its bucket that it
// does not see in the sum yet.
class Histogram {
 public:
  // Upper bounds, microseconds; what is longer is counted beyond the last.
  static constexpr std::array<std::uint64_t, 18> kBounds = {
      50,        100,       250,       500,        1'000,      2'500,
      5'000,     10'000,    25'000,    50'000,     100'000,    250'000,
      1'000'000, 2'500'000, 5'000'000, 10'000'000, 30'000'000, 60'000'000};

  Histogram() = default;
  Histogram(const Histogram&) = delete;
  Histogram& operator=(const Histogram&) = delete;

  void Observe(absl::Duration duration);

  // How many up to each bound, not cumulative; the last: beyond all.
  std::array<std::uint64_t, kBounds.size() + 1> counts() const;
  absl::Duration sum() const {
    return absl::Microseconds(static_cast<std::int64_t>(sum_.load(std::memory_order_relaxed)));
  }

 private:
  std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> counts_{};
  std::atomic<std::uint64_t> sum_{0};  // microseconds
};

}  // namespace letterlock::metrics
