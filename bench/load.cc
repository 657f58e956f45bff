#include "load.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

namespace letterlock::bench {
namespace {

// Each completion starts the next call from its own thread, so nothing but the calls is between two
// calls.
class Loop {
 public:
  Loop(int64_t first, int64_t calls, const StartCall& start)
      : end_(first + calls), start_(start), next_(first), left_(calls) {
    latencies_.reserve(static_cast<size_t>(calls));
  }

  void StartNext() {
    int64_t index = 0;
    {
      absl::MutexLock lock(&mu_);
      if (next_ == end_) return;
      index = next_++;
    }
    const absl::Time started = absl::Now();
    start_(index, [this, started](bool ok) { Finished(absl::Now() - started, ok); });
  }

  // Waits for all calls; returns how many failed.
  int64_t Wait() {
    absl::MutexLock lock(&mu_);
    mu_.Await(absl::Condition(+[](int64_t* left) { return *left == 0; }, &left_));
    return failed_;
  }

  // REQUIRES: Wait() has returned.
  std::vector<absl::Duration> TakeLatencies() {
    absl::MutexLock lock(&mu_);
    return std::move(latencies_);
  }

 private:
  void Finished(absl::Duration latency, bool ok) {
    StartNext();
    absl::MutexLock lock(&mu_);
    latencies_.push_back(latency);
    if (!ok) ++failed_;
    --left_;
  }

  const int64_t end_;
  const StartCall& start_;
  absl::Mutex mu_;
  int64_t next_ ABSL_GUARDED_BY(mu_);
  int64_t left_ ABSL_GUARDED_BY(mu_);
  int64_t failed_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<absl::Duration> latencies_ ABSL_GUARDED_BY(mu_);
};

absl::Duration Percentile(std::vector<absl::Duration>& sorted, double fraction) {
  const auto index = static_cast<size_t>(fraction * static_cast<double>(sorted.size() - 1));
  return sorted[index];
}

}  // namespace

absl::StatusOr<LoadResult> RunLoad(int outstanding, int64_t first, int64_t calls,
                                   const StartCall& start) {
  if (outstanding < 1 || calls < outstanding) {
    return absl::InvalidArgumentError("a load needs at least as many calls as are outstanding");
  }
  Loop loop(first, calls, start);
  const absl::Time started = absl::Now();
  for (int i = 0; i < outstanding; ++i) loop.StartNext();
  const int64_t failed = loop.Wait();
  const absl::Duration took = absl::Now() - started;
  if (failed > 0) {
    return absl::InternalError(std::to_string(failed) + " of " + std::to_string(calls) +
                               " calls failed");
  }
  std::vector<absl::Duration> latencies = loop.TakeLatencies();
  std::sort(latencies.begin(), latencies.end());
  return LoadResult{static_cast<double>(calls) / absl::ToDoubleSeconds(took),
                    Percentile(latencies, 0.50), Percentile(latencies, 0.99)};
}

absl::StatusOr<absl::Duration> CpuTimeOf(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(file, text)) return absl::NotFoundError("process");
  // proc(5): the command name, in parentheses, may hold spaces; utime and stime are fields 14
  // and 15.
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  int64_t user = 0;
  int64_t system = 0;
  if (!(fields >> user >> system)) return absl::InternalError("/proc/PID/stat");
  return absl::Seconds(static_cast<double>(user + system) /
                       static_cast<double>(sysconf(_SC_CLK_TCK)));
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace letterlock::bench
