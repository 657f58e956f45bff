// What a daemon has for its operator: its metrics, the port that shows them, and the admin service.
// Made by main, before the services, which it watches.
//
//   metrics::Operations operations("letterlock-maild", logger);
//   ... services with {.observer = operations.observer()} ...
//   services.push_back(operations.Watch({.services = ..., .pools = ..., .fill = ...}));
//   auto runner = rpc::ServerRunner::Start(...);
//   operations.Expose(options.metrics_listen, **runner);
//   ... the server stops ...
//   operations.Close();
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/metrics/admin_service.h"
#include "server/metrics/call_metrics.h"
#include "server/metrics/exposer.h"
#include "server/metrics/metrics.h"
#include "server/rpc/log.h"
#include "server/rpc/server.h"
#include "server/rpc/service.h"
#include "server/rpc/worker_pool.h"

namespace letterlock::metrics {

// Thread-safe, but for Watch, Expose and Close.
class Operations {
 public:
  Operations(std::string daemon, const rpc::Logger& logger);
  // Closes.
  ~Operations();
  Operations(const Operations&) = delete;
  Operations& operator=(const Operations&) = delete;

  Metrics& metrics() { return metrics_; }
  // For rpc::Service::Options.
  std::function<void(const rpc::CallRecord&)> observer();

  // To be told when the certificate that is served runs out; may be called after this has ended.
  std::function<void(absl::Time not_after)> certificate_end() const;

  struct Watched {
    std::vector<rpc::Service*> services{};  // not owned; they outlive Close()
    std::vector<NamedPool> pools{};         // likewise
    // Adds to the status what only this daemon knows; not called after Close().
    std::function<void(admin::v1::GetStatusResponse*)> fill{};
  };
  // Makes the series of all of these, and the admin service, to be served beside them. Lives as
  // long as this. To be called once, before the server starts.
  rpc::Service* Watch(const Watched& watched);

  // Once the server serves. `metrics_listen` may be empty.
  absl::Status Expose(const std::string& metrics_listen, const rpc::ServerRunner& runner);

  // Closes the port, waits for answers under way and lets go of all that is watched. After the
  // server has stopped, before what is watched goes.
  void Close();

 private:
  const std::string daemon_;
  const rpc::Logger logger_;
  Metrics metrics_;
  CallMetrics calls_;
  const std::shared_ptr<std::atomic<std::int64_t>> certificate_end_ms_;
  std::atomic<int> port_{0};
  rpc::WorkerPool pool_;  // of the admin service
  std::unique_ptr<rpc::Service> admin_;
  std::unique_ptr<Exposer> exposer_;
};

}  // namespace letterlock::metrics
