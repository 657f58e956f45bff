// `status` of both tools: what a daemon says of itself on its admin socket.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace CLI {
class App;
}  // namespace CLI

namespace letterlock::admin::v1 {
class GetStatusResponse;
}  // namespace letterlock::admin::v1

namespace letterlock::admin {

// The socket that a daemon's configuration names. FAILED_PRECONDITION where it names none.
absl::StatusOr<std::string> AdminSocketOf(const std::string& config_file);

// Asks at the socket. UNAVAILABLE where nobody answers, or not this user.
absl::StatusOr<v1::GetStatusResponse> AskStatus(const std::string& socket, absl::Duration patience);

// For people, and for programs.
std::string StatusText(const v1::GetStatusResponse& status);
std::string StatusJson(const v1::GetStatusResponse& status);

// Adds the subcommand to `app`. When it is given, `ended` gets what came of it.
void AddStatusCommand(CLI::App& app, const std::function<void(absl::Status)>& ended);

}  // namespace letterlock::admin
