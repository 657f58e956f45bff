// letterlock-bench: the mail server beside its ceiling, in one run, as ratios. `./dev bench`.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "echo_server.h"
#include "report.h"
#include "rig.h"

namespace letterlock::bench {
namespace {

constexpr int kMembers = 16;
constexpr size_t kBodyBytes = 1024;
constexpr int kBatch = 20;

struct Concurrency {
  int outstanding;
  int64_t calls;  // a round
};
constexpr Concurrency kConcurrencies[] = {{1, 1'000}, {64, 6'000}, {256, 10'000}};

struct Options {
  std::string binaries;
  int rounds = 3;
  bool json = false;
  EchoOptions echo;  // set where this process is to be the echo server
};

absl::Status Run(const Options& options) {
  auto rig = Rig::Start(options.binaries);
  if (!rig.ok()) return rig.status();
  std::fprintf(stderr, "making %d members ...\n", kMembers);
  const auto members = MakeMembers((*rig)->config(), (*rig)->folder() + "/members", kMembers);
  if (!members.ok()) return members.status();

  Measurement measurement((*rig)->echo(), (*rig)->mail(), *members, options.rounds);
  std::vector<Row> rows;
  std::vector<SealedSend> sent;
  for (const auto& [outstanding, calls] : kConcurrencies) {
    std::fprintf(stderr, "Send, %d outstanding ...\n", outstanding);
    auto sends = SealMessages(*members, static_cast<size_t>(calls * options.rounds), kBodyBytes);
    if (!sends.ok()) return sends.status();
    sent = *std::move(sends);
    auto row = measurement.Send(outstanding, sent);
    if (!row.ok()) return row.status();
    rows.push_back(*std::move(row));
  }
  for (const auto& [outstanding, calls] : kConcurrencies) {
    std::fprintf(stderr, "BatchGet, %d outstanding ...\n", outstanding);
    auto row = measurement.BatchGet(outstanding, sent, kBatch, calls / 4);
    if (!row.ok()) return row.status();
    rows.push_back(*std::move(row));
  }
  std::fputs((options.json ? ToJson(rows) : ToTable(rows)).c_str(), stdout);
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  Options options;
  bool serve_echo = false;
  CLI::App app("The mail server beside an echo server of the same sizes, library and TLS");
  app.add_option("--bin", options.binaries, "folder of the programs")
      ->default_val(std::string(LETTERLOCK_BIN));
  app.add_option("--rounds", options.rounds, "rounds of each measurement; the median counts")
      ->check(CLI::Range(1, 99));
  app.add_flag("--json", options.json);
  app.add_flag("--serve-echo", serve_echo)->group("");
  app.add_option("--certificate", options.echo.certificate_file)->group("");
  app.add_option("--key", options.echo.key_file)->group("");
  app.add_option("--port_file", options.echo.port_file)->group("");
  CLI11_PARSE(app, argc, argv);

  const absl::Status status = serve_echo ? ServeEcho(options.echo) : Run(options);
  if (!status.ok()) std::fprintf(stderr, "letterlock-bench: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace letterlock::bench

int main(int argc, char** argv) { return letterlock::bench::Main(argc, argv); }
