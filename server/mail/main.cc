// letterlock-maild: the sealed mailboxes of one deployment.
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/synchronization/mutex.h"
#include "attest/trust.h"
#include "crash_points.h"
#include "crypto/base/clock.h"
#include "crypto/base/encoding.h"
#include "crypto/base/random.h"
#include "crypto/base/strings.h"
#include "engine/rocksdb/rocksdb_engine.h"
#include "one_mailbox_engine.h"
#include "operator_view.h"
#include "options.h"
#include "server/config/command_line.h"
#include "server/config/files.h"
#include "server/config/reader.h"
#include "server/confine/confine.h"
#include "server/mail/api/services.h"
#include "server/mail/attachments/attachments.h"
#include "server/mail/contacts/contacts.h"
#include "server/mail/enroll/enrollment.h"
#include "server/mail/keys/epoch_key_file.h"
#include "server/mail/keys/key_ring.h"
#include "server/mail/mailbox/mailboxes.h"
#include "server/mail/mailbox/store_watch.h"
#include "server/mail/reports/reports.h"
#include "server/mail/send/importer.h"
#include "server/mail/send/sender.h"
#include "server/mail/session/session_tokens.h"
#include "server/mail/session/sessions.h"
#include "server/mail/sync/changes.h"
#include "server/mail/sync/fetches.h"
#include "server/mail/sync/watches.h"
#include "server/metrics/operations.h"
#include "server/rpc/server.h"
#include "server/rpc/worker_pool.h"
#include "server/tls/credentials.h"
#include "server/tls/identity.h"
#include "server/tls/policy.h"

namespace letterlock::mail {
namespace {

constexpr std::size_t kMaxTrustFile = 256 * 1024;
// Well above the largest request, so that who sends one that is somewhat too large is told which
// field is: an enrolment with 64 intermediate entries is below 80 KiB, a report below 66 KiB.
constexpr std::size_t kMaxRequestBytes = 256 * 1024;
// Sends that go on behind their call; small, for they mostly wait.
constexpr std::size_t kBackgroundThreads = 2;
constexpr std::size_t kBackgroundQueue = 8192;
constexpr absl::Duration kStoreInterval = absl::Seconds(1);

// What the configuration names, read and checked; nothing is opened for writing yet.
struct Inputs {
  attest::TrustFile trust;
  std::unique_ptr<EpochKeyFile> epoch_key;
};

absl::StatusOr<Inputs> ReadInputs(const DaemonOptions& options) {
  absl::StatusOr<std::string> text = config::ReadFile(options.trust_file, kMaxTrustFile);
  if (!text.ok()) return text.status();
  absl::StatusOr<attest::TrustFile> trust = attest::TrustFile::Parse(*text);
  if (!trust.ok()) return trust.status();
  auto epoch_key = EpochKeyFile::Open(options.epoch_key_file);
  if (!epoch_key.ok()) return epoch_key.status();
  absl::Status tls = tls::CheckIdentityFiles(options.tls_certificate_file, options.tls_key_file);
  if (!tls.ok()) return tls;
  return Inputs{*std::move(trust), *std::move(epoch_key)};
}

std::string DirectoryOf(const std::string& file) {
  const std::size_t slash = file.rfind('/');
  return slash == std::string::npos ? "." : file.substr(0, slash);
}

// From here on the process reaches its store, its certificates and its port, and nothing else.
// Secrets and the trust file were read before and are out of reach now.
// Whether every layer holds.
absl::StatusOr<bool> Confine(const DaemonOptions& options, bool development,
                             const rpc::Logger& logger) {
  confine::Options limits;
  const bool best_effort = options.confinement == Confinement::kBestEffort ||
                           (options.confinement == Confinement::kByDeployment && development);
  limits.strictness =
      best_effort ? confine::Strictness::kBestEffort : confine::Strictness::kRequired;
  limits.read = tls::DirectoriesToRead({options.tls_certificate_file, options.tls_key_file});
  limits.read_write = {options.store_directory};
  if (!options.port_file.empty()) limits.read_write.push_back(DirectoryOf(options.port_file));
  std::uint32_t port = 0;
  const std::string_view text =
      std::string_view(options.listen).substr(options.listen.rfind(':') + 1);
  if (!absl::SimpleAtoi(crypto::Absl(text), &port) || port > 65535) {
    return absl::InvalidArgumentError("listen: must be ADDRESS:PORT");
  }
  limits.listen_tcp = {static_cast<std::uint16_t>(port)};
  if (!options.operations.metrics_listen.empty()) {
    const absl::StatusOr<int> metrics = metrics::LoopbackPort(options.operations.metrics_listen);
    if (!metrics.ok()) return metrics.status();
    limits.listen_tcp.push_back(static_cast<std::uint16_t>(*metrics));
  }
  if (!options.operations.admin_socket.empty()) {
    limits.read_write.push_back(DirectoryOf(options.operations.admin_socket));
  }
  absl::StatusOr<confine::ConfinementReport> report = confine::Confine(limits);
  if (!report.ok()) return report.status();
  for (const std::string& layer : report->missing) {
    logger.Warning("UNCONFINED", {{"missing", rpc::OperatorText{layer}}});
  }
  return report->missing.empty();
}

// What tests ask of a daemon besides its configuration.
struct TestFlags {
  std::unique_ptr<CrashPoints> points{};
  bool stepwise = false;
};

// All that works on the store, in the order in which it is made.
struct State {
  std::unique_ptr<engine::RocksDbEngine> rocksdb;
  std::unique_ptr<engine::Engine> stepwise;  // where the store is to be used one mailbox at a time
  engine::Engine* engine = nullptr;          // one of the two
  std::unique_ptr<KeyRing> ring;
  std::unique_ptr<Mailboxes> mailboxes;
  std::unique_ptr<SessionTokens> tokens;
};

absl::StatusOr<State> OpenState(const DaemonOptions& options, const Inputs& inputs,
                                const crypto::Clock& clock, crypto::RandomSource& random,
                                const TestFlags& tests) {
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
  auto ring = KeyRing::Open(*state.engine, inputs.trust.deployment(), *inputs.epoch_key,
                            options.mailboxes_in_memory + options.mailboxes_in_memory / 8 + 64);
  if (!ring.ok()) return ring.status();
  state.ring = *std::move(ring);
  auto mailboxes = Mailboxes::Create(*state.engine, *state.ring, options.mailboxes_in_memory,
                                     tests.points.get());
  if (!mailboxes.ok()) return mailboxes.status();
  state.mailboxes = *std::move(mailboxes);
  auto tokens = SessionTokens::Create(inputs.trust.deployment(), clock, random);
  if (!tokens.ok()) return tokens.status();
  state.tokens = *std::move(tokens);
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

void Announce(const rpc::Logger& logger, const rpc::ServerRunner& runner,
              const attest::TrustFile& trust) {
  logger.Info("serving",
              {{"address", rpc::OperatorText{runner.address()}},
               {"deployment", rpc::OperatorText{crypto::HexEncode(trust.deployment().bytes())}}});
  if (trust.witness_policy().unwitnessed()) {
    logger.Warning("UNWITNESSED", {{"meaning", "nobody outside would notice a second history"}});
  }
  if (trust.development()) {
    logger.Warning("SELF-REGISTERED", {{"meaning", "nobody vouches for who holds a handle"}});
  }
}

absl::Status Serve(const DaemonOptions& options, const Inputs& inputs, const crypto::Clock& clock,
                   State& state, bool confined, const TestFlags& tests,
                   rpc::TerminationSignals& signals, const rpc::Logger& logger) {
  metrics::Operations operations("letterlock-maild", logger);
  auto facts = tls::ReadCertificateFacts(options.tls_certificate_file);
  if (!facts.ok()) return facts.status();
  const auto certificate_ends = operations.certificate_end();
  certificate_ends(facts->not_after);
  auto credentials = tls::MakeServerCredentials(
      {.certificate_file = options.tls_certificate_file,
       .key_file = options.tls_key_file,
       .refresh = options.tls_refresh,
       .on_rotation =
           [logger, certificate_ends](absl::Time not_after) {
             certificate_ends(not_after);
             logger.Info("tls_rotated", {{"not_after_unix_s", absl::ToUnixSeconds(not_after)}});
           },
       .on_refusal =
           [logger](const absl::Status& why) {
             logger.Error("tls_refused", {{"cause", rpc::Cause{why}}});
           }});
  if (!credentials.ok()) return credentials.status();

  rpc::WorkerPool background(
      {.threads = kBackgroundThreads, .queue = kBackgroundQueue, .name = "background"});
  SendTimes send_times(operations.metrics());
  Attachments attachments({.quota_bytes = options.quota.bytes}, *state.mailboxes, clock);
  Sender sender({.deployment = inputs.trust.deployment(),
                 .quota = options.quota,
                 .limits = options.limits,
                 .attachments = &attachments,
                 .points = tests.points.get(),
                 .observer = &send_times},
                *state.engine, *state.mailboxes, clock, background);
  const Changes changes({.retention = options.change_retention,
                         .attachments = &attachments,
                         .points = tests.points.get()},
                        clock);
  crypto::SystemRandom random;
  Watches watches({.most_per_member = options.max_watches_per_member}, *state.mailboxes, clock,
                  random);
  Fetches fetches({}, *state.mailboxes);
  Importer importer({.deployment = inputs.trust.deployment(),
                     .quota = options.quota,
                     .points = tests.points.get()},
                    *state.mailboxes, clock);
  Contacts contacts({.quota = options.quota,
                     .limits = options.limits,
                     .report_desk = options.desk_handle,
                     .max_watches = options.max_watches_per_member,
                     .change_retention = options.change_retention},
                    *state.mailboxes, clock);
  Reports::Options desk{.rules = options.limits.reports};
  if (auto member = crypto::MemberId::FromBytes(options.desk_member); member.ok()) {
    desk.desk = *member;
  }
  Reports reports(desk, *state.mailboxes, clock);
  Sessions sessions(inputs.trust.deployment(), options.server_names, *state.tokens,
                    *state.mailboxes);
  TokenAuthenticator authenticator(*state.tokens);
  const EnrollmentVerifier enrollment(inputs.trust, clock);

  rpc::WorkerPool pool(
      {.threads = options.workers, .queue = options.max_queued_calls, .name = "rpc"});
  const auto services =
      MakeServices({.mailboxes = state.mailboxes.get(),
                    .sender = &sender,
                    .changes = &changes,
                    .watches = &watches,
                    .fetches = &fetches,
                    .importer = &importer,
                    .most_watches = options.max_watches,
                    .contacts = &contacts,
                    .reports = &reports,
                    .sessions = &sessions,
                    .authenticator = &authenticator,
                    .enrollment = &enrollment,
                    .attachments = &attachments},
                   {.pool = &pool, .logger = logger, .observer = operations.observer()});
  std::vector<rpc::Service*> bound;
  for (const auto& service : services) bound.push_back(service.get());
  WatchStore(operations.metrics(), *state.rocksdb);
  bound.push_back(operations.Watch({.services = bound,
                                    .pools = {{"rpc", &pool}, {"background", &background}},
                                    .fill = [&](admin::v1::GetStatusResponse* response) {
                                      FillStatus({.trust = inputs.trust,
                                                  .epoch = inputs.epoch_key->current().epoch,
                                                  .store = *state.rocksdb,
                                                  .ring = *state.ring,
                                                  .confined = confined},
                                                 response);
                                    }}));

  rpc::ServerOptions server;
  server.listen = options.listen;
  server.credentials = *std::move(credentials);
  server.port_file = options.port_file;
  server.admin_socket = options.operations.admin_socket;
  server.max_request_bytes = kMaxRequestBytes;
  server.drain = options.drain;
  auto runner = rpc::ServerRunner::Start(server, bound, logger);
  if (!runner.ok()) return runner.status();
  absl::Status exposed = operations.Expose(options.operations.metrics_listen, **runner);
  if (!exposed.ok()) return exposed;
  Announce(logger, **runner, inputs.trust);

  absl::Status ended;
  {
    const StoreWatch watch(*state.engine, kStoreInterval, [&](const absl::Status& why) {
      // Only a new start finds out what the disk holds.
      logger.Error("store", {{"cause", rpc::Cause{why}}});
      (*runner)->Stop();
    });
    ended = (*runner)->RunUntil(signals);
  }
  operations.Close();
  pool.Drain();
  attachments.Drain();
  background.Drain();
  // Completes what is queued, while what the answers touch is still there.
  const absl::Status writable = state.rocksdb->Writable();
  state.rocksdb.reset();
  if (!writable.ok()) {
    return absl::UnavailableError("the store takes no writes: " + std::string(writable.message()));
  }
  return ended;
}

absl::Status Run(const DaemonOptions& options, const TestFlags& tests, bool check_only,
                 rpc::TerminationSignals& signals) {
  const rpc::Logger logger =
      rpc::Logger::ToStderr(options.verbose ? rpc::LogLevel::kDebug : rpc::LogLevel::kInfo);
  absl::Status tls13 = tls::RequireTls13();
  if (!tls13.ok()) return tls13;
  absl::StatusOr<Inputs> inputs = ReadInputs(options);
  if (!inputs.ok()) return inputs.status();
  if (check_only) {
    std::puts("the configuration will do");
    return absl::OkStatus();
  }
  absl::Status made = config::MakePrivateDirectory(options.store_directory);
  if (!made.ok()) return made;
  if (!options.operations.admin_socket.empty()) {
    made = config::MakePrivateDirectory(DirectoryOf(options.operations.admin_socket));
    if (!made.ok()) return made;
  }
  absl::StatusOr<bool> confined = Confine(options, inputs->trust.development(), logger);
  if (!confined.ok()) return confined.status();

  const crypto::SystemClock clock;
  crypto::SystemRandom random;
  absl::StatusOr<State> state = OpenState(options, *inputs, clock, random, tests);
  if (!state.ok()) return state.status();
  absl::Status memory = CheckMemory(options, *state, logger);
  if (!memory.ok()) return memory;
  return Serve(options, *inputs, clock, *state, *confined, tests, signals, logger);
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
  std::string stepwise;
  const config::ParsedCommandLine parsed = config::ParseCommandLine(
      argc, argv, "The sealed mailboxes of a Letterlock deployment.", described.options(),
      {{"crash-at", "for tests: end as if killed at NAME[:N]; `list` prints the names", &crash_at},
       {"stepwise", "for tests: `yes` sends in three steps, as on a distributed store",
        &stepwise}});
  if (parsed.exit_code) return *parsed.exit_code;
  if (crash_at == "list") {
    for (const std::string_view name : point::All()) {
      std::printf("%s\n", std::string(name).c_str());
    }
    return 0;
  }

  absl::Status ended = signals.status();
  absl::StatusOr<config::Reader> reader =
      config::Reader::Load(parsed.line.config_file, parsed.line.overrides);
  if (ended.ok()) ended = reader.status();
  if (ended.ok()) {
    ReadOptions(*reader, &options);
    ended = reader->Finish();
  }
  TestFlags tests{.stepwise = stepwise == "yes"};
  auto points = CrashPoints::Parse(crash_at);
  if (ended.ok()) ended = points.status();
  if (points.ok()) tests.points = *std::move(points);
  if (ended.ok()) ended = Run(options, tests, parsed.line.check_config, **signals);
  if (ended.ok()) return 0;
  std::fprintf(stderr, "letterlock-maild: %s\n", std::string(ended.message()).c_str());
  return 1;
}

}  // namespace
}  // namespace letterlock::mail

int main(int argc, char** argv) { return letterlock::mail::Main(argc, argv); }
