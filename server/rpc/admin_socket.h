// The Unix socket of LOCAL_ADMIN methods.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "server/config/file_descriptor.h"
#include "server/rpc/log.h"

namespace grpc {
class Server;
}  // namespace grpc

namespace letterlock::rpc {

// Accepts connections at `path` (mode 0600), asks the kernel who is on the other side
// (SO_PEERCRED), and hands those of root and of the server's own user to gRPC; others are closed.
// gRPC calls such peers "fd:N".
class AdminSocket {
 public:
  // Replaces a socket that an earlier run left; never another kind of file. `server` outlives this.
  static absl::StatusOr<std::unique_ptr<AdminSocket>> Open(const std::string& path,
                                                           grpc::Server* server,
                                                           const Logger& logger);
  // Stops accepting and removes the socket.
  ~AdminSocket();

 private:
  AdminSocket(std::string path, config::FileDescriptor listener, config::FileDescriptor stop,
              grpc::Server* server, Logger logger);
  void Run();
  void Accept();

  const std::string path_;
  const config::FileDescriptor listener_;
  const config::FileDescriptor stop_;
  grpc::Server* const server_;
  const Logger logger_;
  std::thread thread_;
};

}  // namespace letterlock::rpc
