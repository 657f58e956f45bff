// letterlock-bench: the mail server beside its ceiling, in one run, as ratios. `./dev bench`.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "echo_server.h"
#include "report.h"
#include "rig.h"

namespace letterlock::bench {
namespace {

constexpr size_t kBodyBytes = 1024;
constexpr int kBatch = 20;

struct Options {
  std::string binaries;
  int members = 16;
  std::vector<int> outstanding = {1, 64, 256};
  int64_t calls = 0;  // of Send, a round; 0: as many as take a second or so
  int rounds = 3;
  bool json = false;
  EchoOptions echo;  // set where this process is to be the echo server
};

// At least as many as are outstanding.
int64_t CallsOf(const Options& options, int outstanding) {
  const int64_t usual = outstanding == 1 ? 1'000 : outstanding < 256 ? 6'000 : 10'000;
  return std::max<int64_t>(outstanding, options.calls > 0 ? options.calls : usual);
}

absl::Status Run(const Options& options) {
  auto rig = Rig::Start(options.binaries);
  if (!rig.ok()) return rig.status();
  std::fprintf(stderr, "making %d members ...\n", options.members);
  const auto members =
      MakeMembers((*rig)->config(), (*rig)->folder() + "/members", options.members);
  if (!members.ok()) return members.status();

  Measurement measurement((*rig)->echo(), (*rig)->mail(), *members, options.rounds);
  std::vector<Row> rows;
  std::vector<SealedSend> sent;
  for (const int outstanding : options.outstanding) {
    const int64_t calls = CallsOf(options, outstanding);
    std::fprintf(stderr, "Send, %d outstanding ...\n", outstanding);
    auto sends = SealMessages(*members, static_cast<size_t>(calls * options.rounds), kBodyBytes);
    if (!sends.ok()) return sends.status();
    sent = *std::move(sends);
    auto row = measurement.Send(outstanding, sent);
    if (!row.ok()) return row.status();
    rows.push_back(*std::move(row));
  }
  for (const int outstanding : options.outstanding) {
    const int64_t calls = std::max<int64_t>(outstanding, CallsOf(options, outstanding) / 4);
    std::fprintf(stderr, "BatchGet, %d outstanding ...\n", outstanding);
    auto row = measurement.BatchGet(outstanding, sent, kBatch, calls);
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
  app.add_option("--members", options.members, "who write to each other")
      ->check(CLI::Range(2, 1000));
  app.add_option("--outstanding", options.outstanding, "calls in flight, for each row of the table")
      ->delimiter(',')
      ->check(CLI::Range(1, 10'000));
  app.add_option("--calls", options.calls, "Sends of a round")->check(CLI::Range(1, 1'000'000));
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
