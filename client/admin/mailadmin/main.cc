// letterlock-mailadmin: makes the mail plane of a deployment.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <string>

#include "absl/time/clock.h"
#include "mail_plane.h"

namespace letterlock::mailadmin {
namespace {

constexpr int kUsageError = 2;

int Init(const Plan& plan) {
  absl::Status made = InitMailPlane(plan, absl::Now());
  if (!made.ok()) {
    std::fprintf(stderr, "letterlock-mailadmin: %s\n", std::string(made.message()).c_str());
    return 1;
  }
  std::printf(
      "%s/maild.toml    start it: letterlock-maild --config\n"
      "%s/epoch.key     the root key of every mailbox: back it up apart from the store\n"
      "%s/client/       for members: letterlock --config client.toml\n"
      "%s/tls/mail-ca.key  signs server certificates: take it off this machine\n",
      plan.directory.c_str(), plan.directory.c_str(), plan.directory.c_str(),
      plan.directory.c_str());
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App app("The mail plane of a Letterlock deployment: its keys and configuration.");
  app.set_version_flag("--version", LETTERLOCK_VERSION);
  app.require_subcommand(1);
  Plan plan;
  std::vector<std::string> names;
  CLI::App* init = app.add_subcommand("init", "make keys, certificates and configuration");
  init->add_option("--dir", plan.directory, "where to; must be empty")->required();
  init->add_option("--trust", plan.trust_file, "the deployment's trust file")->required();
  init->add_option("--name", names,
                   "a DNS name or IP address of the server, repeatable; the first "
                   "is what clients check [localhost, 127.0.0.1]")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  init->add_option("--listen", plan.listen, "address and port to serve [127.0.0.1:7442]");
  init->add_option("--address", plan.address, "host:port that members dial [the one of --listen]");
  init->add_option("--directory", plan.directory_address,
                   "host:port of the directory, for members");
  init->add_option("--directory-name", plan.directory_name,
                   "the directory's name in its certificate [the host of --directory]");
  init->add_option("--directory-ca", plan.directory_ca_file,
                   "PEM of the authority that the directory's certificate comes from");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageError;
  }
  if (!names.empty()) plan.names = names;
  return Init(plan);
}

}  // namespace
}  // namespace letterlock::mailadmin

int main(int argc, char** argv) { return letterlock::mailadmin::Main(argc, argv); }
