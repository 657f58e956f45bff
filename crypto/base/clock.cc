#include "crypto/base/clock.h"

#include "absl/time/clock.h"

namespace letterlock::crypto {

absl::Time SystemClock::Now() const { return absl::Now(); }

}  // namespace letterlock::crypto
