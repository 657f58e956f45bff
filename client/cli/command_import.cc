#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "client/failure.h"
#include "commands.h"
#include "progress.h"

namespace letterlock::cli {
namespace {

constexpr std::size_t kMostNotes = 20;

ExitCode ImportLinkedIn(const CommonOptions& common, const std::string& file, Output& output) {
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  const auto summary = (*client)->ImportLinkedIn(file, ShowProgress(output, "importing"));
  if (!summary.ok()) {
    const bool usage = client::ProblemOf(summary.status()) == client::Problem::kUsage;
    return output.Fail(summary.status(),
                       usage ? "" : "What was imported stays; running it again goes on.");
  }
  output.Label((*client)->labels());
  if (output.json()) {
    nlohmann::json bad = nlohmann::json::array();
    for (const client::BadRow& row : summary->bad) {
      bad.push_back({{"line", row.line}, {"why", row.why}});
    }
    output.Answer({{"imported", summary->imported}, {"present", summary->present}, {"bad", bad}},
                  (*client)->labels());
    return kExitOk;
  }
  output.out() << "imported " << summary->imported << ", there already " << summary->present
               << ", left out " << summary->bad.size() << '\n';
  for (std::size_t i = 0; i < summary->bad.size() && i < kMostNotes; ++i) {
    output.Note("line " + std::to_string(summary->bad[i].line) + ": " + summary->bad[i].why);
  }
  if (summary->bad.size() > kMostNotes) output.Note("... and more: --json lists all.");
  return kExitOk;
}

}  // namespace

void AddImportCommands(Registry& registry) {
  CLI::App* group = registry.Group("import", "bring messages along from elsewhere");
  const auto file = std::make_shared<std::string>();
  CLI::App* linkedin =
      registry.Add(group, {.name = "linkedin",
                           .help = "the messages.csv of a LinkedIn archive, sealed to my own key",
                           .on_alarm = "Nothing was imported.",
                           .action = [file](const CommonOptions& common, Output& output) {
                             return ImportLinkedIn(common, *file, output);
                           }});
  linkedin->add_option("FILE", *file, "messages.csv")->required();
}

}  // namespace letterlock::cli
