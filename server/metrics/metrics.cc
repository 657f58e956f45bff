#include "server/metrics/metrics.h"

#include <prometheus/text_serializer.h>

#include <sstream>
#include <utility>

#include "metrics_impl.h"

namespace letterlock::metrics {
namespace {

using prometheus::MetricType;

prometheus::ClientMetric::Histogram ShowHistogram(const Histogram& histogram) {
  prometheus::ClientMetric::Histogram shown;
  const auto counts = histogram.counts();
  for (std::size_t i = 0; i < Histogram::kBounds.size(); ++i) {
    shown.sample_count += counts[i];
    shown.bucket.push_back({shown.sample_count, static_cast<double>(Histogram::kBounds[i]) * 1e-6});
  }
  shown.sample_count += counts.back();
  shown.sample_sum = absl::ToDoubleSeconds(histogram.sum());
  return shown;
}

}  // namespace

prometheus::ClientMetric Metrics::Impl::Show(MetricType type, const Series& series) {
  prometheus::ClientMetric shown;
  for (const Label& label : series.labels) shown.label.push_back({label.name(), label.value()});
  if (series.histogram != nullptr) {
    shown.histogram = ShowHistogram(*series.histogram);
  } else {
    const double value =
        series.counter != nullptr ? static_cast<double>(series.counter->value()) : series.read();
    (type == MetricType::Gauge ? shown.gauge.value : shown.counter.value) = value;
  }
  return shown;
}

std::vector<prometheus::MetricFamily> Metrics::Impl::Collect() const {
  absl::MutexLock lock(&mu_);
  std::vector<prometheus::MetricFamily> all;
  for (const auto& [name, family] : families_) {
    prometheus::MetricFamily shown;
    shown.name = name;
    shown.help = family.help;
    shown.type = family.type;
    for (const Series& series : family.series) shown.metric.push_back(Show(family.type, series));
    all.push_back(std::move(shown));
  }
  return all;
}

void Metrics::Impl::Add(MetricType type, rpc::Literal name, rpc::Literal help, Series series) {
  auto& family =
      families_.try_emplace(std::string(name.view()), Family{type, std::string(help.view()), {}})
          .first->second;
  family.series.push_back(std::move(series));
}

Counter& Metrics::Impl::AddCounter(rpc::Literal name, rpc::Literal help, const Labels& labels) {
  absl::MutexLock lock(&mu_);
  Counter& counter = counters_.emplace_back();
  Add(MetricType::Counter, name, help, {.labels = labels, .counter = &counter});
  return counter;
}

Histogram& Metrics::Impl::AddHistogram(rpc::Literal name, rpc::Literal help, const Labels& labels) {
  absl::MutexLock lock(&mu_);
  Histogram& histogram = histograms_.emplace_back();
  Add(MetricType::Histogram, name, help, {.labels = labels, .histogram = &histogram});
  return histogram;
}

void Metrics::Impl::AddRead(MetricType type, rpc::Literal name, rpc::Literal help,
                            std::function<double()> read, const Labels& labels) {
  absl::MutexLock lock(&mu_);
  Add(type, name, help, {.labels = labels, .read = std::move(read)});
}

void Metrics::Impl::Forget() {
  absl::MutexLock lock(&mu_);
  for (auto family = families_.begin(); family != families_.end();) {
    std::erase_if(family->second.series, [](const Series& series) { return series.read; });
    family = family->second.series.empty() ? families_.erase(family) : std::next(family);
  }
}

Metrics::Metrics() : impl_(std::make_shared<Impl>()) {}
Metrics::~Metrics() { Forget(); }

Counter& Metrics::AddCounter(rpc::Literal name, rpc::Literal help, const Labels& labels) {
  return impl_->AddCounter(name, help, labels);
}
Histogram& Metrics::AddHistogram(rpc::Literal name, rpc::Literal help, const Labels& labels) {
  return impl_->AddHistogram(name, help, labels);
}
void Metrics::AddGauge(rpc::Literal name, rpc::Literal help, std::function<double()> read,
                       const Labels& labels) {
  impl_->AddRead(MetricType::Gauge, name, help, std::move(read), labels);
}
void Metrics::AddTotal(rpc::Literal name, rpc::Literal help, std::function<double()> read,
                       const Labels& labels) {
  impl_->AddRead(MetricType::Counter, name, help, std::move(read), labels);
}
void Metrics::Forget() { impl_->Forget(); }

std::string Metrics::Text() const {
  return prometheus::TextSerializer().Serialize(impl_->Collect());
}

}  // namespace letterlock::metrics
