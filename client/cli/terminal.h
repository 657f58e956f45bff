// Questions at the terminal, which is not standard input: that may be a file or a pipe.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"

namespace letterlock::cli {

// Asks, and takes "y" or "yes" for a yes and everything else for a no. A usage problem where there
// is no terminal: what nobody was asked, nobody has agreed to.
absl::StatusOr<bool> AskYes(std::string_view question);

}  // namespace letterlock::cli
