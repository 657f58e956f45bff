#include "client/retry.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "absl/time/clock.h"
#include "server/rpc/status.h"

namespace letterlock::client {
namespace {

bool Passes(const absl::Status& status, const std::optional<absl::Duration>& asked) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
      return true;
    case absl::StatusCode::kResourceExhausted:
      return asked.has_value();  // without it: a limit that waiting does not lift
    default:
      return false;
  }
}

// Between half of `most` and all of it.
absl::Duration Jittered(absl::Duration most, crypto::RandomSource& random) {
  const std::array<std::uint8_t, 2> drawn = crypto::RandomArray<2>(random);
  const int fraction = drawn[0] << 8 | drawn[1];
  return most / 2 + most / 2 * (fraction / 65535.0);
}

}  // namespace

void SystemSleeper::Sleep(absl::Duration duration) { absl::SleepFor(duration); }

absl::Status Retry(const RetryPolicy& policy, Sleeper& sleeper, crypto::RandomSource& random,
                   absl::FunctionRef<absl::Status()> call) {
  absl::Duration next = policy.first;
  absl::Duration left = policy.all_waits;
  for (int attempt = 1;; ++attempt) {
    const absl::Status status = call();
    if (status.ok() || attempt >= policy.attempts) return status;
    const std::optional<absl::Duration> asked = rpc::RetryAfterOf(status);
    if (!Passes(status, asked)) return status;
    absl::Duration wait = Jittered(next, random);
    if (asked.has_value()) wait = std::max(wait, *asked + Jittered(policy.first, random));
    if (wait > left) return status;
    sleeper.Sleep(wait);
    left -= wait;
    next = std::min(next * 2, policy.longest);
  }
}

}  // namespace letterlock::client
