// Landlock (https://docs.kernel.org/userspace-api/landlock.html) by its system calls: Debian 12's
// headers know ABI 2.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "server/confine/confine.h"

namespace letterlock::confine {

// The version of the kernel's Landlock; 0: there is none, and `why` says why, for people.
int LandlockAbi(std::string* why);

// Restricts the calling thread and says in the report how far. An error only where a path is not
// there or the kernel refuses what its ABI promises; a kernel without Landlock is said in the
// report.
absl::Status ApplyLandlock(const Options& options, ConfinementReport* report);

}  // namespace letterlock::confine
