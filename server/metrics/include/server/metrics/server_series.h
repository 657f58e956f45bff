// The series that every daemon has.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/time/time.h"
#include "server/metrics/admin_service.h"
#include "server/metrics/metrics.h"
#include "server/rpc/service.h"

namespace letterlock::metrics {

// Version and start.
void AddProcessSeries(Metrics& metrics);

// Depth and refusals of each pool; calls in flight. None is owned; all outlive `metrics` or its
// Forget().
void AddPoolSeries(Metrics& metrics, const std::vector<NamedPool>& pools);
void AddCallsInFlight(Metrics& metrics, std::vector<const rpc::Service*> services);

// Connections that are open at the server's port, as the kernel counts them.
void AddConnections(Metrics& metrics, int port);

// When the certificate that is served runs out.
void AddCertificate(Metrics& metrics, std::function<absl::Time()> not_after);

// How the store is doing; `read` is asked for each series.
struct StoreNumbers {
  bool writable = true;
  bool stalled = false;
  std::uint64_t stalls = 0;
  std::uint64_t bytes_on_disk = 0;
  std::uint64_t bytes_in_memory = 0;
  std::uint64_t bytes_to_merge = 0;
};
void AddStoreSeries(Metrics& metrics, std::function<StoreNumbers()> read);

}  // namespace letterlock::metrics
