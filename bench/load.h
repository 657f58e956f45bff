// A closed-loop load: keeps a number of calls in flight until all are done. One process, any number
// of them.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace letterlock::bench {

// Starts call `index` and returns at once; `done` is called once, from any thread, with whether the
// call succeeded.
using StartCall = std::function<void(int64_t index, std::function<void(bool ok)> done)>;

struct LoadResult {
  double calls_per_second = 0;
  absl::Duration p50;
  absl::Duration p99;
};

// Runs calls [first, first + calls) with `outstanding` in flight. An error if any call failed: a
// benchmark of refusals would measure nothing.
absl::StatusOr<LoadResult> RunLoad(int outstanding, int64_t first, int64_t calls,
                                   const StartCall& start);

// User and system CPU time that a process has used so far. An error if there is no such process.
absl::StatusOr<absl::Duration> CpuTimeOf(int pid);

// The middle of `values`; 0 of none.
double Median(std::vector<double> values);

}  // namespace letterlock::bench
