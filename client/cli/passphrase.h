// Where a passphrase comes from: a file, the environment or a prompt; never the command line, which
// other users of the machine can read.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "crypto/base/secret_buffer.h"

namespace letterlock::cli {

struct PassphraseSource {
  std::string file;             // --passphrase-file; "" if not given
  const char* value = nullptr;  // LETTERLOCK_PASSPHRASE; null if not set
};

enum class PassphraseUse {
  kOpen,
  kCreate,  // asked twice at a prompt; at least kLeastNewPassphrase bytes
};

inline constexpr std::size_t kLeastNewPassphrase = 8;
inline constexpr std::size_t kMostPassphrase = 4096;

// The file's content (one line break at its end does not count), the variable's, or what is typed
// at the terminal without echo, in this order of preference. INVALID_ARGUMENT (usage) where there
// is none, it is empty, too long or, for a new one, too short, or the two typed ones differ.
absl::StatusOr<crypto::SecretBuffer> ReadPassphrase(const PassphraseSource& source,
                                                    PassphraseUse use);

}  // namespace letterlock::cli
