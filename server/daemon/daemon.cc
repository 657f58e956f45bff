#include "server/daemon/daemon.h"

#include <utility>

#include "server/config/address.h"
#include "server/config/files.h"
#include "server/confine/confine.h"
#include "server/tls/credentials.h"
#include "server/tls/identity.h"

namespace letterlock::daemon {
absl::Status MakeAdminDirectory(const CommonOptions& options) {
  if (options.admin_socket.empty()) return absl::OkStatus();
  return config::MakePrivateDirectory(config::DirectoryOf(options.admin_socket));
}

absl::StatusOr<bool> Confine(const CommonOptions& options, std::vector<std::string> directories,
                             bool development, const rpc::Logger& logger) {
  confine::Options limits;
  limits.strictness = ConfinesAsFarAsItCan(options.confinement, development)
                          ? confine::Strictness::kBestEffort
                          : confine::Strictness::kRequired;
  limits.read = tls::DirectoriesToRead({options.tls_certificate_file, options.tls_key_file});
  limits.read_write = std::move(directories);
  for (const std::string& file : {options.port_file, options.admin_socket}) {
    if (!file.empty()) limits.read_write.push_back(config::DirectoryOf(file));
  }
  for (const std::string& listen : {options.listen, options.metrics_listen}) {
    if (listen.empty()) continue;
    const auto address = config::ParseListenAddress(listen);
    if (!address.ok()) return address.status();
    limits.listen_tcp.push_back(address->port);
  }
  absl::StatusOr<confine::ConfinementReport> report = confine::Confine(limits);
  if (!report.ok()) return report.status();
  for (const std::string& layer : report->missing) {
    logger.Warning("UNCONFINED", {{"missing", rpc::OperatorText{layer}}});
  }
  return report->missing.empty();
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(
    const CommonOptions& options, const metrics::Operations& operations,
    const rpc::Logger& logger) {
  auto facts = tls::ReadCertificateFacts(options.tls_certificate_file);
  if (!facts.ok()) return facts.status();
  const auto certificate_ends = operations.certificate_end();
  certificate_ends(facts->not_after);
  return tls::MakeServerCredentials(
      {.certificate_file = options.tls_certificate_file,
       .key_file = options.tls_key_file,
       .refresh = options.tls_refresh,
       .on_rotation =
           [logger, certificate_ends](absl::Time not_after) {
             certificate_ends(not_after);
             logger.Info("tls_rotated", {{"not_after_unix_s", absl::ToUnixSeconds(not_after)}});
           },
       .on_refusal =
           [logger](const absl::Status& why) {
             logger.Error("tls_refused", {{"cause", rpc::Cause{why}}});
           }});
}

rpc::ServerOptions MakeServerOptions(const CommonOptions& options,
                                     std::shared_ptr<grpc::ServerCredentials> credentials) {
  rpc::ServerOptions server;
  server.listen = options.listen;
  server.credentials = std::move(credentials);
  server.port_file = options.port_file;
  server.admin_socket = options.admin_socket;
  server.drain = options.drain;
  return server;
}

}  // namespace letterlock::daemon
