// `letterlock-audit log ...`.
#pragma once

#include <functional>

#include "absl/status/status.h"

namespace CLI {
class App;
}  // namespace CLI

namespace letterlock::audit {

// Adds the commands to `app`. When one is given, `ended` gets what came of it.
void AddLogCommands(CLI::App& app, const std::function<void(absl::Status)>& ended);

}  // namespace letterlock::audit
