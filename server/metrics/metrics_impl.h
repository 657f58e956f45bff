// The series of Metrics, as prometheus-cpp wants to collect them.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/metrics/metrics.h"

namespace letterlock::metrics {

class Metrics::Impl final : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override;

  Counter& AddCounter(rpc::Literal name, rpc::Literal help, const Labels& labels);
  Histogram& AddHistogram(rpc::Literal name, rpc::Literal help, const Labels& labels);
  void AddRead(prometheus::MetricType type, rpc::Literal name, rpc::Literal help,
               std::function<double()> read, const Labels& labels);
  void Forget();

 private:
  // One of the three.
  struct Series {
    Labels labels;
    const Counter* counter = nullptr;
    const Histogram* histogram = nullptr;
    std::function<double()> read{};
  };
  struct Family {
    prometheus::MetricType type;
    std::string help;
    std::vector<Series> series;
  };

  static prometheus::ClientMetric Show(prometheus::MetricType type, const Series& series);
  void Add(prometheus::MetricType type, rpc::Literal name, rpc::Literal help, Series series)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  mutable absl::Mutex mu_;
  std::map<std::string, Family, std::less<>> families_ ABSL_GUARDED_BY(mu_);
  std::deque<Counter> counters_ ABSL_GUARDED_BY(mu_);  // they stay where they are
  std::deque<Histogram> histograms_ ABSL_GUARDED_BY(mu_);
};

}  // namespace letterlock::metrics
