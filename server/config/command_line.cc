#include "server/config/command_line.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <map>

#include "server/command_docs/command_docs.h"

namespace letterlock::config {
namespace {

constexpr int kUsageError = 2;

std::string HelpOf(const OptionInfo& option) {
  std::string help = option.help;
  if (option.required) {
    help += " [required]";
  } else if (!option.default_value.empty()) {
    help += " [" + option.default_value + "]";
  }
  return help;
}

}  // namespace

ParsedCommandLine ParseCommandLine(int argc, const char* const* argv,
                                   const std::string& description,
                                   const std::vector<OptionInfo>& options,
                                   const std::vector<ExtraFlag>& extra) {
  ParsedCommandLine parsed;
  CLI::App app(description);
  app.set_version_flag("--version", LETTERLOCK_VERSION);
  command_docs::AddGenerator(&app, LETTERLOCK_VERSION);
  app.add_option("--config", parsed.line.config_file, "the configuration, TOML")->required();
  app.add_flag("--check-config", parsed.line.check_config, "check the configuration and end");
  std::map<std::string, std::string> given;
  for (const OptionInfo& option : options) {
    app.add_option("--" + option.key, given[option.key], HelpOf(option))
        ->group("Options of the configuration, which go before the file's")
        ->type_name(option.type);
  }
  for (const ExtraFlag& flag : extra) app.add_option("--" + flag.name, *flag.value, flag.help);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    parsed.exit_code = app.exit(error) == 0 ? 0 : kUsageError;
    return parsed;
  }
  for (const auto& [key, value] : given) {
    if (app.count("--" + key) > 0) parsed.line.overrides.Set(key, value);
  }
  return parsed;
}

}  // namespace letterlock::config
