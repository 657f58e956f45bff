#pragma once

#include <string>

#include "absl/status/status.h"
#include "crypto/base/secret_buffer.h"

namespace letterlock::cli {

// Writes the kit and a line break to a new file, mode 0600, durably. A file that is there already
// is never replaced: it may be another account's kit.
absl::Status WriteKitFile(const std::string& path, const crypto::SecretBuffer& kit);

}  // namespace letterlock::cli
