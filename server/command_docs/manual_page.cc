#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdint>
#include <cstdio>
#include <set>

#include "definition.h"
#include "server/command_docs/command_docs.h"

namespace letterlock::command_docs {
namespace {

// The length of the UTF-8 character that starts with `byte`, and its bits there.
std::pair<std::size_t, std::uint32_t> LeadOf(std::uint8_t byte) {
  if (byte >= 0xF0) return {4, byte & 0x07u};
  if (byte >= 0xE0) return {3, byte & 0x0Fu};
  if (byte >= 0xC0) return {2, byte & 0x1Fu};
  return {1, byte};
}

// As text of a page: nothing in it is a request, an escape or a hyphen that breaks.
std::string Text(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    auto [size, value] = LeadOf(static_cast<std::uint8_t>(text[at]));
    for (std::size_t i = 1; i < size && at + i < text.size(); ++i) {
      value = value << 6 | (static_cast<std::uint8_t>(text[at + i]) & 0x3Fu);
    }
    if (value == '\\') {
      out += "\\e";
    } else if (value == '-') {
      out += "\\-";
    } else if (value == '\'') {
      out += "\\(aq";
    } else if (value == '.' && (at == 0 || text[at - 1] == '\n')) {
      out += "\\&.";
    } else if (value < 0x80) {
      out += static_cast<char>(value);
    } else {
      char escape[16];
      std::snprintf(escape, sizeof(escape), "\\[u%04X]", static_cast<unsigned>(value));
      out += escape;
    }
    at += size;
  }
  return out;
}

std::string Bold(const std::string& text) { return "\\fB" + Text(text) + "\\fR"; }
std::string Italic(const std::string& text) { return "\\fI" + Text(text) + "\\fR"; }

std::string SynopsisOf(const Command& command, const std::string& program) {
  std::string line = Bold(program);
  for (const std::string& word : command.path) line += " " + Bold(word);
  bool optional = false;
  for (const Option& option : command.options)
    optional = optional || (!option.argument && !option.required);
  if (optional) line += " [" + Italic("option") + " ...]";
  for (const Option& option : command.options) {
    if (!option.required && !option.argument) continue;
    std::string word = option.argument ? Italic(option.names[0])
                                       : Bold(option.names[0]) + " " + Italic(option.type);
    if (option.many) word += " ...";
    line += option.required ? " " + word : " [" + word + "]";
  }
  if (!command.commands.empty()) line += " " + Italic("command") + " ...";
  return line + "\n";
}

std::string EntryOf(const Option& option) {
  std::string names;
  for (const std::string& name : option.names) {
    names += (names.empty() ? "" : ", ") + (option.argument ? Italic(name) : Bold(name));
  }
  std::string entry = ".TP\n" + names;
  if (!option.argument && option.takes_value) entry += " " + Italic(option.type);
  entry += "\n";
  std::string help = option.help;
  if (option.required && !option.argument) help += " (required)";
  if (!option.default_value.empty()) help += " [" + option.default_value + "]";
  if (!option.environment.empty()) help += "; environment: " + option.environment;
  return entry + (help.empty() ? std::string("\\&") : Text(help)) + "\n";
}

std::string EntriesOf(const Command& command) {
  std::string entries;
  for (const Option& option : command.options) {
    if (option.names[0] == "--help" && !command.path.empty()) continue;
    entries += EntryOf(option);
  }
  return entries;
}

std::string ProgramOptions(const Command& program) {
  std::vector<std::string> groups;
  for (const Option& option : program.options) {
    bool known = false;
    for (const std::string& group : groups) known = known || group == option.group;
    if (!known) groups.push_back(option.group);
  }
  std::string text = ".SH OPTIONS\n";
  for (const std::string& group : groups) {
    if (groups.size() > 1) text += ".SS " + Text(group) + "\n";
    for (const Option& option : program.options) {
      if (option.group == group) text += EntryOf(option);
    }
  }
  return text;
}

}  // namespace

std::string ManualPage(const CLI::App& program, const std::string& name, const std::string& section,
                       const std::string& version) {
  const Command definition = DefinitionOf(program);
  std::string page = ".\\\" Made from the program's own definitions.\n";
  page += ".TH " + Text(name) + " " + section + " \"\" \"letterlock " + Text(version) +
          "\" \"Letterlock\"\n";
  page += ".SH NAME\n" + Text(name) + " \\- " + Text(definition.help) + "\n";
  page += ".SH SYNOPSIS\n" + SynopsisOf(definition, name);
  page += ProgramOptions(definition);
  const std::vector<const Command*> all = AllOf(definition);
  if (all.size() > 1) page += ".SH COMMANDS\n";
  for (const Command* command : all) {
    if (command->path.empty() || !command->commands.empty()) continue;
    page += ".SS " + Text(Join(command->path, " ")) + "\n" + SynopsisOf(*command, name);
    page += ".PP\n" + Text(command->help) + "\n" + EntriesOf(*command);
  }
  if (!program.get_footer().empty())
    page += ".SH NOTES\n" + Text(OneLine(program.get_footer())) + "\n";
  page.pop_back();  // whoever prints it ends the line
  return page;
}

}  // namespace letterlock::command_docs
