#pragma once

#include <string>

#include "absl/status/status.h"
#include "client/state.h"

namespace letterlock::client {

// Keeps two checkpoints that contradict each other, each with the log's signature, in a file of
// their own in `directory` (made, 0700, if it is not there). The same pair gives the same file.
absl::Status KeepEvidence(const std::string& directory, const RememberedLog& remembered,
                          const RememberedLog& offered, const std::string& finding);

}  // namespace letterlock::client
