// letterlock-maild: the sealed mailboxes of one deployment.
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "attest/trust.h"
#include "crash_points.h"
#include "crypto/base/clock.h"
#include "crypto/base/random.h"
#include "options.h"
#include "serve.h"
#include "server/config/command_line.h"
#include "server/config/files.h"
#include "server/config/reader.h"
#include "server/daemon/daemon.h"
#include "server/mail/keys/epoch_key_file.h"
#include "server/rpc/server.h"
#include "server/tls/identity.h"
#include "server/tls/policy.h"
#include "state.h"

namespace letterlock::mail {
namespace {

constexpr std::size_t kMaxTrustFile = 256 * 1024;

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
  absl::Status tls =
      tls::CheckIdentityFiles(options.common.tls_certificate_file, options.common.tls_key_file);
  if (!tls.ok()) return tls;
  return Inputs{*std::move(trust), *std::move(epoch_key)};
}

absl::Status Run(const DaemonOptions& options, const TestFlags& tests, bool check_only,
                 rpc::TerminationSignals& signals) {
  const rpc::Logger logger = rpc::Logger::ToStderr(options.common.log_level);
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
  made = daemon::MakeAdminDirectory(options.common);
  if (!made.ok()) return made;
  // Secrets and the trust file were read before and are out of reach from here on.
  absl::StatusOr<bool> confined = daemon::Confine(options.common, {options.store_directory},
                                                  inputs->trust.development(), logger);
  if (!confined.ok()) return confined.status();

  const crypto::SystemClock clock;
  crypto::SystemRandom random;
  absl::StatusOr<State> state =
      OpenState(options, inputs->trust, *inputs->epoch_key, clock, random, tests);
  if (!state.ok()) return state.status();
  absl::Status memory = CheckMemory(options, *state, logger);
  if (!memory.ok()) return memory;
  return Serve(options, inputs->trust, clock, *state, *confined, tests, signals, logger);
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
