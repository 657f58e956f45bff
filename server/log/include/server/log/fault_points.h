// Named moments between two steps of which the first must never count without the second, or the
// other way round.
//
// Whoever writes durable state says which moment it has come to; main hands in an observer that
// does nothing, or, under --crash-at, one that ends the process there. Tests hand in their own.
#pragma once

#include <string_view>

namespace letterlock::log {

class FaultPoints {
 public:
  virtual ~FaultPoints() = default;

  // Called on the thread that comes to the point, with its name. May not return.
  virtual void Reached(std::string_view point) = 0;
};

// Goes on.
class NoFaultPoints final : public FaultPoints {
 public:
  void Reached(std::string_view) override {}
};

// The points of one Append, in their order.
inline constexpr std::string_view kPointLeavesWritten =
    "log-leaves-written";  // bundles and tiles are durable
inline constexpr std::string_view kPointLeavesChecked =
    "log-leaves-checked";                                       // ... and were read back
inline constexpr std::string_view kPointSigned = "log-signed";  // a signature exists, in memory
inline constexpr std::string_view kPointLockMoved =
    "log-lock-moved";  // ... and is durable in the lock
inline constexpr std::string_view kPointPublished = "log-published";  // `checkpoint` is durable

}  // namespace letterlock::log
