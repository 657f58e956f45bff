// letterlock-maild while it serves.
#pragma once

#include "absl/status/status.h"
#include "attest/trust.h"
#include "crypto/base/clock.h"
#include "options.h"
#include "server/rpc/log.h"
#include "server/rpc/server.h"
#include "state.h"

namespace letterlock::mail {

// Makes the services over `state` and serves them until a signal comes or the store takes no more
// writes: UNAVAILABLE then. Whatever came of it, the store is closed.
absl::Status Serve(const DaemonOptions& options, const attest::TrustFile& trust,
                   const crypto::Clock& clock, State& state, bool confined, const TestFlags& tests,
                   rpc::TerminationSignals& signals, const rpc::Logger& logger);

}  // namespace letterlock::mail
