// What commands on the account itself have in common: showing it, and handing over a recovery kit.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "client/client.h"
#include "crypto/base/secret_buffer.h"
#include "output.h"

namespace letterlock::cli {

// Prints what the account holds, checked against the directory.
ExitCode ShowAccount(client::Client& client, Output& output);

// A usage problem where a kit could not be shown: with --json it must go to a file. The one object
// comes at the end, or not at all where a step fails: too late for a kit that the published entry
// is already bound to.
absl::Status CheckKitOptions(const std::string& file, const Output& output);

// Gives a new kit to its owner: in a new file, or printed where none is named.
absl::Status HandOverKit(const crypto::SecretBuffer& kit, const std::string& file, Output& output);

}  // namespace letterlock::cli
