#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "client/failure.h"
#include "commands.h"
#include "message_text.h"
#include "progress.h"

namespace letterlock::cli {
namespace {

struct SendOptions {
  std::string handle;
  TextOptions text;
};

struct ReplyOptions {
  std::string id;
  TextOptions text;
};

ExitCode SendDraft(client::Client& client, const client::Draft& draft, Output& output) {
  const auto receipt = client.Send(draft);
  if (!receipt.ok()) return output.Fail(receipt.status());
  output.Label(client.labels());
  if (output.json()) {
    output.Answer(ReceiptJson(*receipt, draft.to), client.labels());
  } else {
    output.out() << "sent " << HexOf(receipt->id) << " to " << draft.to.str() << ": "
                 << DeliveryName(receipt->delivery) << '\n';
  }
  return receipt->delivery == client::Delivery::kRefused ? kExitOther : kExitOk;
}

// "Re: " and the subject, once; a subject that would grow too long stays as it is.
std::string ReplySubject(const std::string& subject) {
  constexpr std::size_t kLongest = 196;  // bytes, so at most as many characters
  if (subject.empty() || subject.starts_with("Re: ") || subject.size() > kLongest) return subject;
  return "Re: " + subject;
}

ExitCode Send(const CommonOptions& common, const SendOptions& options, Output& output) {
  const auto handle = crypto::Handle::Parse(options.handle);
  if (!handle.ok()) return output.Fail(client::UsageProblem("not a handle"), kHandleRule);
  auto body = BodyOf(options.text, output);
  if (!body.ok()) return output.Fail(body.status());
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  const client::Draft draft = {
      .to = *handle,
      .subject = crypto::SecretBuffer::Copy(options.text.subject),
      .body = *std::move(body),
      .format = options.text.html ? client::BodyFormat::kHtml : client::BodyFormat::kPlain,
      .thread = std::nullopt,
      .files = options.text.files,
      .progress = ShowProgress(output, "sending")};
  return SendDraft(**client, draft, output);
}

ExitCode Reply(const CommonOptions& common, const ReplyOptions& options, Output& output) {
  auto body = BodyOf(options.text, output);
  if (!body.ok()) return output.Fail(body.status());
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  const auto original = (*client)->Read(options.id);
  if (!original.ok()) return output.Fail(original.status());
  const std::string subject =
      options.text.has_subject ? options.text.subject : ReplySubject(Shown(original->subject));
  const client::Draft draft = {
      // To what one sent oneself a reply goes to the same correspondent.
      .to = original->folder == client::Folder::kSent ? original->to : original->from,
      .subject = crypto::SecretBuffer::Copy(subject),
      .body = *std::move(body),
      .format = options.text.html ? client::BodyFormat::kHtml : client::BodyFormat::kPlain,
      .thread = original->thread,
      .files = options.text.files,
      .progress = ShowProgress(output, "sending")};
  return SendDraft(**client, draft, output);
}

void AddText(CLI::App& command, TextOptions* text, bool subject_needed) {
  auto* subject = command
                      .add_option_function<std::string>(
                          "--subject",
                          [text](const std::string& value) {
                            text->subject = value;
                            text->has_subject = true;
                          },
                          "at most 200 characters")
                      ->expected(1);
  if (subject_needed) subject->required();
  auto* body = command.add_option_function<std::string>(
      "--body",
      [text](const std::string& value) {
        text->body = value;
        text->has_body = true;
      },
      "the text itself; other users of this machine can see it while the command runs");
  command
      .add_option("--body-file", text->body_file,
                  "a file with the text; standard input where neither is given")
      ->excludes(body);
  command.add_flag("--html", text->html, "the body is HTML");
  command.add_option("--attach", text->files, "a file that goes with it, at most 25 MiB; up to 16")
      ->allow_extra_args(false);
}

}  // namespace

void AddSendCommands(Registry& registry) {
  const auto send = std::make_shared<SendOptions>();
  CLI::App* command = registry.Add({.name = "send",
                                    .help = "seal a message and send it",
                                    .on_alarm = "Nothing was sent.",
                                    .action = [send](const CommonOptions& common, Output& output) {
                                      return Send(common, *send, output);
                                    }});
  command->add_option("HANDLE", send->handle, "to whom")->required();
  AddText(*command, &send->text, /*subject_needed=*/true);

  const auto reply = std::make_shared<ReplyOptions>();
  command = registry.Add({.name = "reply",
                          .help = "answer a message in its thread",
                          .on_alarm = "Nothing was sent.",
                          .action = [reply](const CommonOptions& common, Output& output) {
                            return Reply(common, *reply, output);
                          }});
  command->add_option("ID", reply->id, "the message's id, or as many digits as name it")
      ->required();
  AddText(*command, &reply->text, /*subject_needed=*/false);
}

}  // namespace letterlock::cli
