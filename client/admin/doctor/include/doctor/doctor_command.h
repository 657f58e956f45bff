// `doctor` of both tools.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "doctor/machine.h"
#include "doctor/report.h"
#include "doctor/subject.h"

namespace CLI {
class App;
}  // namespace CLI

namespace letterlock::doctor {

using Examine = std::function<Report(const Request&, const Machine&)>;

// Adds the subcommand to `app`. When it is given, it prints what `examine` found, and `ended` gets
// OK, or FAILED_PRECONDITION where something is wrong (with --strict: or to be looked after).
void AddDoctorCommand(CLI::App& app, const std::string& daemon, const Examine& examine,
                      const std::function<void(absl::Status)>& ended);

}  // namespace letterlock::doctor
