// letterlock-audit: what an auditor runs.

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "log_commands.h"
#include "server/command_docs/command_docs.h"
#include "witness_commands.h"

namespace letterlock::audit {
namespace {

constexpr int kUsageError = 2;

int Main(int argc, char** argv) {
  CLI::App app("Checks a Letterlock deployment from the outside.");
  app.set_version_flag("--version", LETTERLOCK_VERSION);
  command_docs::AddGenerator(&app, LETTERLOCK_VERSION);
  app.require_subcommand(1);
  absl::Status result;
  const auto ended = [&](absl::Status status) { result = std::move(status); };
  AddLogCommands(app, ended);
  AddWitnessCommands(app, ended);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageError;
  }
  if (result.ok()) return 0;
  std::fprintf(stderr, "letterlock-audit: %s\n", std::string(result.message()).c_str());
  return absl::IsInvalidArgument(result) ? kUsageError : 1;
}

}  // namespace
}  // namespace letterlock::audit

int main(int argc, char** argv) { return letterlock::audit::Main(argc, argv); }
