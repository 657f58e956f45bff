// Where commands declare themselves: each command_*.cc has one Add function (commands.h) that is
// given this. Adding a command is a function there and a line in program.cc; manual pages and
// completion follow by themselves. Not thread-safe.
#pragma once

#include <functional>
#include <string>

#include "options.h"
#include "output.h"

namespace CLI {
class App;
}  // namespace CLI

namespace letterlock::cli {

using Action = std::function<ExitCode(const CommonOptions&, Output&)>;

struct Command {
  const char* name;
  const char* help;
  // What an alarm means for what this command was asked to do: whole sentences, said between the
  // alarm and what to do about it, and in --json.
  const char* on_alarm;
  // Runs after the line was parsed. Options live as long as what it captures.
  Action action;
};

class Registry {
 public:
  explicit Registry(CLI::App* program) : program_(*program) {}

  // Commands below a word: `account create`.
  CLI::App* Group(const char* name, const char* help);
  // A command of the program, or of a group. What comes back takes its options.
  CLI::App* Add(Command command);
  CLI::App* Add(CLI::App* group, Command command);

  // The command that was given. REQUIRES: the line was parsed.
  ExitCode Run(const CommonOptions& common, Output& output) const;

 private:
  CLI::App& program_;
  Action chosen_;
  const char* on_alarm_ = "";
};

}  // namespace letterlock::cli
