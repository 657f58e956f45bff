#include "registry.h"

#include <CLI/CLI.hpp>
#include <utility>

namespace letterlock::cli {

CLI::App* Registry::Group(const char* name, const char* help) {
  CLI::App* group = program_.add_subcommand(name, help);
  group->fallthrough()->require_subcommand(1);
  return group;
}

CLI::App* Registry::Add(Command command) { return Add(&program_, std::move(command)); }

CLI::App* Registry::Add(CLI::App* group, Command command) {
  CLI::App* added = group->add_subcommand(command.name, command.help);
  added->fallthrough();
  added->final_callback(
      [this, action = std::move(command.action), on_alarm = command.on_alarm]() mutable {
        chosen_ = std::move(action);
        on_alarm_ = on_alarm;
      });
  return added;
}

ExitCode Registry::Run(const CommonOptions& common, Output& output) const {
  output.OnAlarm(on_alarm_);
  return chosen_(common, output);
}

}  // namespace letterlock::cli
