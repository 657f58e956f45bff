// Runs a daemon's gRPC server from open port to clean stop.
//
//   int main(...) {
//     auto signals = rpc::TerminationSignals::Block();      // before any thread is started
//     ... configuration; confinement; stores ...
//     auto runner = rpc::ServerRunner::Start(options, {&mail, &session}, logger);
//     absl::Status end = (*runner)->RunUntil(**signals);    // SIGTERM or SIGINT
//   }
//
// Not started is: a service whose Check() fails, an address that cannot be bound, credentials that
// are missing. Server reflection is not linked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/config/file_descriptor.h"
#include "server/rpc/log.h"
#include "server/rpc/service.h"

namespace grpc {
class ServerCredentials;
}  // namespace grpc

namespace letterlock::rpc {

// SIGTERM and SIGINT, blocked in every thread and read from a signalfd: nothing runs in a signal
// handler.
class TerminationSignals {
 public:
  // FAILED_PRECONDITION when other threads run already (they would not inherit the mask).
  static absl::StatusOr<std::unique_ptr<TerminationSignals>> Block();
  ~TerminationSignals();

  // Readable when a signal has come.
  int fd() const { return fd_.get(); }

 private:
  explicit TerminationSignals(int fd) : fd_(fd) {}

  const config::FileDescriptor fd_;
};

struct ServerOptions {
  std::string listen = "127.0.0.1:0";                      // port 0: the kernel's choice
  std::shared_ptr<grpc::ServerCredentials> credentials{};  // server/tls; required
  std::string port_file{};     // if set: the port in decimal, written atomically
  std::string admin_socket{};  // if set: Unix socket for LOCAL_ADMIN methods
  std::size_t max_request_bytes = 256 * 1024;
  std::size_t max_response_bytes = 4 * 1024 * 1024;
  std::uint32_t max_streams_per_connection = 256;
  std::size_t max_memory_bytes = 256 * 1024 * 1024;  // gRPC's buffers
  absl::Duration max_connection_age =
      absl::Minutes(30);  // with this, rotated certificates reach everyone
  absl::Duration max_connection_age_grace = absl::Seconds(30);
  absl::Duration max_connection_idle = absl::Minutes(10);
  absl::Duration keepalive_time = absl::Minutes(2);
  absl::Duration keepalive_timeout = absl::Seconds(20);
  absl::Duration handshake_timeout = absl::Seconds(10);
  absl::Duration min_client_ping_interval = absl::Seconds(30);
  absl::Duration drain = absl::Seconds(10);  // for calls in flight at the stop; then cancelled
};

// Start, then RunUntil or Stop. Thread-safe.
class ServerRunner {
 public:
  // `services` are not owned and outlive the runner. Serves at once; the standard health service
  // says SERVING for the server as a whole ("") and for each service.
  static absl::StatusOr<std::unique_ptr<ServerRunner>> Start(const ServerOptions& options,
                                                             const std::vector<Service*>& services,
                                                             const Logger& logger);
  // Stops.
  ~ServerRunner();

  // The bound address with the real port, and the port.
  const std::string& address() const;
  int port() const;

  // Blocks until a signal or Stop(), then drains: NOT_SERVING, new calls get UNAVAILABLE with
  // RetryInfo, those in flight get `options.drain`, the rest is cancelled; returns when the last
  // call was answered. The pools still run then: the caller drains them and closes its stores after
  // this.
  absl::Status RunUntil(TerminationSignals& signals);

  // Drains from any thread but a handler's. Idempotent.
  void Stop();

 private:
  class Impl;
  explicit ServerRunner(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace letterlock::rpc
