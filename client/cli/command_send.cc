#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "client/failure.h"
#include "commands.h"
#include "message_text.h"

namespace letterlock::cli {
namespace {

constexpr std::string_view kMaybeSent =
    "It may have been taken all the same: look at `letterlock sent` before you send it again.";

ExitCode SendDraft(client::Client& client, const client::Draft& draft, Output& output) {
  const auto receipt = client.Send(draft);
  if (!receipt.ok()) {
    const bool unknown = client::ProblemOf(receipt.status()) == client::Problem::kUnavailable;
    return output.Fail(receipt.status(), unknown ? kMaybeSent : std::string_view());
  }
  output.Label(client.labels());
  if (output.json()) {
    nlohmann::json json = ReceiptJson(*receipt, draft.to);
    json["labels"] = Output::LabelsJson(client.labels());
    output.Json(json);
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

}  // namespace

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
      .thread = std::nullopt};
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
      .to = original->folder == client::Folder::kInbox ? original->from : original->to,
      .subject = crypto::SecretBuffer::Copy(subject),
      .body = *std::move(body),
      .format = options.text.html ? client::BodyFormat::kHtml : client::BodyFormat::kPlain,
      .thread = original->thread};
  return SendDraft(**client, draft, output);
}

}  // namespace letterlock::cli
