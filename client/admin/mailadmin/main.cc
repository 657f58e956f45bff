// letterlock-mailadmin: makes and tends the mail plane of a deployment.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "admin/certificate_command.h"
#include "admin/status_command.h"
#include "doctor/doctor_command.h"
#include "mail_doctor.h"
#include "mail_plane.h"
#include "server/command_docs/command_docs.h"

namespace letterlock::mailadmin {
namespace {

constexpr int kUsageError = 2;

absl::Status Init(const Plan& plan) {
  absl::Status made = InitMailPlane(plan, absl::Now());
  if (!made.ok()) return made;
  std::printf(
      "%s/maild.toml    start it: letterlock-maild --config\n"
      "%s/epoch.key     the root key of every mailbox: back it up apart from the store\n"
      "%s/client/       for members: letterlock --config client.toml\n"
      "%s/ca/           signs server certificates: take it off this machine\n",
      plan.directory.c_str(), plan.directory.c_str(), plan.directory.c_str(),
      plan.directory.c_str());
  return absl::OkStatus();
}

void AddInit(CLI::App& app, const std::function<void(absl::Status)>& ended) {
  auto plan = std::make_shared<Plan>();
  CLI::App* init = app.add_subcommand("init", "make keys, certificates and configuration");
  init->add_option("--dir", plan->directory, "where to; must be empty")->required();
  init->add_option("--trust", plan->trust_file, "the deployment's trust file")->required();
  init->add_option("--name", plan->names,
                   "a DNS name or IP address of the server, repeatable; the first "
                   "is what clients check [localhost, 127.0.0.1]")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  init->add_option("--listen", plan->listen, "address and port to serve [127.0.0.1:7442]");
  init->add_option("--address", plan->address, "host:port that members dial [the one of --listen]");
  init->add_option("--directory", plan->directory_address,
                   "host:port of the directory, for members");
  init->add_option("--directory-name", plan->directory_name,
                   "the directory's name in its certificate [the host of --directory]");
  init->add_option("--directory-ca", plan->directory_ca_file,
                   "PEM of the authority that the directory's certificate comes from");
  init->callback([plan, ended] { ended(Init(*plan)); });
}

int Main(int argc, char** argv) {
  CLI::App app("The mail plane of a Letterlock deployment: its keys and configuration.");
  app.set_version_flag("--version", LETTERLOCK_VERSION);
  command_docs::AddGenerator(&app, LETTERLOCK_VERSION);
  app.require_subcommand(1);
  absl::Status result;
  const auto ended = [&](absl::Status status) { result = std::move(status); };
  AddInit(app, ended);
  admin::AddCertificateCommand(app, std::string(kServerName), ended);
  admin::AddStatusCommand(app, ended);
  doctor::AddDoctorCommand(app, std::string(kServerName), ExamineMailPlane, ended);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageError;
  }
  if (result.ok()) return 0;
  std::fprintf(stderr, "letterlock-mailadmin: %s\n", std::string(result.message()).c_str());
  return 1;
}

}  // namespace
}  // namespace letterlock::mailadmin

int main(int argc, char** argv) { return letterlock::mailadmin::Main(argc, argv); }
