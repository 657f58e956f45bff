#include "server/metrics/server_series.h"

#include <charconv>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/clock.h"

namespace letterlock::metrics {
namespace {

// docs.kernel.org/networking/proc_net_tcp.html: `sl local_address rem_address st ...`, the address
// in hex as IP:PORT.
constexpr std::string_view kEstablished = "01";

std::size_t CountIn(const char* table, int port) {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);  // headings
  std::size_t count = 0;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string slot, local, remote, state;
    words >> slot >> local >> remote >> state;
    const auto colon = local.rfind(':');
    int found = 0;
    if (state != kEstablished || colon == std::string::npos) continue;
    std::from_chars(local.data() + colon + 1, local.data() + local.size(), found, 16);
    if (found == port) ++count;
  }
  return count;
}

}  // namespace

void AddProcessSeries(Metrics& metrics) {
  metrics.AddGauge("letterlock_build_info", "1; the version is the label.", [] { return 1.0; },
                   {{"version", LETTERLOCK_VERSION}});
  metrics.AddGauge(
      "process_start_time_seconds", "Start of the process, Unix time.",
      [started = absl::Now()] { return absl::ToDoubleSeconds(started - absl::UnixEpoch()); });
}

void AddPoolSeries(Metrics& metrics, const std::vector<NamedPool>& pools) {
  for (const NamedPool& named : pools) {
    const rpc::WorkerPool* const pool = named.pool;
    metrics.AddGauge("letterlock_pool_waiting", "Tasks that wait for a thread of the pool.",
                     [pool] { return static_cast<double>(pool->waiting()); },
                     {{"pool", named.name}});
    metrics.AddTotal(
        "letterlock_pool_refused_total", "Tasks refused because the pool's queue was full.",
        [pool] { return static_cast<double>(pool->refused()); }, {{"pool", named.name}});
  }
}

void AddCallsInFlight(Metrics& metrics, std::vector<const rpc::Service*> services) {
  metrics.AddGauge("letterlock_calls_in_flight", "Calls that are not answered yet.",
                   [services = std::move(services)] {
                     int all = 0;
                     for (const rpc::Service* service : services) all += service->calls_in_flight();
                     return static_cast<double>(all);
                   });
}

void AddConnections(Metrics& metrics, int port) {
  metrics.AddGauge("letterlock_connections", "TCP connections open at the server's port.", [port] {
    return static_cast<double>(CountIn("/proc/self/net/tcp", port) +
                               CountIn("/proc/self/net/tcp6", port));
  });
}

void AddCertificate(Metrics& metrics, std::function<absl::Time()> not_after) {
  metrics.AddGauge("letterlock_certificate_not_after_seconds",
                   "When the certificate that is served runs out, Unix time.",
                   [not_after = std::move(not_after)] {
                     return absl::ToDoubleSeconds(not_after() - absl::UnixEpoch());
                   });
}

void AddStoreSeries(Metrics& metrics, std::function<StoreNumbers()> read) {
  metrics.AddGauge("letterlock_store_writable",
                   "0: a write failed; only a new start finds out what the disk holds.",
                   [read] { return read().writable ? 1.0 : 0.0; });
  metrics.AddGauge("letterlock_store_stalled", "1: writes are held back until files are merged.",
                   [read] { return read().stalled ? 1.0 : 0.0; });
  metrics.AddTotal("letterlock_store_stalls_total", "Times that writes were held back.",
                   [read] { return static_cast<double>(read().stalls); });
  const auto add_bytes = [&](rpc::Literal where, std::uint64_t StoreNumbers::* bytes) {
    metrics.AddGauge(
        "letterlock_store_bytes", "Of the store: in files, in memory, and still to be merged.",
        [read, bytes] { return static_cast<double>(read().*bytes); }, {{"where", where}});
  };
  add_bytes("disk", &StoreNumbers::bytes_on_disk);
  add_bytes("memory", &StoreNumbers::bytes_in_memory);
  add_bytes("to_merge", &StoreNumbers::bytes_to_merge);
}

}  // namespace letterlock::metrics
