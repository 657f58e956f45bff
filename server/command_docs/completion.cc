#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>

#include "definition.h"
#include "server/command_docs/command_docs.h"

namespace letterlock::command_docs {
namespace {

// "letterlock-admin" is no name of a function.
std::string FunctionName(const std::string& program) {
  std::string name = "_" + program;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

// In single quotes; `quote` is what stands for one inside.
std::string Quoted(const std::string& text, const std::string& quote) {
  std::string out = "'";
  for (const char letter : text) {
    if (letter == '\'') {
      out += quote;
    } else if (letter == '\\' && quote == "\\'") {
      out += "\\\\";  // fish reads escapes in quotes
    } else {
      out += letter;
    }
  }
  return out + "'";
}

std::string InShell(const std::string& text) { return Quoted(text, "'\\''"); }
std::string InFish(const std::string& text) { return Quoted(text, "\\'"); }

// The options that a command takes: its own, and the program's wherever it stands.
std::vector<const Option*> OptionsAt(const Command& program, const Command& command) {
  std::vector<const Option*> options;
  for (const Command* owner : {&command, &program}) {
    for (const Option& option : owner->options) {
      const bool twice = std::any_of(options.begin(), options.end(), [&](const Option* other) {
        return other->names[0] == option.names[0];
      });
      if (!option.argument && !twice) options.push_back(&option);
    }
  }
  return options;
}

std::vector<std::string> NamesOf(const std::vector<const Option*>& options, bool with_value) {
  std::vector<std::string> names;
  for (const Option* option : options) {
    if (with_value && !option->takes_value) continue;
    names.insert(names.end(), option->names.begin(), option->names.end());
  }
  return names;
}

std::vector<std::string> CommandsBelow(const Command& command) {
  std::vector<std::string> names;
  for (const Command& below : command.commands) names.push_back(below.path.back());
  return names;
}

// What zsh's _arguments wants of an option.
std::string ZshSpec(const Option& option, const std::string& name) {
  std::string help = option.help;
  for (const char special : {'[', ']', ':'}) {
    std::replace(help.begin(), help.end(), special, ' ');
  }
  return InShell(name + "[" + help + "]" +
                 (option.takes_value ? ":" + option.type + ":_files" : ""));
}

}  // namespace

std::string BashCompletion(const CLI::App& program, const std::string& name) {
  const Command definition = DefinitionOf(program);
  const std::string function = FunctionName(name);
  std::string script = "# Completion of " + name +
                       " for bash. Made from the program's own definitions.\n" + function +
                       "() {\n" +
                       "  local word=${COMP_WORDS[COMP_CWORD]} path='' at options valued commands\n"
                       "  for ((at = 1; at < COMP_CWORD; at++)); do\n"
                       "    case \"$path ${COMP_WORDS[at]}\" in\n";
  std::vector<std::string> paths;
  for (const Command* command : AllOf(definition)) {
    if (!command->path.empty()) paths.push_back("' " + Join(command->path, " ") + "'");
  }
  if (!paths.empty()) {
    script += "      " + Join(paths, " | ") + ") path+=\" ${COMP_WORDS[at]}\" ;;\n";
  }
  script += "    esac\n  done\n  case $path in\n";
  for (const Command* command : AllOf(definition)) {
    const auto options = OptionsAt(definition, *command);
    const std::string path = command->path.empty() ? "" : " " + Join(command->path, " ");
    script += "    '" + path + "')\n      options='" + Join(NamesOf(options, false), " ") +
              "'\n      valued='" + Join(NamesOf(options, true), " ") + "'\n      commands='" +
              Join(CommandsBelow(*command), " ") + "'\n      ;;\n";
  }
  script +=
      "  esac\n"
      "  if [[ \" $valued \" == *\" ${COMP_WORDS[COMP_CWORD - 1]} \"* ]]; then\n"
      "    mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
      "  elif [[ $word == -* || -n $commands ]]; then\n"
      "    mapfile -t COMPREPLY < <(compgen -W \"$commands $options\" -- \"$word\")\n"
      "  fi\n"
      "}\n"
      "complete -o filenames -o bashdefault -F " +
      function + " " + name;
  return script;
}

std::string ZshCompletion(const CLI::App& program, const std::string& name) {
  const Command definition = DefinitionOf(program);
  std::string script =
      "#compdef " + name +
      "\n# Completion for zsh. Made from the program's own definitions.\n"
      "local at place=''\nlocal -a described\n"
      "for ((at = 2; at < CURRENT; at++)); do\n  case \"$place ${words[at]}\" in\n";
  std::vector<std::string> paths;
  for (const Command* command : AllOf(definition)) {
    if (!command->path.empty()) paths.push_back("' " + Join(command->path, " ") + "'");
  }
  if (!paths.empty()) script += "    " + Join(paths, "|") + ") place+=\" ${words[at]}\" ;;\n";
  script += "  esac\ndone\ncase $place in\n";
  for (const Command* command : AllOf(definition)) {
    const std::string path = command->path.empty() ? "" : " " + Join(command->path, " ");
    script += "  '" + path + "')\n";
    if (!command->commands.empty()) {
      script += "    described=(\n";
      for (const Command& below : command->commands) {
        std::string help = below.help;
        std::replace(help.begin(), help.end(), ':', ' ');
        script += "      " + InShell(below.path.back() + ":" + help) + "\n";
      }
      script += "    )\n    [[ $PREFIX == -* ]] || _describe command described\n";
    }
    script += "    _arguments -S \\\n";
    for (const Option* option : OptionsAt(definition, *command)) {
      for (const std::string& option_name : option->names) {
        script += "      " + ZshSpec(*option, option_name) + " \\\n";
      }
    }
    script += "      '*::argument:_files'\n    ;;\n";
  }
  return script + "esac";
}

std::string FishCompletion(const CLI::App& program, const std::string& name) {
  const Command definition = DefinitionOf(program);
  const std::string function = "_" + FunctionName(name) + "_at";
  std::string script = "# Completion of " + name +
                       " for fish. Made from the program's own definitions.\n" + "function " +
                       function + "\n  set -l place\n" +
                       "  for word in (commandline -opc)[2..-1]\n    switch \"$place $word\"\n";
  std::vector<std::string> paths;
  for (const Command* command : AllOf(definition)) {
    if (!command->path.empty()) paths.push_back(InFish(" " + Join(command->path, " ")));
  }
  if (!paths.empty()) {
    script += "      case " + Join(paths, " ") + "\n        set place \"$place $word\"\n";
  }
  script += "    end\n  end\n  test \"$place\" = \"$argv[1]\"\nend\n";
  for (const Command* command : AllOf(definition)) {
    const std::string path = command->path.empty() ? "" : " " + Join(command->path, " ");
    const std::string at = "complete -c " + name + " -n " + InFish(function + " \"" + path + "\"");
    for (const Command& below : command->commands) {
      script += at + " -f -a " + InFish(below.path.back()) + " -d " + InFish(below.help) + "\n";
    }
    for (const Option* option : OptionsAt(definition, *command)) {
      script += at;
      for (const std::string& option_name : option->names) {
        script += option_name.starts_with("--") ? " -l " + option_name.substr(2)
                                                : " -s " + option_name.substr(1);
      }
      script +=
          std::string(option->takes_value ? " -r" : "") + " -d " + InFish(option->help) + "\n";
    }
  }
  script.pop_back();
  return script;
}

void AddGenerator(CLI::App* program, const std::string& version) {
  const auto generate = [program, version](const std::string& kind) {
    const std::string called = program->get_name();
    const std::string name = called.substr(called.rfind('/') + 1);
    std::string text;
    if (kind == "man1" || kind == "man8")
      text = ManualPage(*program, name, kind.substr(3), version);
    if (kind == "bash") text = BashCompletion(*program, name);
    if (kind == "zsh") text = ZshCompletion(*program, name);
    if (kind == "fish") text = FishCompletion(*program, name);
    if (text.empty())
      throw CLI::ValidationError("--generate-docs", "man1, man8, bash, zsh or fish");
    throw CLI::CallForVersion(text, 0);  // printed like a version is: before anything is required
  };
  program->add_option_function<std::string>("--generate-docs", generate)->group("");
}

}  // namespace letterlock::command_docs
