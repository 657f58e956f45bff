#include "client/failure.h"

#include <optional>
#include <string>

#include "absl/strings/cord.h"

namespace letterlock::client {
namespace {

constexpr char kPayload[] = "letterlock.client/problem";
constexpr char kUnknownPayload[] = "letterlock.client/outcome-unknown";

absl::Status Make(absl::StatusCode code, absl::string_view what, Problem problem) {
  absl::Status status(code, what);
  // Through a string_view: Debian's absl has no symbol for the constructor that clang 19 would
  // call.
  const char byte = static_cast<char>(problem);
  status.SetPayload(kPayload, absl::Cord(absl::string_view(&byte, 1)));
  return status;
}

}  // namespace

absl::Status UsageProblem(const char* what) {
  return Make(absl::StatusCode::kInvalidArgument, what, Problem::kUsage);
}

absl::Status AsUsageProblem(const absl::Status& status) {
  return Make(absl::StatusCode::kInvalidArgument, status.message(), Problem::kUsage);
}

absl::Status NotFound(const char* what) {
  return Make(absl::StatusCode::kNotFound, what, Problem::kNotFound);
}

absl::Status VerificationFailed(const char* what) {
  return Make(absl::StatusCode::kUnauthenticated, what, Problem::kVerification);
}

absl::Status Alarm(const char* what) {
  return Make(absl::StatusCode::kDataLoss, what, Problem::kAlarm);
}

absl::Status DeviceRevoked() {
  return Make(
      absl::StatusCode::kPermissionDenied,
      "the mail server takes this device no more: it was revoked, or another device changed "
      "the account's keys; a link file of a device that is taken brings it back",
      Problem::kRevoked);
}

absl::Status StatusOf(absl::StatusCode code, Problem problem, const std::string& what) {
  return Make(code, what, problem);
}

absl::Status WithUnknownOutcome(absl::Status status) {
  status.SetPayload(kUnknownPayload, absl::Cord());
  return status;
}

bool OutcomeUnknown(const absl::Status& status) {
  return status.GetPayload(kUnknownPayload).has_value();
}

Problem ProblemOf(const absl::Status& status) {
  if (status.ok()) return Problem::kNone;
  if (const absl::optional<absl::Cord> payload = status.GetPayload(kPayload); payload.has_value()) {
    return static_cast<Problem>(std::string(*payload)[0]);
  }
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return Problem::kNotFound;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return Problem::kUnavailable;
    default:
      return Problem::kOther;
  }
}

}  // namespace letterlock::client
