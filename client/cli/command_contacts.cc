#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "cli/table.h"
#include "client/failure.h"
#include "commands.h"
#include "crypto/base/encoding.h"
#include "message_text.h"

namespace letterlock::cli {
namespace {

using Deed = absl::Status (*)(client::Client&, const crypto::Handle&);

// A command that does one thing about one member, and says so.
ExitCode Do(const CommonOptions& common, const std::string& text, Deed deed, const char* done,
            Output& output) {
  const auto handle = crypto::Handle::Parse(text);
  if (!handle.ok()) return output.Fail(client::UsageProblem("not a handle"), kHandleRule);
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  const absl::Status status = deed(**client, *handle);
  if (!status.ok()) return output.Fail(status);
  if (output.json()) {
    output.Answer({{"handle", handle->str()}, {"done", done}}, (*client)->labels());
  } else {
    output.out() << handle->str() << ": " << done << '\n';
  }
  return kExitOk;
}

void AddDeed(Registry& registry, CLI::App* group, const char* name, const char* help, Deed deed,
             const char* done) {
  const auto handle = std::make_shared<std::string>();
  Command command = {.name = name,
                     .help = help,
                     .on_alarm = "Nothing was changed.",
                     .action = [handle, deed, done](const CommonOptions& common, Output& output) {
                       return Do(common, *handle, deed, done, output);
                     }};
  CLI::App* added =
      group == nullptr ? registry.Add(std::move(command)) : registry.Add(group, std::move(command));
  added->add_option("HANDLE", *handle, "whom")->required();
}

ExitCode Blocks(const CommonOptions& common, Output& output) {
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  const auto blocks = (*client)->Blocks();
  if (!blocks.ok()) return output.Fail(blocks.status());
  nlohmann::json list = nlohmann::json::array();
  Table table({{"HANDLE"}, {"MEMBER"}, {"SINCE"}});
  for (const client::BlockedMember& blocked : *blocks) {
    const std::string member = crypto::HexEncode(blocked.member.bytes());
    nlohmann::json json = {{"member", member}, {"since_unix_ms", blocked.since_unix_ms}};
    if (blocked.handle.has_value()) json["handle"] = blocked.handle->str();
    list.push_back(json);
    table.Add({blocked.handle.has_value() ? blocked.handle->str() : "", member,
               TimeText(blocked.since_unix_ms)});
  }
  if (output.json()) {
    output.Answer({{"blocks", list}}, (*client)->labels());
  } else if (table.empty()) {
    output.out() << "nobody is blocked\n";
  } else {
    table.Print(output.out());
  }
  return kExitOk;
}

nlohmann::json AllowanceJson(const client::Allowance& allowance) {
  return {{"used", allowance.used}, {"limit", allowance.limit}};
}

nlohmann::json LimitsJson(const client::Limits& limits) {
  return {{"messages", AllowanceJson(limits.messages)},
          {"bytes", AllowanceJson(limits.bytes)},
          {"sender_share_per_mille", limits.sender_share_per_mille},
          {"credits", {{"available", limits.credits.used}, {"most", limits.credits.limit}}},
          {"next_credit_unix_ms", limits.next_credit_unix_ms},
          {"refund_days", limits.refund_days},
          {"sends_per_day", AllowanceJson(limits.sends_per_day)},
          {"reports_per_day", AllowanceJson(limits.reports_per_day)},
          {"max_unanswered", limits.max_unanswered},
          {"first_contact_wait_ms", limits.first_contact_wait_ms},
          {"max_attachment_bytes", limits.max_attachment_bytes},
          {"max_attachments", limits.max_attachments},
          {"change_retention_days", limits.change_retention_days},
          {"report_desk", limits.report_desk}};
}

void PrintLimits(const client::Limits& limits, std::ostream& out) {
  const auto of = [](const client::Allowance& allowance) {
    return std::to_string(allowance.used) + " of " + std::to_string(allowance.limit);
  };
  out << "messages       " << of(limits.messages) << '\n'
      << "bytes          " << of(limits.bytes) << '\n'
      << "credits        " << of(limits.credits) << " left for first contacts; one comes back when "
      << "it is answered within " << limits.refund_days << " days\n"
      << "sent today     " << of(limits.sends_per_day) << '\n'
      << "reported today " << of(limits.reports_per_day) << '\n'
      << "unanswered     at most " << limits.max_unanswered << " messages to one member\n"
      << "first contact  "
      << (limits.first_contact_wait_ms == 0
              ? "at once"
              : "after " + std::to_string(limits.first_contact_wait_ms / 1000) + " s")
      << '\n'
      << "one sender     at most " << limits.sender_share_per_mille << " per mille of a mailbox\n"
      << "attachments    at most " << limits.max_attachments << " of "
      << limits.max_attachment_bytes << " bytes each\n"
      << "abuse desk     " << (limits.report_desk.empty() ? "none" : limits.report_desk) << '\n';
}

ExitCode ShowLimits(const CommonOptions& common, Output& output) {
  const auto client = OpenClient(common);
  if (!client.ok()) return output.Fail(client.status());
  const auto limits = (*client)->GetLimits();
  if (!limits.ok()) return output.Fail(limits.status());
  if (output.json()) {
    output.Answer(LimitsJson(*limits), (*client)->labels());
  } else {
    PrintLimits(*limits, output.out());
  }
  return kExitOk;
}

}  // namespace

void AddContactCommands(Registry& registry) {
  CLI::App* respond = registry.Group("respond", "answer a first contact without a message");
  AddDeed(
      registry, respond, "accept", "let her write on; her messages move to the inbox",
      [](client::Client& client, const crypto::Handle& handle) {
        return client.Respond(handle, /*accept=*/true);
      },
      "accepted");
  AddDeed(
      registry, respond, "decline", "she may not write again before you do",
      [](client::Client& client, const crypto::Handle& handle) {
        return client.Respond(handle, /*accept=*/false);
      },
      "declined");
  AddDeed(
      registry, nullptr, "block", "take nothing more of a member",
      [](client::Client& client, const crypto::Handle& handle) { return client.Block(handle); },
      "blocked");
  AddDeed(
      registry, nullptr, "unblock", "take mail of a member again",
      [](client::Client& client, const crypto::Handle& handle) { return client.Unblock(handle); },
      "not blocked");
  registry.Add({.name = "blocks",
                .help = "whom I have blocked",
                .on_alarm = "Nothing was changed.",
                .action = Blocks});
  registry.Add({.name = "limits",
                .help = "what the mail server allows, and what is left of it",
                .on_alarm = "Nothing was changed.",
                .action = ShowLimits});
}

}  // namespace letterlock::cli
