// What the configurations of all daemons have in common, so that the operator's tools read it as
// the daemons do.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "server/config/reader.h"
#include "server/rpc/log.h"

namespace letterlock::daemon {

// What to do where the kernel lacks a layer of confinement.
enum class Confinement {
  kByDeployment,  // go on in a development deployment, not in any other
  kRequired,      // do not start
  kBestEffort,    // go on, and say what is missing
};

struct CommonOptions {
  std::string listen;  // ADDRESS:PORT; the daemon sets its default
  std::string port_file{};
  absl::Duration drain = absl::Seconds(10);

  std::string tls_certificate_file{};
  std::string tls_key_file{};
  absl::Duration tls_refresh = absl::Seconds(30);

  std::string metrics_listen{};  // a port of a loopback address; empty: none
  std::string admin_socket{};    // empty: none
  rpc::LogLevel log_level = rpc::LogLevel::kInfo;
  Confinement confinement = Confinement::kByDeployment;
};

// Names every option once (config/reader.h).
void ReadCommonOptions(config::Reader& reader, CommonOptions* options);

// Whether to go on where a layer is missing.
bool ConfinesAsFarAsItCan(Confinement confinement, bool development);

}  // namespace letterlock::daemon
