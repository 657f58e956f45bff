#include "server/metrics/exposer.h"

#include <prometheus/exposer.h>

#include <exception>
#include <utility>
#include <vector>

#include "metrics_impl.h"
#include "server/config/address.h"

namespace letterlock::metrics {
namespace {

// Few, small and short: a collector asks every few seconds.
std::vector<std::string> OptionsFor(const std::string& listen) {
  return {"listening_ports",   listen, "num_threads",      "2",   "request_timeout_ms", "5000",
          "enable_keep_alive", "no",   "max_request_size", "4096"};
}

}  // namespace

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
  if (auto address = config::ParseLoopbackAddress(listen); !address.ok()) return address.status();
  try {
    auto server = std::make_unique<Server>(listen, metrics);
    std::string address = listen.substr(0, listen.rfind(':') + 1) + std::to_string(server->port());
    return std::unique_ptr<Exposer>(new Exposer(std::move(server), std::move(address)));
  } catch (const std::exception&) {
    return absl::UnavailableError("metrics: cannot listen on " + listen);
  }
}

}  // namespace letterlock::metrics
