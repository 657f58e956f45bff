#include "admin/certificate_command.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <memory>

#include "absl/time/clock.h"
#include "admin/server_certificate.h"

namespace letterlock::admin {
namespace {

constexpr int kDefaultDays = 90;
constexpr int kMostDays = 397;

struct Flags {
  Renewal renewal;
  int days = kDefaultDays;
};

absl::Status Renew(const Flags& flags) {
  Renewal renewal = flags.renewal;
  renewal.now = absl::Now();
  renewal.validity = absl::Hours(24) * flags.days;
  const absl::StatusOr<absl::Time> not_after = RenewCertificate(renewal);
  if (!not_after.ok()) return not_after.status();
  std::printf(
      "%s/server.key and server.pem are new; valid until %s\n"
      "A daemon that reads them there takes them over by itself (tls.refresh).\n",
      renewal.tls_directory.c_str(),
      absl::FormatTime("%Y-%m-%d %H:%M UTC", *not_after, absl::UTCTimeZone()).c_str());
  return absl::OkStatus();
}

}  // namespace

void AddCertificateCommand(CLI::App& app, const std::string& server_name,
                           const std::function<void(absl::Status)>& ended) {
  auto flags = std::make_shared<Flags>();
  flags->renewal.server_name = server_name;
  CLI::App* command = app.add_subcommand("certificate", "issue a fresh certificate for the server");
  command->add_option("--ca", flags->renewal.ca_directory, "directory with ca.pem and ca.key")
      ->required();
  command
      ->add_option("--out", flags->renewal.tls_directory,
                   "directory that gets server.key and server.pem, over the old ones")
      ->required();
  command
      ->add_option("--name", flags->renewal.names,
                   "DNS name or IP address of the server, repeatable [those of the old one]")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--days", flags->days, "how long it is valid [90]")
      ->check(CLI::Range(1, kMostDays));
  command->callback([flags, ended] { ended(Renew(*flags)); });
}

}  // namespace letterlock::admin
