#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "cli/display_text.h"
#include "cli/table.h"
#include "client/failure.h"
#include "commands.h"
#include "crypto/base/encoding.h"
#include "crypto/base/strings.h"
#include "message_text.h"
#include "message_view.h"
#include "report_text.h"

namespace letterlock::cli {
namespace {

constexpr std::size_t kSubjectWidth = 40;

std::string WhyNot(const absl::Status& status) {
  return DisplayLine(crypto::Std(status.message()));
}

std::string ReporterName(const client::ReceivedReport& report) {
  return report.reporter_handle.has_value()
             ? report.reporter_handle->str()
             : crypto::HexEncode(report.reporter.bytes()).substr(0, 8);
}

// What the mail server says of a report, whatever is in it.
nlohmann::json ReportJson(const client::ReceivedReport& report) {
  nlohmann::json json = {{"number", report.sequence},
                         {"accepted_unix_ms", report.accepted_unix_ms},
                         {"reporter", crypto::HexEncode(report.reporter.bytes())},
                         {"sender", crypto::HexEncode(report.sender.bytes())},
                         {"id", HexOf(report.message)}};
  if (report.reporter_handle.has_value()) json["reporter_handle"] = report.reporter_handle->str();
  return json;
}

void AddDisclosed(const client::DisclosedReport& disclosed, bool body, nlohmann::json* json) {
  nlohmann::json message = MessageJson(disclosed.message, body);
  // Those of a mailbox, and it lies in none.
  for (const char* key : {"folder", "read", "message_labels", "accepted_unix_ms"}) {
    message.erase(key);
  }
  json->update(message);
  (*json)["reason"] = ReasonName(disclosed.reason);
  (*json)["entry_version"] = disclosed.entry_version;
  (*json)["head_sequence"] = disclosed.head_sequence;
  (*json)["head_unix_ms"] = disclosed.head_unix_ms;
  if (body) (*json)["note"] = Shown(disclosed.note);
}

// --- list ----------------------------------------------------------------------------------------

struct ListOptions {
  std::size_t most = 15;
  std::uint64_t after = 0;
};

void PrintList(const client::ReportPage& page, Output& output) {
  Table table({{"NUMBER"}, {"REPORTED"}, {"BY"}, {"FROM"}, {"REASON"}, {"SUBJECT", kSubjectWidth}});
  for (const client::ReceivedReport& report : page.reports) {
    if (!report.disclosed.ok()) continue;
    const client::Message& message = report.disclosed->message;
    table.Add({std::to_string(report.sequence), TimeText(report.accepted_unix_ms),
               ReporterName(report), message.from.str(), ReasonName(report.disclosed->reason),
               Shown(message.subject)});
  }
  if (table.empty()) {
    output.out() << "no reports\n";
  } else {
    table.Print(output.out());
  }
}

nlohmann::json ListJson(const client::ReportPage& page) {
  nlohmann::json reports = nlohmann::json::array();
  nlohmann::json refused = nlohmann::json::array();
  for (const client::ReceivedReport& report : page.reports) {
    nlohmann::json json = ReportJson(report);
    if (report.disclosed.ok()) {
      AddDisclosed(*report.disclosed, /*body=*/false, &json);
      reports.push_back(std::move(json));
    } else {
      json["why"] = WhyNot(report.disclosed.status());
      refused.push_back(std::move(json));
    }
  }
  return {{"reports", reports}, {"refused", refused}, {"more", page.more}};
}

ExitCode List(const CommonOptions& common, const ListOptions& options, Output& output) {
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  const auto page = (*client)->Reports(options.after, options.most);
  if (!page.ok()) return output.Fail(page.status());
  output.Label((*client)->labels());
  if (output.json()) {
    output.Answer(ListJson(*page), (*client)->labels());
  } else {
    PrintList(*page, output);
  }
  for (const client::ReceivedReport& report : page->reports) {
    if (report.disclosed.ok()) continue;
    output.Note("not shown: report " + std::to_string(report.sequence) + ": " +
                WhyNot(report.disclosed.status()));
  }
  if (page->more) {
    output.Note("More reports are there: --after " + std::to_string(page->reports.back().sequence) +
                " goes on.");
  }
  if (!page->is_desk) output.Note("The mail server names another abuse desk than you, or none.");
  return kExitOk;
}

// --- show ----------------------------------------------------------------------------------------

void PrintReport(const client::ReceivedReport& report, Output& output) {
  const client::DisclosedReport& disclosed = *report.disclosed;
  output.out() << "Report:  " << report.sequence << ", of " << TimeText(report.accepted_unix_ms)
               << " by the mail server's clock\n"
               << "By:      "
               << (report.reporter_handle.has_value() ? report.reporter_handle->str() + ", " : "")
               << "member " << crypto::HexEncode(report.reporter.bytes()) << '\n';
  PrintReason(disclosed.reason, disclosed.note, output);
  output.out() << "Proof:   the sender's directory entry, version " << disclosed.entry_version
               << ", under head " << disclosed.head_sequence << " of "
               << TimeText(disclosed.head_unix_ms) << "\n\n";
  PrintMessage(disclosed.message, output);
  if (!report.reporter_handle.has_value()) {
    output.Note(
        "That the reporter's handle is the one behind \"To:\" is the sender's word: the directory "
        "did not\nshow it. To her, whoever has this member id, the message was written.");
  }
}

constexpr std::string_view kRefused =
    "Nothing of it is shown: it proves nothing. `letterlock desk delete` removes it.";

ExitCode Show(const CommonOptions& common, std::uint64_t number, Output& output) {
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  const auto report = (*client)->ReadReport(number);
  if (!report.ok()) return output.Fail(report.status());
  if (!report->disclosed.ok()) return output.Fail(report->disclosed.status(), kRefused);
  output.Label((*client)->labels());
  if (output.json()) {
    nlohmann::json json = ReportJson(*report);
    AddDisclosed(*report->disclosed, /*body=*/true, &json);
    output.Answer(std::move(json), (*client)->labels(), (*client)->alarm());
  } else {
    PrintReport(*report, output);
  }
  return output.AlsoAlarm((*client)->alarm());
}

// --- verify --------------------------------------------------------------------------------------

const char* ResultOf(const absl::Status& status) {
  if (status.ok()) return "PASS";
  return client::ProblemOf(status) == client::Problem::kUnavailable ? "UNKNOWN" : "FAIL";
}

ExitCode Verify(const CommonOptions& common, std::uint64_t number, Output& output) {
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  const auto check = (*client)->CheckReport(number);
  if (!check.ok()) return output.Fail(check.status());
  output.Label((*client)->labels());
  absl::Status verdict;
  Table table({{"RESULT"}, {"CLAIM"}, {"REMARK"}});
  nlohmann::json claims = nlohmann::json::array();
  for (const client::CheckedClaim& claim : check->claims) {
    const std::string remark = claim.status.ok() ? claim.remark : WhyNot(claim.status);
    table.Add({ResultOf(claim.status), claim.claim, remark});
    claims.push_back(
        {{"claim", claim.claim}, {"result", ResultOf(claim.status)}, {"remark", remark}});
    if (verdict.ok()) verdict = claim.status;
  }
  const bool alarm = client::ProblemOf(verdict) == client::Problem::kAlarm;
  if (output.json()) {
    nlohmann::json json = ReportJson(check->report);
    json["verified"] = verdict.ok();
    json["claims"] = claims;
    output.Answer(std::move(json), (*client)->labels(), alarm ? verdict : absl::OkStatus());
  } else {
    table.Print(output.out());
  }
  return alarm ? output.AlsoAlarm(verdict) : ExitCodeOf(verdict);
}

// --- delete --------------------------------------------------------------------------------------

ExitCode Delete(const CommonOptions& common, const std::vector<std::uint64_t>& numbers,
                Output& output) {
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  bool all = true;
  nlohmann::json list = nlohmann::json::array();
  for (const std::uint64_t number : numbers) {
    const absl::Status status = (*client)->DeleteReport(number);
    const bool found = client::ProblemOf(status) != client::Problem::kNotFound;
    if (found && !status.ok()) return output.Fail(status);
    all = all && found;
    list.push_back({{"number", number}, {"found", found}});
    if (!output.json())
      output.out() << number << "  " << (found ? "deleted" : "is no more") << '\n';
  }
  if (output.json()) output.Answer({{"reports", list}}, (*client)->labels());
  return all ? kExitOk : kExitNotFound;
}

using ForOne = ExitCode (*)(const CommonOptions&, std::uint64_t, Output&);

void AddForOne(Registry& registry, CLI::App* group, const char* name, const char* help,
               ForOne action) {
  const auto number = std::make_shared<std::uint64_t>(0);
  CLI::App* command = registry.Add(
      group,
      {.name = name,
       .help = help,
       .on_alarm = "What is shown of a report holds under the log that its reporter was shown.",
       .action = [number, action](const CommonOptions& common, Output& output) {
         return action(common, *number, output);
       }});
  command->add_option("NUMBER", *number, "the report's, as `list` shows it")->required();
}

}  // namespace

void AddDeskCommands(Registry& registry) {
  CLI::App* desk = registry.Group("desk", "reports that lie before this account, the abuse desk's");
  const auto options = std::make_shared<ListOptions>();
  CLI::App* list =
      registry.Add(desk, {.name = "list",
                          .help = "reports, oldest first, each checked by what it holds",
                          .on_alarm = "Nothing was changed.",
                          .action = [options](const CommonOptions& common, Output& output) {
                            return List(common, *options, output);
                          }});
  list->add_option("--most", options->most, "how many")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  list->add_option("--after", options->after, "only those behind this number");

  AddForOne(registry, desk, "show", "the message that one report discloses, and who wrote it",
            Show);
  AddForOne(registry, desk, "verify",
            "hold one report against the directory and the log of now, claim by claim", Verify);

  const auto numbers = std::make_shared<std::vector<std::uint64_t>>();
  CLI::App* remove =
      registry.Add(desk, {.name = "delete",
                          .help = "take reports off the desk",
                          .on_alarm = "Nothing was changed.",
                          .action = [numbers](const CommonOptions& common, Output& output) {
                            return Delete(common, *numbers, output);
                          }});
  remove->add_option("NUMBER", *numbers, "the reports', as `list` shows them")->required();
}

}  // namespace letterlock::cli
