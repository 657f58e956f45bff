#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "client/failure.h"
#include "commands.h"
#include "crypto/base/encoding.h"
#include "message_text.h"
#include "message_view.h"
#include "report_text.h"
#include "terminal.h"

namespace letterlock::cli {
namespace {

struct ReportOptions {
  std::string id;
  std::string reason = "other";
  std::string note;
  bool yes = false;
};

const char* HowKnown(const client::ReportQuestion& question) {
  if (question.desk_pinned_now) return "pinned just now";
  return question.desk_changed ? "its entry changed, by its own key" : "as pinned";
}

// What is decided on: all that the desk would read, and what it would know by it.
void PrintQuestion(const client::ReportQuestion& question, const client::ReportDraft& draft,
                   Output& output) {
  PrintMessage(question.message, output);
  output.out() << '\n';
  PrintReason(draft.reason, draft.note, output);
  output.out() << "Desk:    " << question.desk.str() << "  (" << HowKnown(question) << ")\n"
               << std::flush;
  const std::string from = question.message.from.str();
  output.Note("The abuse desk would read all of the above, and could prove that " + from +
              " wrote it to you.");
  if (!question.message.files.empty()) {
    output.Note(
        "The attachments' keys are part of the message. Their bytes don't go to the desk, but the "
        "mail server\nstores them sealed: together the two could open them.");
  }
  output.Note(
      "It learns no other message, and nothing else of your mailbox. The mail server sees that you "
      "report\nthis message, and not what the report says. Who the desk is, is the mail server's "
      "word.");
}

ExitCode Tell(const client::ReportQuestion& question, const client::ReportDraft& draft,
              bool reported, const client::Client& client, Output& output) {
  if (output.json()) {
    output.Answer({{"id", HexOf(question.message.id)},
                   {"from", question.message.from.str()},
                   {"reason", ReasonName(draft.reason)},
                   {"desk", question.desk.str()},
                   {"desk_member", crypto::HexEncode(question.desk_member.bytes())},
                   {"decision", reported ? "reported" : "declined"}},
                  client.labels());
  } else {
    output.out() << (reported ? "reported to " + question.desk.str() : "nothing was reported")
                 << '\n';
  }
  return reported ? kExitOk : kExitOther;
}

ExitCode Report(const CommonOptions& common, const ReportOptions& options, Output& output) {
  const auto reason = ReasonNamed(options.reason);
  if (!reason.has_value()) return output.Fail(client::UsageProblem("there is no such reason"));
  const client::ReportDraft draft = {
      .id_prefix = options.id, .reason = *reason, .note = crypto::SecretBuffer::Copy(options.note)};
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  const auto question = (*client)->AskReport(draft);
  if (!question.ok()) return output.Fail(question.status());
  output.Label((*client)->labels());
  if (!output.json()) PrintQuestion(*question, draft, output);
  if (!options.yes) {
    if (output.json()) return Tell(*question, draft, /*reported=*/false, **client, output);
    const auto agreed = AskYes("Send the report?");
    if (!agreed.ok()) return output.Fail(agreed.status());
    if (!*agreed) return Tell(*question, draft, /*reported=*/false, **client, output);
  }
  const absl::Status reported = (*client)->Report(*question);
  if (!reported.ok()) {
    const bool lost = client::ProblemOf(reported) == client::Problem::kUnavailable;
    return output.Fail(
        reported,
        lost ? "Report it again: that goes on where this stopped, and reports it once." : "");
  }
  return Tell(*question, draft, /*reported=*/true, **client, output);
}

}  // namespace

void AddReportCommands(Registry& registry) {
  const auto options = std::make_shared<ReportOptions>();
  CLI::App* report =
      registry.Add({.name = "report",
                    .help = "show one message to the abuse desk",
                    .on_alarm = "Nothing was reported.",
                    .action = [options](const CommonOptions& common, Output& output) {
                      return Report(common, *options, output);
                    }});
  report->add_option("ID", options->id, "the message's id, or as many digits as name it")
      ->required();
  report->add_option("--reason", options->reason, "why")
      ->check(CLI::IsMember(ReasonNames()))
      ->capture_default_str();
  report->add_option("--note", options->note, "what the desk should know: up to 2,000 characters");
  report->add_flag("--yes", options->yes, "report it without asking");
}

}  // namespace letterlock::cli
