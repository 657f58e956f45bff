// Serves /metrics over HTTP, to this machine alone.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/metrics/metrics.h"

namespace letterlock::metrics {

class Exposer {
 public:
  // Opens the port of ADDRESS:PORT; 0: any that is free. INVALID_ARGUMENT unless the address is a
  // loopback one: numbers about members' traffic are for this machine's collector, over a protocol
  // without TLS. UNAVAILABLE where the port is not to be had. Starts a few threads: after the
  // confinement, which must allow the port.
  static absl::StatusOr<std::unique_ptr<Exposer>> Start(const std::string& listen,
                                                        const Metrics& metrics);
  ~Exposer();

  const std::string& address() const { return address_; }  // with the real port

 private:
  class Server;
  Exposer(std::unique_ptr<Server> server, std::string address);

  const std::unique_ptr<Server> server_;
  const std::string address_;
};

}  // namespace letterlock::metrics
