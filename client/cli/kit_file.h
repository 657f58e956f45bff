#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/base/secret_buffer.h"

namespace letterlock::cli {

// Writes the kit and a line break to a new file, mode 0600, durably. A file that is there already
// is never replaced: it may be another account's kit.
absl::Status WriteKitFile(const std::string& path, const crypto::SecretBuffer& kit);

// What a person has of her kit: from the file, or typed at the terminal where `path` is empty.
// Whether it is one, and whose, the client tells. Usage where there is none to read.
absl::StatusOr<crypto::SecretBuffer> ReadKit(const std::string& path);

}  // namespace letterlock::cli
