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
    case Problem::kRevoked:
      return "device-revoked";
  }
  return "other";
}

constexpr std::string_view kBar =
    "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!";

// A server's words may stand in an error.
std::string TextOf(const absl::Status& status) {
  return DisplayLine(crypto::Std(status.message()));
}

constexpr std::string_view kMaybeTaken =
    "It may have been taken all the same: look at `letterlock sent` before you send it again.";

nlohmann::json LabelsJson(const client::Labels& labels) {
  nlohmann::json list = nlohmann::json::array();
  if (labels.unwitnessed) list.push_back("UNWITNESSED");
  if (labels.self_registered) list.push_back("SELF-REGISTERED");
  return list;
}

}  // namespace

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (client::ProblemOf(status)) {
    case Problem::kNone:
      return kExitOk;
    case Problem::kOther:
    case Problem::kRevoked:
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

void Output::Answer(nlohmann::json object, const client::Labels& labels,
                    const absl::Status& alarm) {
  object["labels"] = LabelsJson(labels);
  if (!alarm.ok()) object["alarm"] = AlarmJson(alarm);
  Json(object);
}

nlohmann::json Output::AlarmJson(const absl::Status& status) const {
  return {{"message", TextOf(status)}, {"consequence", on_alarm_}};
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
  if (client::OutcomeUnknown(status)) err_ << "  " << kMaybeTaken << '\n';
  if (!advice.empty()) err_ << "  " << advice << '\n';
  if (alarm) {
    err_ << "  " << on_alarm_ << '\n'
         << "  Don't trust this directory until its operator has explained it; docs/client.md,\n"
            "  \"Alarms\", says what may have happened and what evidence was kept.\n"
         << kBar << '\n';
  }
}

ExitCode Output::Fail(const absl::Status& status, std::string_view advice) {
  Say(status, advice);
  if (json_) {
    const Problem problem = client::ProblemOf(status);
    nlohmann::json error = {{"problem", NameOf(problem)}, {"message", TextOf(status)}};
    if (client::OutcomeUnknown(status)) error["may_have_been_taken"] = true;
    if (problem == Problem::kAlarm) error["consequence"] = on_alarm_;
    Json({{"error", error}});
  }
  return ExitCodeOf(status);
}

ExitCode Output::AlsoAlarm(const absl::Status& status) {
  if (status.ok()) return kExitOk;
  Say(status, {});
  return ExitCodeOf(status);
}

}  // namespace letterlock::cli
