#include "server/metrics/exposer.h"

#include <prometheus/exposer.h>

#include <charconv>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "metrics_impl.h"

namespace letterlock::metrics {
namespace {

bool IsLoopback(std::string_view host) {
  if (host == "[::1]") return true;
  if (!host.starts_with("127.")) return false;
  return host.find_first_not_of("0123456789.") == std::string_view::npos;
}

// Few, small and short: a collector asks every few seconds.
std::vector<std::string> OptionsFor(const std::string& listen) {
  return {"listening_ports",   listen, "num_threads",      "2",   "request_timeout_ms", "5000",
          "enable_keep_alive", "no",   "max_request_size", "4096"};
}

}  // namespace

absl::StatusOr<int> LoopbackPort(const std::string& listen) {
  const auto colon = listen.rfind(':');
  int port = -1;
  if (colon != std::string::npos) {
    const char* const end = listen.data() + listen.size();
    const auto [at, error] = std::from_chars(listen.data() + colon + 1, end, port);
    if (error != std::errc() || at != end) port = -1;
  }
  if (port < 0 || port > 65535 || !IsLoopback(std::string_view(listen).substr(0, colon))) {
    return absl::InvalidArgumentError("must be a port of a loopback address, as in 127.0.0.1:9464");
  }
  return port;
}

class Exposer::Server {
 public:
  Server(const std::string& listen, const Metrics& metrics)
      : series_(metrics.impl()), http_(OptionsFor(listen)) {
    http_.RegisterCollectable(series_);
  }
  int port() const { return http_.GetListeningPorts().at(0); }

 private:
  const std::shared_ptr<Metrics::Impl> series_;
  prometheus::Exposer http_;
};

Exposer::Exposer(std::unique_ptr<Server> server, std::string address)
    : server_(std::move(server)), address_(std::move(address)) {}
Exposer::~Exposer() = default;

absl::StatusOr<std::unique_ptr<Exposer>> Exposer::Start(const std::string& listen,
                                                        const Metrics& metrics) {
  if (absl::Status port = LoopbackPort(listen).status(); !port.ok()) return port;
  try {
    auto server = std::make_unique<Server>(listen, metrics);
    std::string address = listen.substr(0, listen.rfind(':') + 1) + std::to_string(server->port());
    return std::unique_ptr<Exposer>(new Exposer(std::move(server), std::move(address)));
  } catch (const std::exception&) {
    return absl::UnavailableError("metrics: cannot listen on " + listen);
  }
}

}  // namespace letterlock::metrics
