// Secrets that a person types or keeps in a file: never on the command line, which other users of
// the machine can read. Not thread-safe: there is one terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/base/secret_buffer.h"

namespace letterlock::cli {

// One line, typed at the terminal without echo, of at most `most` bytes. NOT_FOUND where there is
// no terminal, OUT_OF_RANGE where it is longer, usage where the terminal would show it.
absl::StatusOr<crypto::SecretBuffer> AskSecret(std::string_view prompt, std::size_t most);

// A whole file, without the one line break at its end. NOT_FOUND where it can't be read.
absl::StatusOr<crypto::SecretBuffer> ReadSecretFrom(const std::string& path, std::size_t most);

}  // namespace letterlock::cli
