#include "server/metrics/admin_service.h"

#include <unistd.h>

#include <utility>

#include "absl/time/clock.h"
#include "letterlock/admin/v1/admin_service.pb.h"

namespace letterlock::metrics {
namespace {

std::uint64_t UnixMs(absl::Time time) {
  return static_cast<std::uint64_t>(absl::ToUnixMillis(time));
}

void FillPools(const AdminParts& parts, admin::v1::GetStatusResponse* response) {
  for (const NamedPool& named : parts.pools) {
    admin::v1::PoolStatus* pool = response->add_pools();
    pool->set_name(std::string(named.name.view()));
    pool->set_waiting(named.pool->waiting());
    pool->set_refused(named.pool->refused());
  }
}

void FillCalls(const AdminParts& parts, admin::v1::GetStatusResponse* response) {
  int in_flight = 0;
  for (const rpc::Service* service : parts.services) in_flight += service->calls_in_flight();
  response->set_calls_in_flight(static_cast<std::uint32_t>(in_flight));
  for (const CallMetrics::Totals& totals : parts.calls->totals()) {
    admin::v1::MethodStatus* method = response->add_methods();
    method->set_name(std::string(totals.method));
    method->set_calls(totals.calls);
    method->set_failed(totals.failed);
  }
}

}  // namespace

std::unique_ptr<rpc::Service> MakeAdminService(AdminParts parts,
                                               const rpc::Service::Options& options) {
  auto service = std::make_unique<rpc::Service>("letterlock.admin.v1.AdminService", options);
  service->LocalAdmin<admin::v1::GetStatusRequest, admin::v1::GetStatusResponse>(
      "GetStatus", [parts = std::move(parts), started = absl::Now()](
                       rpc::CallContext&, const admin::v1::GetStatusRequest&,
                       admin::v1::GetStatusResponse* response) {
        response->set_daemon(parts.daemon);
        response->set_version(LETTERLOCK_VERSION);
        response->set_started_unix_ms(UnixMs(started));
        response->set_now_unix_ms(UnixMs(absl::Now()));
        response->set_pid(static_cast<std::uint32_t>(::getpid()));
        FillCalls(parts, response);
        FillPools(parts, response);
        if (parts.fill) parts.fill(response);
        return absl::OkStatus();
      });
  return service;
}

}  // namespace letterlock::metrics
