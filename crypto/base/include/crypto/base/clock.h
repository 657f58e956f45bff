// Time, handed in: whatever depends on it takes a Clock, so that tests move time themselves.
#pragma once

#include "absl/time/time.h"

namespace letterlock::crypto {

class Clock {
 public:
  virtual ~Clock() = default;
  // The current time. Thread-safe; may go backwards as the wall clock does.
  virtual absl::Time Now() const = 0;
};

// The system's wall clock. Stateless and thread-safe.
class SystemClock final : public Clock {
 public:
  absl::Time Now() const override;
};

}  // namespace letterlock::crypto
