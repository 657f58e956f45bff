// A program's command line as the writers of this folder want it. Private.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace letterlock::command_docs {

struct Option {
  std::vector<std::string> names;  // "--json", "-h"; of an argument its one name, "HANDLE"
  bool argument = false;
  bool takes_value = false;
  bool required = false;
  bool many = false;
  std::string type;  // "TEXT", "INT"
  std::string help;
  std::string default_value;
  std::string environment;
  std::string group;
};

struct Command {
  std::vector<std::string> path;  // {"account", "create"}; of the program itself none
  std::string help;
  std::vector<Option> options;  // arguments come last
  std::vector<Command> commands;
};

// Without what is hidden.
Command DefinitionOf(const CLI::App& program);

// The command and all below it, depth first.
std::vector<const Command*> AllOf(const Command& command);

std::string Join(const std::vector<std::string>& words, const std::string& between);

// One line: line breaks become spaces.
std::string OneLine(const std::string& text);

}  // namespace letterlock::command_docs
