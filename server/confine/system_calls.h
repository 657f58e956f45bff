#pragma once

#include "absl/status/status.h"
#include "server/confine/confine.h"

namespace letterlock::confine {

// Whether this kernel takes seccomp filters.
bool HasSeccompFilters();

// Installs the seccomp filter for the whole process; marks it in the report, or what is missing.
void RestrictSystemCalls(const Options& options, ConfinementReport* report);

}  // namespace letterlock::confine
