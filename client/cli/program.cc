#include "cli/program.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <ostream>
#include <string>

#include "commands.h"
#include "server/command_docs/command_docs.h"

namespace letterlock::cli {
namespace {

constexpr char kFooter[] =
    "The passphrase is asked for, or read from --passphrase-file or LETTERLOCK_PASSPHRASE.\n"
    "Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 verification failed, 5 server "
    "unavailable, "
    "6 alarm.";

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string DefaultAccount() {
  const std::string home = Environment("HOME");
  return home.empty() ? "" : home + "/.local/share/letterlock";
}

void AddCommon(CLI::App& app, CommonOptions* common) {
  common->account = DefaultAccount();
  common->passphrase.value = std::getenv("LETTERLOCK_PASSPHRASE");
  app.set_version_flag("--version", LETTERLOCK_VERSION);
  command_docs::AddGenerator(&app, LETTERLOCK_VERSION);
  app.add_option("--config", common->config, "client.toml of the deployment")
      ->envname("LETTERLOCK_CONFIG");
  app.add_option("--account", common->account, "the account's directory")
      ->envname("LETTERLOCK_ACCOUNT")
      ->capture_default_str();
  app.add_option("--passphrase-file", common->passphrase.file, "holds the passphrase");
  app.add_option("--patience", common->patience,
                 "seconds to go on trying while a server is not there")
      ->check(CLI::Range(0, 3600))
      ->capture_default_str();
  app.add_flag("--json", common->json, "exact content and stable keys, for programs");
}

void AddCommands(Registry& registry) {
  AddAccountCommands(registry);
  AddLookupCommands(registry);
  AddSendCommands(registry);
  AddReadCommands(registry);
  AddSaveCommands(registry);
  AddImportCommands(registry);
  AddTakeoutCommands(registry);
  AddMarkCommands(registry);
  AddWatchCommands(registry);
  AddTrustCommands(registry);
  AddContactCommands(registry);
  AddDeviceCommands(registry);
  AddReportCommands(registry);
  AddDeskCommands(registry);
}

}  // namespace

int Run(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  CLI::App app("A member's mail: sealed here, opened here.", "letterlock");
  app.footer(kFooter);
  app.require_subcommand(1);
  CommonOptions common;
  AddCommon(app, &common);
  Registry registry(&app);
  AddCommands(registry);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error, out, err) == 0 ? kExitOk : kExitUsage;
  }
  Output output(out, err, common.json);
  return registry.Run(common, output);
}

}  // namespace letterlock::cli
