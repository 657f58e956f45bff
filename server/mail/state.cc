#include "state.h"

#include <utility>

#include "one_mailbox_engine.h"

namespace letterlock::mail {

absl::StatusOr<State> OpenState(const DaemonOptions& options, const attest::TrustFile& trust,
                                const EpochKeyFile& epoch_key, const crypto::Clock& clock,
                                crypto::RandomSource& random, const TestFlags& tests) {
  State state;
  engine::RocksDbOptions store;
  store.directory = options.store_directory;
  store.block_cache_bytes = options.block_cache;
  store.salvage = options.salvage;
  auto engine = engine::RocksDbEngine::Open(store);
  if (!engine.ok()) return engine.status();
  state.rocksdb = *std::move(engine);
  state.engine = state.rocksdb.get();
  if (tests.stepwise) {
    state.stepwise = std::make_unique<OneMailboxEngine>(*state.rocksdb);
    state.engine = state.stepwise.get();
  }
  // Some more than mailboxes: those that are being loaded, and looked at for sessions.
  auto ring = KeyRing::Open(*state.engine, trust.deployment(), epoch_key,
                            options.mailboxes_in_memory + options.mailboxes_in_memory / 8 + 64);
  if (!ring.ok()) return ring.status();
  state.ring = *std::move(ring);
  auto mailboxes = Mailboxes::Create(*state.engine, *state.ring, options.mailboxes_in_memory,
                                     tests.points.get());
  if (!mailboxes.ok()) return mailboxes.status();
  state.mailboxes = *std::move(mailboxes);
  auto tokens = SessionTokens::Create(trust.deployment(), clock, random);
  if (!tokens.ok()) return tokens.status();
  state.tokens = *std::move(tokens);
  state.epoch = epoch_key.current().epoch;
  return state;
}

absl::Status CheckMemory(const DaemonOptions& options, const State& state,
                         const rpc::Logger& logger) {
  if (state.ring->locked()) return absl::OkStatus();
  if (options.require_locked_memory) {
    return absl::FailedPreconditionError(
        "the system does not lock the memory for keys: raise RLIMIT_MEMLOCK or lower "
        "memory.mailboxes");
  }
  logger.Warning("keys are not locked into memory", {{"why", "RLIMIT_MEMLOCK"}});
  return absl::OkStatus();
}

}  // namespace letterlock::mail
