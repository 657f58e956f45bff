// All of letterlock-maild that works on its store.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "attest/trust.h"
#include "crash_points.h"
#include "crypto/base/clock.h"
#include "crypto/base/random.h"
#include "engine/rocksdb/rocksdb_engine.h"
#include "options.h"
#include "server/mail/keys/epoch_key_file.h"
#include "server/mail/keys/key_ring.h"
#include "server/mail/mailbox/mailboxes.h"
#include "server/mail/session/session_tokens.h"
#include "server/rpc/log.h"

namespace letterlock::mail {

// What tests ask of a daemon besides its configuration.
struct TestFlags {
  std::unique_ptr<CrashPoints> points{};
  bool stepwise = false;
};

// In the order in which it is made.
struct State {
  std::unique_ptr<engine::RocksDbEngine> rocksdb;
  std::unique_ptr<engine::Engine> stepwise;  // where the store is to be used one mailbox at a time
  engine::Engine* engine = nullptr;          // one of the two
  std::unique_ptr<KeyRing> ring;
  std::unique_ptr<Mailboxes> mailboxes;
  std::unique_ptr<SessionTokens> tokens;
  std::uint32_t epoch = 0;  // under whose key new keys are wrapped
};

// Opens the store and what stands on it. `epoch_key`, `clock`, `random` and `tests` outlive the
// state.
absl::StatusOr<State> OpenState(const DaemonOptions& options, const attest::TrustFile& trust,
                                const EpochKeyFile& epoch_key, const crypto::Clock& clock,
                                crypto::RandomSource& random, const TestFlags& tests);

// FAILED_PRECONDITION where the memory for keys is not locked and the configuration wants it to be;
// else the log says so.
absl::Status CheckMemory(const DaemonOptions& options, const State& state,
                         const rpc::Logger& logger);

}  // namespace letterlock::mail
