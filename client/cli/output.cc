#include "output.h"

#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/display_text.h"
#include "client/failure.h"
#include "crypto/base/strings.h"

namespace letterlock::cli {
namespace {

using client::Problem;

const char* NameOf(Problem problem) {
  switch (problem) {
    case Problem::kNone:
      return "none";
    case Problem::kOther:
      return "other";
    case Problem::kUsage:
      return "usage";
    case Problem::kNotFound:
      return "not-found";
    case Problem::kVerification:
      return "verification-failed";
    case Problem::kUnavailable:
      return "unavailable";
    case Problem::kAlarm:
      return "alarm";
  }
  return "other";
}

constexpr std::string_view kBar =
    "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!";

// A server's words may stand in an error.
std::string TextOf(const absl::Status& status) {
  return DisplayLine(crypto::Std(status.message()));
}

}  // namespace

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (client::ProblemOf(status)) {
    case Problem::kNone:
      return kExitOk;
    case Problem::kOther:
      return kExitOther;
    case Problem::kUsage:
      return kExitUsage;
    case Problem::kNotFound:
      return kExitNotFound;
    case Problem::kVerification:
      return kExitVerification;
    case Problem::kUnavailable:
      return kExitUnavailable;
    case Problem::kAlarm:
      return kExitAlarm;
  }
  return kExitOther;
}

void Output::Json(const nlohmann::json& object) {
  // Content may hold any valid UTF-8; what is not valid was refused when it was opened.
  out_ << object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

nlohmann::json Output::LabelsJson(const client::Labels& labels) {
  nlohmann::json list = nlohmann::json::array();
  if (labels.unwitnessed) list.push_back("UNWITNESSED");
  if (labels.self_registered) list.push_back("SELF-REGISTERED");
  return list;
}

void Output::Label(const client::Labels& labels) {
  if (labels.unwitnessed) {
    err_ << "UNWITNESSED: only the operator vouches that all members see one log\n";
  }
  if (labels.self_registered) {
    err_ << "SELF-REGISTERED: nobody vouches who is behind a handle\n";
  }
}

void Output::Note(std::string_view text) { err_ << text << '\n'; }

void Output::Say(const absl::Status& status, std::string_view advice) {
  const bool alarm = client::ProblemOf(status) == Problem::kAlarm;
  if (alarm) err_ << kBar << '\n';
  const std::string text = DisplayBlock(crypto::Std(status.message()), "  ");
  err_ << (alarm ? "ALARM: " : "letterlock: ") << text.substr(2);
  if (!advice.empty()) err_ << "  " << advice << '\n';
  if (alarm) {
    err_
        << "  Nothing was sent. Don't trust this directory until its operator has explained it;\n"
           "  docs/client.md, \"Alarms\", says what may have happened and what evidence was kept.\n"
        << kBar << '\n';
  }
}

ExitCode Output::Fail(const absl::Status& status, std::string_view advice) {
  Say(status, advice);
  if (json_) {
    Json(
        {{"error", {{"problem", NameOf(client::ProblemOf(status))}, {"message", TextOf(status)}}}});
  }
  return ExitCodeOf(status);
}

ExitCode Output::AlsoAlarm(const absl::Status& status) {
  if (status.ok()) return kExitOk;
  Say(status, {});
  return ExitCodeOf(status);
}

}  // namespace letterlock::cli
