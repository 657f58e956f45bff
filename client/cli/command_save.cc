#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "cli/display_text.h"
#include "client/failure.h"
#include "commands.h"
#include "message_text.h"
#include "progress.h"

namespace letterlock::cli {
namespace {

struct SaveOptions {
  std::string id;
  std::vector<std::size_t> numbers;  // from 1; none: all
  std::string directory = ".";
};

ExitCode Save(const CommonOptions& common, const SaveOptions& options, Output& output) {
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  const auto message = (*client)->Read(options.id);
  if (!message.ok()) return output.Fail(message.status());
  if (message->files.empty()) {
    return output.Fail(client::NotFound("the message has no attachments"));
  }
  std::vector<std::size_t> numbers = options.numbers;
  for (std::size_t i = 1; numbers.size() < message->files.size() && options.numbers.empty(); ++i) {
    numbers.push_back(i);
  }
  nlohmann::json saved_files = nlohmann::json::array();
  for (const std::size_t number : numbers) {
    if (number == 0 || number > message->files.size()) {
      return output.Fail(client::NotFound("the message has no attachment of that number"));
    }
    const auto saved = (*client)->Save(message->files[number - 1], options.directory,
                                       ShowProgress(output, "fetching"));
    if (!saved.ok()) return output.Fail(saved.status());
    saved_files.push_back({{"number", number},
                           {"name", message->files[number - 1].file_name},
                           {"path", saved->path},
                           {"size", saved->size}});
    if (!output.json()) {
      output.out() << "saved " << DisplayLine(saved->path) << " (" << saved->size << " bytes)\n";
    }
    if (saved->renamed) output.Note("It has another name than the sender gave it.");
  }
  output.Label((*client)->labels());
  if (output.json()) {
    output.Answer({{"id", HexOf(message->id)}, {"saved", saved_files}}, (*client)->labels(),
                  (*client)->alarm());
  }
  return output.AlsoAlarm((*client)->alarm());
}

}  // namespace

void AddSaveCommands(Registry& registry) {
  const auto options = std::make_shared<SaveOptions>();
  CLI::App* command =
      registry.Add({.name = "save",
                    .help = "fetch a message's attachments into files",
                    .on_alarm = "What was saved verifies all the same.",
                    .action = [options](const CommonOptions& common, Output& output) {
                      return Save(common, *options, output);
                    }});
  command->add_option("ID", options->id, "the message's id, or as many digits as name it")
      ->required();
  command->add_option("N", options->numbers, "which of them, as `read` numbers them; else all");
  command->add_option("--to", options->directory, "the folder to save in")->capture_default_str();
}

}  // namespace letterlock::cli
