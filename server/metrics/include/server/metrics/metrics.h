// What a daemon tells of itself in numbers (docs/operations.md, "Metrics"). Names, helps and labels
// are literals or names of methods, so that no series is ever named after a member: there is no way
// to hand in a text of a request.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/metrics/counters.h"
#include "server/rpc/literal.h"
#include "server/rpc/log.h"

namespace letterlock::metrics {

class Label {
 public:
  Label(rpc::Literal name, rpc::Literal value) : name_(name.view()), value_(value.view()) {}
  Label(rpc::Literal name, const rpc::MethodName& method)
      : name_(name.view()), value_(method.full) {}

  const std::string& name() const { return name_; }
  const std::string& value() const { return value_; }

 private:
  std::string name_;
  std::string value_;
};
using Labels = std::vector<Label>;

// Thread-safe. What it gives out lives as long as it does. Series of one name share kind and help,
// and differ in their labels.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  Counter& AddCounter(rpc::Literal name, rpc::Literal help, const Labels& labels = {});
  // In seconds when shown.
  Histogram& AddHistogram(rpc::Literal name, rpc::Literal help, const Labels& labels = {});
  // `read` is asked at each look, from any thread; it must not block for long, and is kept until
  // this ends or Forget() is called.
  void AddGauge(rpc::Literal name, rpc::Literal help, std::function<double()> read,
                const Labels& labels = {});
  // The same for what only grows and is counted elsewhere.
  void AddTotal(rpc::Literal name, rpc::Literal help, std::function<double()> read,
                const Labels& labels = {});

  // Lets go of what AddGauge and AddTotal were given; waits for looks that are under way. For the
  // end of what they read.
  void Forget();

  // All series, in Prometheus' text format 0.0.4.
  std::string Text() const;

  // For exposer.h.
  class Impl;
  std::shared_ptr<Impl> impl() const { return impl_; }

 private:
  const std::shared_ptr<Impl> impl_;
};

}  // namespace letterlock::metrics
