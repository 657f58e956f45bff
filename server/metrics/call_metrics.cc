#include "server/metrics/call_metrics.h"

#include <google/protobuf/descriptor.h>

#include <array>
#include <deque>
#include <map>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace letterlock::metrics {
namespace {

constexpr std::array<rpc::Literal, 17> kCodes = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};
constexpr std::size_t kUnknown = 2;

std::vector<std::string> MethodsOf(const std::string& name) {
  std::vector<std::string> methods;
  const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
  for (int i = 0; service != nullptr && i < service->method_count(); ++i) {
    methods.push_back("/" + name + "/" + service->method(i)->name());
  }
  return methods;
}

}  // namespace

struct CallMetrics::Method {
  std::string name;
  std::array<Counter*, kCodes.size()> by_code{};
  Histogram* latency = nullptr;
};

class CallMetrics::Table {
 public:
  void Add(Metrics& metrics, const std::string& service) {
    for (std::string& name : MethodsOf(service)) {
      Method& method = methods_.emplace_back();
      method.name = std::move(name);
      const rpc::MethodName label{method.name};
      for (std::size_t code = 0; code < kCodes.size(); ++code) {
        method.by_code[code] = &metrics.AddCounter("letterlock_calls_total",
                                                   "Calls answered, by method and gRPC code.",
                                                   {{"method", label}, {"code", kCodes[code]}});
      }
      method.latency = &metrics.AddHistogram(
          "letterlock_call_seconds", "From a call's arrival to its answer, waiting included.",
          {{"method", label}});
      index_[method.name] = &method;
    }
  }

  Method* Find(std::string_view name) const {
    const auto found = index_.find(absl::string_view(name.data(), name.size()));
    return found == index_.end() ? nullptr : found->second;
  }
  const std::deque<Method>& methods() const { return methods_; }

 private:
  std::deque<Method> methods_;  // they stay where they are
  absl::flat_hash_map<absl::string_view, Method*> index_;
};

CallMetrics::CallMetrics(Metrics& metrics)
    : metrics_(metrics),
      table_(std::make_unique<Table>()),
      queued_(metrics.AddHistogram("letterlock_call_queue_seconds",
                                   "From a call's arrival until a worker took it.")) {}

void CallMetrics::Add(const rpc::Service& service) { table_->Add(metrics_, service.full_name()); }

CallMetrics::~CallMetrics() = default;

void CallMetrics::Record(const rpc::CallRecord& record) {
  Method* const method = table_->Find(record.method);
  if (method == nullptr) return;
  const auto code = static_cast<std::size_t>(record.code);
  method->by_code[code < kCodes.size() ? code : kUnknown]->Add();
  // A stream is open as long as its reader likes: no measure of ours.
  if (!record.stream) method->latency->Observe(record.latency);
  if (record.queued) queued_.Observe(*record.queued);
}

std::vector<CallMetrics::Totals> CallMetrics::totals() const {
  std::map<std::string_view, Totals> sorted;
  for (const Method& method : table_->methods()) {
    Totals totals{method.name, 0, 0};
    for (const Counter* counter : method.by_code) totals.calls += counter->value();
    totals.failed = totals.calls - method.by_code[0]->value();
    if (totals.calls > 0) sorted.emplace(method.name, totals);
  }
  std::vector<Totals> all;
  for (const auto& [name, totals] : sorted) all.push_back(totals);
  return all;
}

}  // namespace letterlock::metrics
