// The witness over HTTP/1.1 (cpp-httplib). It speaks no TLS: what it hands out is signed, what it
// takes is signed, and whoever wants confidentiality puts a reverse proxy in front.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "witness.h"

namespace letterlock::audit {

class BoundedHttpServer;

struct WitnessServerOptions {
  std::string host = "127.0.0.1";
  int port = 0;  // 0: the kernel's choice
};

class WitnessServer {
 public:
  // Serves from when it returns; `witness` outlives it. `on_event` hears each refusal and failure,
  // from several threads. UNAVAILABLE where the address can't be had.
  static absl::StatusOr<std::unique_ptr<WitnessServer>> Start(
      const WitnessServerOptions& options, Witness* witness,
      std::function<void(const WitnessAnswer&)> on_event);

  // Ends after the requests that are being answered.
  ~WitnessServer();

  int port() const { return port_; }

 private:
  WitnessServer(std::unique_ptr<BoundedHttpServer> server, int port);

  std::unique_ptr<BoundedHttpServer> server_;
  const int port_;
  std::thread thread_;
};

}  // namespace letterlock::audit
