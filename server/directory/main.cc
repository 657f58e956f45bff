// letterlock-directoryd: the directory and the log of one deployment.
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "crash_points.h"
#include "crypto/base/clock.h"
#include "crypto/base/encoding.h"
#include "crypto/base/random.h"
#include "crypto/base/signing_key_file.h"
#include "crypto/base/strings.h"
#include "engine/rocksdb/rocksdb_ordered_store.h"
#include "letterlock/admin/v1/admin_service.pb.h"
#include "options.h"
#include "server/config/command_line.h"
#include "server/config/files.h"
#include "server/config/reader.h"
#include "server/daemon/daemon.h"
#include "server/directory/directory_service.h"
#include "server/directory/genesis.h"
#include "server/directory/head_maker.h"
#include "server/directory/registry.h"
#include "server/log/checkpoint_lock.h"
#include "server/log/sequencer.h"
#include "server/log/storage.h"
#include "server/log/tlog_service.h"
#include "server/log/tree_signer.h"
#include "server/metrics/operations.h"
#include "server/metrics/server_series.h"
#include "server/rpc/server.h"
#include "server/rpc/worker_pool.h"
#include "server/tls/identity.h"
#include "server/tls/policy.h"

namespace letterlock::directory {
namespace {

constexpr size_t kMaxGenesisSize = 65'536;
constexpr size_t kMaxRequestBytes = 16 * 1024;
constexpr absl::Duration kDevelopmentHeadInterval = absl::Milliseconds(100);
constexpr absl::Duration kHeadInterval = absl::Seconds(1);

// What the configuration names, read and checked; nothing is opened for writing yet.
struct Inputs {
  Genesis genesis;
  log::TreeSigner signer;
};

absl::StatusOr<Inputs> ReadInputs(const DaemonOptions& options) {
  absl::StatusOr<std::string> statement = config::ReadFile(options.genesis_file, kMaxGenesisSize);
  if (!statement.ok()) return statement.status();
  absl::StatusOr<Genesis> genesis = Genesis::Parse(*std::move(statement));
  if (!genesis.ok()) return genesis.status();

  auto file = config::ReadSecretFile<crypto::kSigningKeyFileSize>(options.log_key_file);
  if (!file.ok()) return file.status();
  auto seed = crypto::ParseSigningKeyFile(crypto::SigningPurpose::kLog, *file);
  if (!seed.ok()) return seed.status();
  absl::StatusOr<log::TreeSigner> signer =
      log::TreeSigner::Create(genesis->origin, *std::move(seed));
  if (!signer.ok()) return signer.status();
  if (signer->vkey() != genesis->log_vkey) {
    return absl::InvalidArgumentError(
        "log_key_file is not the key that the genesis statement names");
  }
  absl::Status tls =
      tls::CheckIdentityFiles(options.common.tls_certificate_file, options.common.tls_key_file);
  if (!tls.ok()) return tls;
  return Inputs{*std::move(genesis), *std::move(signer)};
}

// What is to be written must be there before the process gives up the rest of the file system.
absl::Status MakeDirectories(const DaemonOptions& options) {
  absl::Status made = config::MakePrivateDirectory(options.store_directory);
  if (made.ok()) made = config::MakePrivateDirectory(options.lock_directory);
  if (made.ok()) {
    made = log::PosixLogStorage::MakeDirectory(options.log_directory,
                                               log::PosixLogStorage::Mode::kPublic);
  }
  if (made.ok()) made = daemon::MakeAdminDirectory(options.common);
  return made;
}

// All that writes, in the order in which it must be opened: the lock before the log that it guards.
struct State {
  std::unique_ptr<log::FileCheckpointLock> lock;
  std::unique_ptr<log::PosixLogStorage> log_storage;
  std::unique_ptr<log::Sequencer> log;
  std::unique_ptr<engine::OrderedStore> store;
  std::unique_ptr<Registry> registry;
};

absl::StatusOr<State> OpenState(const DaemonOptions& options, const Inputs& inputs,
                                const crypto::Clock& clock, crypto::RandomSource& random,
                                log::FaultPoints& points) {
  State state;
  auto lock = log::FileCheckpointLock::Open(options.lock_directory);
  if (!lock.ok()) return lock.status();
  state.lock = *std::move(lock);
  auto storage =
      log::PosixLogStorage::Open(options.log_directory, log::PosixLogStorage::Mode::kPublic);
  if (!storage.ok()) return storage.status();
  state.log_storage = *std::move(storage);
  auto sequencer = log::Sequencer::Open(state.log_storage.get(), state.lock.get(), &inputs.signer,
                                        &points, options.check);
  if (!sequencer.ok()) return sequencer.status();
  state.log = *std::move(sequencer);
  engine::RocksDbOptions store_options;
  store_options.directory = options.store_directory;
  auto store = engine::OpenRocksDbOrderedStore(store_options);
  if (!store.ok()) return store.status();
  state.store = *std::move(store);
  auto registry = Registry::Open({.genesis = &inputs.genesis,
                                  .store = state.store.get(),
                                  .log = state.log.get(),
                                  .log_storage = state.log_storage.get(),
                                  .clock = &clock,
                                  .random = &random,
                                  .points = &points},
                                 {.max_waiting = options.max_waiting});
  if (!registry.ok()) return registry.status();
  state.registry = *std::move(registry);
  return state;
}

void Announce(const rpc::Logger& logger, const rpc::ServerRunner& runner, const Genesis& genesis,
              const State& state) {
  logger.Info("serving",
              {{"address", rpc::OperatorText{runner.address()}},
               {"origin", rpc::OperatorText{genesis.origin}},
               {"deployment", rpc::OperatorText{crypto::HexEncode(genesis.deployment.bytes())}},
               {"log_size", state.log->tree()->size},
               {"head", state.registry->head_sequence()}});
  if (!genesis.witnessed) {
    logger.Warning("UNWITNESSED", {{"meaning", "nobody outside would notice a second history"}});
  }
  if (genesis.development()) {
    logger.Warning("SELF-REGISTERED", {{"meaning", "nobody vouches for who holds a handle"}});
  }
}

// What is told of store and log, in numbers.
void WatchState(metrics::Metrics& metrics, const State& state) {
  metrics::AddStoreSeries(metrics, [store = state.store.get()] {
    const engine::StoreStatistics now = store->statistics();
    return metrics::StoreNumbers{now.writable,      now.stalled,         now.stalls,
                                 now.bytes_on_disk, now.bytes_in_memory, now.bytes_to_merge};
  });
  metrics.AddGauge("letterlock_log_size", "Leaves under the newest signed checkpoint.",
                   [log = state.log.get()] { return static_cast<double>(log->tree()->size); });
  metrics.AddGauge("letterlock_head_age_seconds", "Since the newest published head was made.",
                   [registry = state.registry.get()] {
                     return absl::ToDoubleSeconds(absl::Now() - registry->head_time());
                   });
  metrics.AddGauge(
      "letterlock_head_waiting", "Requests that wait for a head.",
      [registry = state.registry.get()] { return static_cast<double>(registry->waiting()); });
}

void FillStatus(const Genesis& genesis, const State& state, bool confined,
                admin::v1::GetStatusResponse* response) {
  response->set_deployment(crypto::HexEncode(genesis.deployment.bytes()));
  if (!genesis.witnessed) response->add_labels("UNWITNESSED");
  if (genesis.development()) response->add_labels("SELF-REGISTERED");
  if (!confined) response->add_labels("UNCONFINED");
  const engine::StoreStatistics store = state.store->statistics();
  response->mutable_store()->set_writable(store.writable && !state.registry->broken());
  response->mutable_store()->set_stalled(store.stalled);
  response->mutable_store()->set_stalls(store.stalls);
  response->mutable_store()->set_bytes(store.bytes_on_disk);
  response->mutable_log()->set_size(state.log->tree()->size);
  response->mutable_log()->set_head_sequence(state.registry->head_sequence());
  response->mutable_log()->set_head_unix_ms(
      static_cast<uint64_t>(absl::ToUnixMillis(state.registry->head_time())));
  response->mutable_log()->set_waiting(state.registry->waiting());
}

absl::Status Serve(const DaemonOptions& options, const Inputs& inputs, State& state, bool confined,
                   rpc::TerminationSignals& signals, const rpc::Logger& logger) {
  metrics::Operations operations("letterlock-directoryd", logger);
  auto credentials = daemon::MakeCredentials(options.common, operations, logger);
  if (!credentials.ok()) return credentials.status();

  rpc::WorkerPool pool(
      {.threads = options.workers, .queue = options.max_queued_calls, .name = "rpc"});
  const rpc::Service::Options service_options{
      .pool = &pool, .logger = logger, .observer = operations.observer()};
  auto directory = MakeDirectoryService(state.registry.get(), service_options);
  auto tlog = log::MakeTlogService(state.log.get(), state.log_storage.get(), service_options);

  WatchState(operations.metrics(), state);
  rpc::Service* const admin =
      operations.Watch({.services = {directory.get(), tlog.get()},
                        .pools = {{"rpc", &pool}},
                        .fill = [&](admin::v1::GetStatusResponse* response) {
                          FillStatus(inputs.genesis, state, confined, response);
                        }});

  auto server_options = daemon::MakeServerOptions(options.common, *std::move(credentials));
  server_options.max_request_bytes = kMaxRequestBytes;
  auto runner =
      rpc::ServerRunner::Start(server_options, {directory.get(), tlog.get(), admin}, logger);
  if (!runner.ok()) return runner.status();
  absl::Status exposed = operations.Expose(options.common.metrics_listen, **runner);
  if (!exposed.ok()) return exposed;
  Announce(logger, **runner, inputs.genesis, state);

  absl::Duration interval = options.head_interval;
  if (interval == absl::ZeroDuration()) {
    interval = inputs.genesis.development() ? kDevelopmentHeadInterval : kHeadInterval;
  }
  absl::Status ended;
  {
    const HeadMaker maker(state.registry.get(),
                          {.interval = interval, .interval_max = options.head_interval_max},
                          [&](const absl::Status& status, bool final) {
                            logger.Error("head", {{"cause", rpc::Cause{status}}, {"final", final}});
                            // Only a new start finds out what the disk holds.
                            if (final) (*runner)->Stop();
                          });
    ended = (*runner)->RunUntil(signals);
    operations.Close();
  }
  pool.Drain();
  if (state.registry->broken()) return absl::UnavailableError("no further head can be made");
  return ended;
}

absl::Status Run(const DaemonOptions& options, const std::string& crash_at, bool check_only,
                 rpc::TerminationSignals& signals) {
  const rpc::Logger logger = rpc::Logger::ToStderr(options.common.log_level);
  absl::StatusOr<std::unique_ptr<CrashPoints>> points = CrashPoints::Parse(crash_at);
  if (!points.ok()) return points.status();
  absl::Status tls13 = tls::RequireTls13();
  if (!tls13.ok()) return tls13;
  absl::StatusOr<Inputs> inputs = ReadInputs(options);
  if (!inputs.ok()) return inputs.status();
  if (check_only) {
    std::puts("the configuration will do");
    return absl::OkStatus();
  }
  absl::Status ready = MakeDirectories(options);
  if (!ready.ok()) return ready;
  absl::StatusOr<bool> confined = daemon::Confine(
      options.common, {options.store_directory, options.log_directory, options.lock_directory},
      inputs->genesis.development(), logger);
  if (!confined.ok()) return confined.status();

  const crypto::SystemClock clock;
  crypto::SystemRandom random;
  absl::StatusOr<State> state = OpenState(options, *inputs, clock, random, **points);
  if (!state.ok()) return state.status();
  return Serve(options, *inputs, *state, *confined, signals, logger);
}

std::string NamesOfPoints() {
  std::string names;
  for (const std::string_view name : AllPoints()) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", crypto::Absl(name));
  }
  return names;
}

int Main(int argc, char** argv) {
  // Debian builds Abseil with the search for lock cycles on: under one global lock, for each lock.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  absl::StatusOr<std::unique_ptr<rpc::TerminationSignals>> signals =
      rpc::TerminationSignals::Block();
  config::Reader described = config::Reader::Describe();
  DaemonOptions options;
  ReadOptions(described, &options);
  std::string crash_at;
  const config::ParsedCommandLine parsed = config::ParseCommandLine(
      argc, argv, "The directory and the log of a Letterlock deployment.", described.options(),
      {{"crash-at", "for tests: end as if killed when it comes to NAME[:N]: " + NamesOfPoints(),
        &crash_at}});
  if (parsed.exit_code) return *parsed.exit_code;
  absl::Status ended = signals.status();
  absl::StatusOr<config::Reader> reader =
      config::Reader::Load(parsed.line.config_file, parsed.line.overrides);
  if (ended.ok()) ended = reader.status();
  if (ended.ok()) {
    ReadOptions(*reader, &options);
    ended = reader->Finish();
  }
  if (ended.ok()) ended = Run(options, crash_at, parsed.line.check_config, **signals);
  if (ended.ok()) return 0;
  std::fprintf(stderr, "letterlock-directoryd: %s\n", std::string(ended.message()).c_str());
  return 1;
}

}  // namespace
}  // namespace letterlock::directory

int main(int argc, char** argv) { return letterlock::directory::Main(argc, argv); }
