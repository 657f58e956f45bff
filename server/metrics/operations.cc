#include "server/metrics/operations.h"

#include <utility>

#include "letterlock/admin/v1/admin_service.pb.h"
#include "server/metrics/server_series.h"

namespace letterlock::metrics {

Operations::Operations(std::string daemon, const rpc::Logger& logger)
    : daemon_(std::move(daemon)),
      logger_(logger),
      calls_(metrics_),
      certificate_end_ms_(std::make_shared<std::atomic<std::int64_t>>(0)),
      pool_({.threads = 1, .queue = 16, .name = "admin"}) {
  AddProcessSeries(metrics_);
  AddCertificate(metrics_, [this] {
    return absl::FromUnixMillis(certificate_end_ms_->load(std::memory_order_relaxed));
  });
}

Operations::~Operations() { Close(); }

std::function<void(const rpc::CallRecord&)> Operations::observer() {
  return [this](const rpc::CallRecord& record) { calls_.Record(record); };
}

std::function<void(absl::Time)> Operations::certificate_end() const {
  return [end = certificate_end_ms_](absl::Time not_after) {
    end->store(absl::ToUnixMillis(not_after), std::memory_order_relaxed);
  };
}

rpc::Service* Operations::Watch(const Watched& watched) {
  AddPoolSeries(metrics_, watched.pools);
  AddCallsInFlight(metrics_, {watched.services.begin(), watched.services.end()});
  for (const rpc::Service* service : watched.services) calls_.Add(*service);
  admin_ = MakeAdminService(
      {.daemon = daemon_,
       .calls = &calls_,
       .pools = watched.pools,
       .services = {watched.services.begin(), watched.services.end()},
       .fill =
           [this, fill = watched.fill](admin::v1::GetStatusResponse* response) {
             response->set_certificate_not_after_unix_ms(
                 static_cast<std::uint64_t>(certificate_end_ms_->load(std::memory_order_relaxed)));
             response->set_port(static_cast<std::uint32_t>(port_.load(std::memory_order_relaxed)));
             if (fill) fill(response);
           }},
      {.pool = &pool_, .logger = logger_});
  return admin_.get();
}

absl::Status Operations::Expose(const std::string& metrics_listen,
                                const rpc::ServerRunner& runner) {
  port_.store(runner.port(), std::memory_order_relaxed);
  AddConnections(metrics_, runner.port());
  if (metrics_listen.empty()) return absl::OkStatus();
  auto exposer = Exposer::Start(metrics_listen, metrics_);
  if (!exposer.ok()) return exposer.status();
  exposer_ = *std::move(exposer);
  logger_.Info("metrics", {{"address", rpc::OperatorText{exposer_->address()}}});
  return absl::OkStatus();
}

void Operations::Close() {
  exposer_ = nullptr;
  pool_.Drain();
  metrics_.Forget();
}

}  // namespace letterlock::metrics
