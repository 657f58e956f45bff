// What every daemon's main does alike with its common options (options.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/daemon/options.h"
#include "server/metrics/operations.h"
#include "server/rpc/log.h"
#include "server/rpc/server.h"

namespace grpc {
class ServerCredentials;
}  // namespace grpc

namespace letterlock::daemon {

// Makes the admin socket's directory. It must be there before the process gives up the rest of the
// file system.
absl::Status MakeAdminDirectory(const CommonOptions& options);

// From here on the process reads its certificates, reads and writes in `directories` and those of
// its port file and its admin socket, and listens at its ports: nothing else. Whether every layer
// holds; what is missing is in the log. Errors and REQUIRES: as confine::Confine.
absl::StatusOr<bool> Confine(const CommonOptions& options, std::vector<std::string> directories,
                             bool development, const rpc::Logger& logger);

// Credentials from the daemon's files, which are followed while they are replaced; the log says
// tls_rotated and tls_refused, the metrics when the certificate runs out.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(
    const CommonOptions& options, const metrics::Operations& operations, const rpc::Logger& logger);

// All of the server's options that are the configuration's, and these credentials.
rpc::ServerOptions MakeServerOptions(const CommonOptions& options,
                                     std::shared_ptr<grpc::ServerCredentials> credentials);

}  // namespace letterlock::daemon
