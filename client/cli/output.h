// What a command prints: tables or JSON on standard output; labels, notes, errors and alarms on
// standard error. Not thread-safe.
#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "client/client.h"

namespace letterlock::cli {

// docs/client.md, "Exit codes".
enum ExitCode {
  kExitOk = 0,
  kExitOther = 1,
  kExitUsage = 2,
  kExitNotFound = 3,
  kExitVerification = 4,
  kExitUnavailable = 5,
  kExitAlarm = 6,
};

ExitCode ExitCodeOf(const absl::Status& status);

class Output {
 public:
  // Neither stream is owned.
  Output(std::ostream& out, std::ostream& err, bool json) : out_(out), err_(err), json_(json) {}

  bool json() const { return json_; }
  std::ostream& out() { return out_; }

  // What an alarm means for the command that runs (registry.h); a literal.
  void OnAlarm(const char* consequence) { on_alarm_ = consequence; }

  // The answer for programs: one object, indented, on standard output, with the labels and, where
  // an alarm stands beside the answer, with that.
  void Answer(nlohmann::json object, const client::Labels& labels,
              const absl::Status& alarm = absl::OkStatus());

  // UNWITNESSED, SELF-REGISTERED: as lines of their own.
  void Label(const client::Labels& labels);

  // A line for people that is no error.
  void Note(std::string_view text);

  // Says what went wrong and what to do about it; an alarm between lines of '!'. `advice` may be
  // empty. With JSON also an object {"error": {...}} on standard output. Returns the exit code.
  ExitCode Fail(const absl::Status& status, std::string_view advice = {});
  // The same of an alarm beside an answer that was given, which Answer has said in JSON: nothing on
  // standard output.
  ExitCode AlsoAlarm(const absl::Status& status);

 private:
  void Json(const nlohmann::json& object);
  void Say(const absl::Status& status, std::string_view advice);
  nlohmann::json AlarmJson(const absl::Status& status) const;

  std::ostream& out_;
  std::ostream& err_;
  const bool json_;
  const char* on_alarm_ = "";
};

}  // namespace letterlock::cli
