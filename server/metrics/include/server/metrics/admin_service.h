// letterlock.admin.v1: what `letterlock-mailadmin status` and `letterlock-admin status` ask.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/metrics/call_metrics.h"
#include "server/rpc/service.h"
#include "server/rpc/worker_pool.h"

namespace letterlock::admin::v1 {
class GetStatusResponse;
}  // namespace letterlock::admin::v1

namespace letterlock::metrics {

struct NamedPool {
  rpc::Literal name;
  const rpc::WorkerPool* pool;
};

// Nothing is owned; all of it outlives the server.
struct AdminParts {
  std::string daemon;
  const CallMetrics* calls = nullptr;
  std::vector<NamedPool> pools{};
  std::vector<const rpc::Service*> services{};
  // Adds what only this daemon knows. On a thread of the service's pool.
  std::function<void(admin::v1::GetStatusResponse*)> fill{};
};

// Give it a small pool of its own: it is asked for when the others are full.
std::unique_ptr<rpc::Service> MakeAdminService(AdminParts parts,
                                               const rpc::Service::Options& options);

}  // namespace letterlock::metrics
