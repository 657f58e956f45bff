#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "client/failure.h"
#include "commands.h"
#include "message_text.h"

namespace letterlock::cli {
namespace {

using Ids = std::vector<std::string>;

constexpr const char* kNothingMarked = "The messages were marked all the same.";

ExitCode Report(const absl::StatusOr<std::vector<client::Marked>>& marked, const char* done,
                client::Client& client, Output& output) {
  if (!marked.ok()) return output.Fail(marked.status());
  bool all = true;
  nlohmann::json list = nlohmann::json::array();
  for (const client::Marked& message : *marked) {
    all = all && message.found;
    list.push_back({{"id", HexOf(message.id)}, {"found", message.found}});
    if (output.json()) continue;
    output.out() << HexOf(message.id) << "  " << (message.found ? done : "is no more") << '\n';
  }
  if (output.json()) output.Answer({{"messages", list}}, client.labels(), client.alarm());
  const ExitCode alarm = output.AlsoAlarm(client.alarm());
  if (alarm != kExitOk) return alarm;
  return all ? kExitOk : kExitNotFound;
}

ExitCode Mark(const CommonOptions& common, const Ids& ids, const client::MarkRequest& request,
              const char* done, Output& output) {
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  return Report((*client)->Mark(ids, request), done, **client, output);
}

ExitCode Delete(const CommonOptions& common, const Ids& ids, Output& output) {
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  return Report((*client)->Delete(ids), "deleted", **client, output);
}

void AddIds(CLI::App& command, Ids* ids) {
  command.add_option("ID", *ids, "the messages' ids, or as many digits as name them")->required();
}

void AddMark(Registry& registry, CLI::App* group, const char* name, const char* help, bool read) {
  const auto ids = std::make_shared<Ids>();
  const client::MarkRequest request = {
      .read = read, .archived = std::nullopt, .add_labels = {}, .remove_labels = {}};
  AddIds(
      *registry.Add(group, {.name = name,
                            .help = help,
                            .on_alarm = kNothingMarked,
                            .action =
                                [ids, request, name](const CommonOptions& common, Output& output) {
                                  return Mark(common, *ids, request, name, output);
                                }}),
      ids.get());
}

void AddArchive(Registry& registry) {
  struct Options {
    Ids ids;
    bool undo = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = registry.Add(
      {.name = "archive",
       .help = "put messages away",
       .on_alarm = kNothingMarked,
       .action = [options](const CommonOptions& common, Output& output) {
         const client::MarkRequest request = {.read = std::nullopt,
                                              .archived = !options->undo,
                                              .add_labels = {},
                                              .remove_labels = {}};
         return Mark(common, options->ids, request, options->undo ? "back" : "archived", output);
       }});
  command->add_flag("--undo", options->undo, "back to where they arrived");
  AddIds(*command, &options->ids);
}

void AddLabel(Registry& registry) {
  struct Options {
    Ids ids;
    client::MarkRequest request;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = registry.Add(
      {.name = "label",
       .help = "put labels on messages, or take them off; the mail server reads them",
       .on_alarm = kNothingMarked,
       .action = [options](const CommonOptions& common, Output& output) {
         if (options->request.add_labels.empty() && options->request.remove_labels.empty()) {
           return output.Fail(client::UsageProblem("give --add LABEL or --remove LABEL"));
         }
         return Mark(common, options->ids, options->request, "labelled", output);
       }});
  command
      ->add_option("--add", options->request.add_labels,
                   "a label: up to 32 of a to z, 0 to 9, '.', '_' and '-'; repeat")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--remove", options->request.remove_labels, "a label; repeat")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  AddIds(*command, &options->ids);
}

}  // namespace

void AddMarkCommands(Registry& registry) {
  CLI::App* mark = registry.Group("mark", "mark messages as read or unread");
  AddMark(registry, mark, "read", "mark messages as read", true);
  AddMark(registry, mark, "unread", "mark messages as unread", false);
  AddArchive(registry);
  AddLabel(registry);

  const auto ids = std::make_shared<Ids>();
  AddIds(*registry.Add({.name = "delete",
                        .help = "delete messages from the own mailbox; the other side keeps hers",
                        .on_alarm = "The messages were deleted all the same.",
                        .action = [ids](const CommonOptions& common,
                                        Output& output) { return Delete(common, *ids, output); }}),
         ids.get());
}

}  // namespace letterlock::cli
