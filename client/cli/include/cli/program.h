// `letterlock`, a member's command line (docs/client.md). All of it but main().
#pragma once

#include <iosfwd>

namespace letterlock::cli {

// Runs one command and returns its exit code. Reads the environment (LETTERLOCK_CONFIG,
// LETTERLOCK_ACCOUNT, LETTERLOCK_PASSPHRASE, HOME) and, for a body, standard input.
int Run(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

}  // namespace letterlock::cli
