// The series that every daemon has.
#pragma once

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

}  // namespace letterlock::metrics
