// The command line that all daemons share: --config FILE, one flag for each option of the
// configuration,
// --check-config, --help, --version, and what a daemon adds.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "server/config/reader.h"

namespace letterlock::config {

// A flag that is no option of the configuration, `--name VALUE`.
struct ExtraFlag {
  std::string name;
  std::string help;
  std::string* value;
};

struct CommandLine {
  std::string config_file;
  Overrides overrides;
  bool check_config = false;  // say whether the configuration will do, and end
};

// Parses `argv`. Where there is nothing more to do (help, version, a mistake) it has printed what
// there is to say, and gives the exit code instead: 0, or 2 for a mistake.
struct ParsedCommandLine {
  std::optional<int> exit_code;
  CommandLine line;
};
ParsedCommandLine ParseCommandLine(int argc, const char* const* argv,
                                   const std::string& description,
                                   const std::vector<OptionInfo>& options,
                                   const std::vector<ExtraFlag>& extra = {});

}  // namespace letterlock::config
