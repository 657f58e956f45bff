#include "definition.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>

namespace letterlock::command_docs {
namespace {

Option OptionOf(const CLI::Option& defined) {
  Option option;
  option.argument = defined.get_positional();
  if (option.argument) option.names.push_back(defined.get_name(/*positional=*/true));
  if (!option.argument) {
    for (const std::string& name : defined.get_lnames()) option.names.push_back("--" + name);
    for (const std::string& name : defined.get_snames()) option.names.push_back("-" + name);
  }
  option.takes_value = defined.get_items_expected_max() > 0;
  option.required = defined.get_required();
  option.many = defined.get_items_expected_max() > 1;
  option.type = defined.get_type_name();
  option.help = OneLine(defined.get_description());
  option.default_value = defined.get_default_str();
  option.environment = defined.get_envname();
  option.group = defined.get_group();
  return option;
}

void AddOptions(const CLI::App& app, bool arguments, Command* command) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty() || option->get_positional() != arguments) continue;
    command->options.push_back(OptionOf(*option));
  }
}

const auto kAll = [](const CLI::App*) { return true; };

// CLI11 keeps a group of options among the commands, as one without a name.
bool IsOptionGroup(const CLI::App& app) { return app.get_name().empty(); }

Command CommandOf(const CLI::App& app, const std::vector<std::string>& path) {
  Command command{
      .path = path, .help = OneLine(app.get_description()), .options = {}, .commands = {}};
  for (const bool arguments : {false, true}) {
    AddOptions(app, arguments, &command);
    for (const CLI::App* sub : app.get_subcommands(kAll)) {
      if (IsOptionGroup(*sub)) AddOptions(*sub, arguments, &command);
    }
  }
  for (const CLI::App* sub : app.get_subcommands(kAll)) {
    if (sub->get_group().empty() || IsOptionGroup(*sub)) continue;
    std::vector<std::string> below = path;
    below.push_back(sub->get_name());
    command.commands.push_back(CommandOf(*sub, below));
  }
  return command;
}

}  // namespace

Command DefinitionOf(const CLI::App& program) { return CommandOf(program, {}); }

std::vector<const Command*> AllOf(const Command& command) {
  std::vector<const Command*> all = {&command};
  for (const Command& below : command.commands) {
    const std::vector<const Command*> more = AllOf(below);
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

std::string Join(const std::vector<std::string>& words, const std::string& between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

std::string OneLine(const std::string& text) {
  std::string line = text;
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace letterlock::command_docs
