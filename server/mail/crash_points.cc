#include "crash_points.h"

#include <signal.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "crypto/base/strings.h"

namespace letterlock::mail {

absl::StatusOr<std::unique_ptr<CrashPoints>> CrashPoints::Parse(std::string_view text) {
  int nth = 1;
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  if (colon != std::string_view::npos &&
      (!absl::SimpleAtoi(crypto::Absl(text.substr(colon + 1)), &nth) || nth < 1)) {
    return absl::InvalidArgumentError("--crash-at: not NAME or NAME:N");
  }
  const auto& points = point::All();
  if (!name.empty() && std::find(points.begin(), points.end(), name) == points.end()) {
    return absl::InvalidArgumentError("--crash-at: no such point");
  }
  return std::unique_ptr<CrashPoints>(new CrashPoints(name, nth));
}

void CrashPoints::Reached(std::string_view point) {
  if (point == point_ && left_.fetch_sub(1) == 1) ::raise(SIGKILL);
}

}  // namespace letterlock::mail
