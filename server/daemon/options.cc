#include "server/daemon/options.h"

#include "crypto/base/strings.h"
#include "server/config/address.h"

namespace letterlock::daemon {
namespace {

// The same errors for the daemon, for --check-config and for the operator's tools.
void RefuseUnlessSound(config::Reader& reader, std::string_view key, const absl::Status& sound) {
  if (!sound.ok()) reader.Refuse(key, crypto::Std(sound.message()));
}

}  // namespace

void ReadCommonOptions(config::Reader& reader, CommonOptions* options) {
  using config::kRequired;
  reader.Text("listen", &options->listen, "address and port to serve; port 0: any that is free");
  RefuseUnlessSound(reader, "listen", config::ParseListenAddress(options->listen).status());
  reader.Path("port_file", &options->port_file, "where to write the port, once it is open");
  reader.Time("drain", &options->drain, absl::ZeroDuration(), absl::Minutes(5),
              "for calls in flight at the stop");

  reader.Path("tls.certificate_file", &options->tls_certificate_file, "PEM, chain, leaf first",
              kRequired);
  reader.Path("tls.key_file", &options->tls_key_file, "PEM, mode 0600", kRequired);
  reader.Time("tls.refresh", &options->tls_refresh, absl::Milliseconds(100), absl::Hours(24),
              "how often both files are read again; connections that are there keep the old");

  reader.Text("metrics.listen", &options->metrics_listen,
              "loopback address and port for Prometheus, 127.0.0.1:9464; empty: none");
  if (!options->metrics_listen.empty()) {
    RefuseUnlessSound(reader, "metrics.listen",
                      config::ParseLoopbackAddress(options->metrics_listen).status());
  }
  reader.Path("admin_socket", &options->admin_socket,
              "Unix socket for `status`; its directory is made, for its owner alone; empty: none");
  reader.Choice("log_level", &options->log_level,
                {{"error", rpc::LogLevel::kError},
                 {"warning", rpc::LogLevel::kWarning},
                 {"info", rpc::LogLevel::kInfo},
                 {"debug", rpc::LogLevel::kDebug}},
                "the least that is logged; debug: every call, info: calls that failed");
  reader.Choice("confinement", &options->confinement,
                {{"by-deployment", Confinement::kByDeployment},
                 {"required", Confinement::kRequired},
                 {"best-effort", Confinement::kBestEffort}},
                "where the kernel lacks a layer: refuse to start, or go on and say so; "
                "by-deployment: go on in development alone");
}

bool ConfinesAsFarAsItCan(Confinement confinement, bool development) {
  return confinement == Confinement::kBestEffort ||
         (confinement == Confinement::kByDeployment && development);
}

}  // namespace letterlock::daemon
