// Calls by method and code, their latency and how long they waited for a worker.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "server/metrics/metrics.h"
#include "server/rpc/service.h"

namespace letterlock::metrics {

// Thread-safe. Each call costs a look-up in a table that does not change, and five relaxed
// additions.
class CallMetrics {
 public:
  // `metrics` is not owned and outlives this.
  explicit CallMetrics(Metrics& metrics);
  ~CallMetrics();

  // Makes series for the service's methods. Not thread-safe: before the server starts.
  void Add(const rpc::Service& service);

  // For rpc::Service::Options::observer. Calls of other methods are not counted.
  void Record(const rpc::CallRecord& record);

  struct Totals {
    std::string_view method;  // "/letterlock.mail.v1.MailService/Send"
    std::uint64_t calls;
    std::uint64_t failed;  // all but OK
  };
  // Of the methods that were called, by name.
  std::vector<Totals> totals() const;

 private:
  struct Method;
  class Table;

  Metrics& metrics_;
  const std::unique_ptr<Table> table_;
  Histogram& queued_;
};

}  // namespace letterlock::metrics
