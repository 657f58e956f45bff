// `certificate` of both tools: a fresh certificate for the plane's server.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"

namespace CLI {
class App;
}  // namespace CLI

namespace letterlock::admin {

// Adds the subcommand to `app`. When it is given, `ended` gets what came of it; it prints what to
// do next.
void AddCertificateCommand(CLI::App& app, const std::string& server_name,
                           const std::function<void(absl::Status)>& ended);

}  // namespace letterlock::admin
