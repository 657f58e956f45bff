// --crash-at: ends the process at a named point (docs/log.md, "Crash points"). For tests.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/log/fault_points.h"

namespace letterlock::directory {

// Every point of log and directory, in the order of one head.
std::vector<std::string_view> AllPoints();

// Thread-safe.
class CrashPoints final : public log::FaultPoints {
 public:
  // From "NAME" or "NAME:N"; empty: never. INVALID_ARGUMENT for a name that is no point.
  static absl::StatusOr<std::unique_ptr<CrashPoints>> Parse(std::string_view text);

  // Kills the process, as kill -9 does, at the Nth call with the name.
  void Reached(std::string_view point) override;

 private:
  CrashPoints(std::string_view point, int nth) : point_(point), left_(nth) {}

  const std::string point_;
  std::atomic<int> left_;
};

}  // namespace letterlock::directory
