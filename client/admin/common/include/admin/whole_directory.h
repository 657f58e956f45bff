// A directory that is made whole or not at all.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"

namespace letterlock::admin {

// Has `make` fill a fresh private directory beside `path`, and gives it that name when all of it is
// durable: half of what `init` makes is never taken for the whole, whenever the machine stops.
// FAILED_PRECONDITION where `path` is there and not empty, or where an earlier run that was killed
// left PATH.new. What `make` wrote is removed where it fails.
absl::Status MakeWholeDirectory(const std::string& path,
                                const std::function<absl::Status(const std::string& base)>& make);

}  // namespace letterlock::admin
