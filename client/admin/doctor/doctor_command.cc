#include "doctor/doctor_command.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"

namespace letterlock::doctor {
namespace {

struct Flags {
  Request request;
  std::vector<std::string> set;
  bool json = false;
  bool strict = false;
};

absl::Status Run(Flags& flags, const std::string& daemon, const Examine& examine) {
  for (const std::string& assignment : flags.set) {
    if (absl::Status added = flags.request.overrides.Add(assignment); !added.ok()) return added;
  }
  const Report report = examine(flags.request, *ThisMachine());
  const std::string text =
      flags.json ? ReportJson(daemon, flags.request.config_file, report) : ReportText(report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
  int bad = report.Count(Verdict::kWrong);
  if (flags.strict) bad += report.Count(Verdict::kWarning) + report.Count(Verdict::kSkipped);
  if (bad == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(bad, bad == 1 ? " finding" : " findings", " to mend"));
}

}  // namespace

void AddDoctorCommand(CLI::App& app, const std::string& daemon, const Examine& examine,
                      const std::function<void(absl::Status)>& ended) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand(
      "doctor", "look for what is wrong with " + daemon + ", and say how to mend it");
  command->add_option("--config", flags->request.config_file, "the daemon's configuration")
      ->required();
  command
      ->add_option("--set", flags->set,
                   "KEY=VALUE that the daemon is given besides its configuration; repeat")
      ->expected(1)
      ->check([](const std::string& text) {
        return text.find('=', 1) == std::string::npos ? "must be KEY=VALUE" : "";
      })
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--user", flags->request.user,
                      "that the daemon runs as [the one it runs as now, or the store's owner]");
  command->add_option("--ca", flags->request.ca_file,
                      "PEM of the authority that clients have [where `init` puts it]");
  command
      ->add_option("--name", flags->request.names,
                   "a name that clients dial and the certificate must have; repeat")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_flag("--stopped", flags->request.stopped, "the daemon is not meant to run now");
  command->add_flag("--strict", flags->strict,
                    "exit 1 for warnings, and for what could not be looked at, too");
  command->add_flag("--json", flags->json, "machine-readable");
  command->callback([flags, daemon, examine, ended] { ended(Run(*flags, daemon, examine)); });
}

}  // namespace letterlock::doctor
