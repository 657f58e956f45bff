// Why something did not work, as the member sees it: one kind for each exit code of the command
// line (docs/client.md, "Exit codes"). Inside, errors are absl::Status; a verdict of the client
// itself carries its kind as a payload, so that no server can speak for it. Thread-safe.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace letterlock::client {

enum class Problem {
  kNone,
  kOther,         // a wrong passphrase, a refusal by a server, a full disk
  kUsage,         // arguments, configuration
  kNotFound,      // handle, member without mailbox, message
  kVerification,  // a proof, signature or pin that does not hold; nothing of it was used
  kUnavailable,   // a server could not be reached, or not in time
  kAlarm,         // own entry changed; log forked or shrank
  kRevoked,       // the mail server takes no session of this device any more
};

// What the client itself found. `what` is a literal: no handle, key or content.
absl::Status UsageProblem(const char* what);
absl::Status NotFound(const char* what);
absl::Status VerificationFailed(const char* what);
absl::Status Alarm(const char* what);

// The mail server knows the device no more: whoever uses it hears so, by whatever she asked.
absl::Status DeviceRevoked();

// The same error, of a call that the server may have carried out all the same: what is not to be
// done twice is to be looked for first.
absl::Status WithUnknownOutcome(absl::Status status);
bool OutcomeUnknown(const absl::Status& status);

// The same error as a usage problem: what a file of the configuration has wrong.
absl::Status AsUsageProblem(const absl::Status& status);

// A status as it was kept: of this kind.
absl::Status StatusOf(absl::StatusCode code, Problem problem, const std::string& what);

// The kind of any status: as made above; of others NOT_FOUND, UNAVAILABLE and DEADLINE_EXCEEDED
// have their own, the rest is kOther.
Problem ProblemOf(const absl::Status& status);

}  // namespace letterlock::client
