// Manual pages and shell completion from a program's own definition of its command line, so that
// they can't say anything else than the program does. All our programs share this.
//
//   CLI::App app(...);
//   ...
//   command_docs::AddGenerator(&app, LETTERLOCK_VERSION);
//
// The build calls each program with --generate-docs and keeps what it prints (cmake/
// LetterlockDocs.cmake). Pure functions; thread-safe.
#pragma once

#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace letterlock::command_docs {

// The page in man(7), of this section: "1" for members' programs, "8" for operators'. ASCII.
std::string ManualPage(const CLI::App& program, const std::string& name, const std::string& section,
                       const std::string& version);

// Scripts that complete commands and options; values are completed as file names.
std::string BashCompletion(const CLI::App& program, const std::string& name);
std::string ZshCompletion(const CLI::App& program, const std::string& name);
std::string FishCompletion(const CLI::App& program, const std::string& name);

// Adds the option --generate-docs KIND (man1, man8, bash, zsh, fish), which help does not show:
// prints that, and ends. The program's name is the one that it was started by.
void AddGenerator(CLI::App* program, const std::string& version);

}  // namespace letterlock::command_docs
