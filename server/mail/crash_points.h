// --crash-at: ends the process at a named point (server/mail/fault_points.h). For tests.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/mail/fault_points.h"

namespace letterlock::mail {

// Thread-safe.
class CrashPoints final : public FaultPoints {
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

}  // namespace letterlock::mail
