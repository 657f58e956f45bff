// A log's files, looked at as its next start would, but without its lock and without changing
// anything (docs/log.md, "Start"). The daemon may append meanwhile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "attest/note.h"
#include "doctor/report.h"

namespace letterlock::admin {

struct LogPlace {
  std::string log_directory;
  std::string lock_directory;
  attest::VerifierKey key;
  std::string genesis;     // the statement
  std::string deployment;  // 16 bytes
};

// The newest head in the log.
struct NewestHead {
  std::uint64_t sequence = 0;
  absl::Time time;
};

// log.checkpoint: the log's key signed it; log.lock: so it did the lock's, which is not behind;
// log.tree: the right edge of the log is what was signed; log.genesis: leaf 0 is this deployment's.
// The newest head where all of it holds and there is one.
std::optional<NewestHead> CheckLog(const LogPlace& place, doctor::Report* report);

}  // namespace letterlock::admin
