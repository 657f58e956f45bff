#include "server/metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <thread>
#include <vector>

#include "server/metrics/call_metrics.h"
#include "server/metrics/server_series.h"
#include "unit/server/rpc/echo_server.h"

namespace letterlock::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Counters, OfManyThreadsAddUp) {
  Counter counter;
  Histogram histogram;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10'000; ++n) {
        counter.Add();
        histogram.Observe(absl::Microseconds(n));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counter.value(), 40'000u);
  const auto counts = histogram.counts();
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}), 40'000u);
  EXPECT_EQ(histogram.sum(), absl::Microseconds(4 * (9'999LL * 10'000 / 2)));
}

TEST(Histogram, CountsADurationUpToItsBoundAndWhatIsLongerBeyond) {
  Histogram histogram;
  histogram.Observe(absl::Microseconds(50));
  histogram.Observe(absl::Microseconds(51));
  histogram.Observe(absl::Minutes(2));
  histogram.Observe(-absl::Seconds(1));
  const auto counts = histogram.counts();
  EXPECT_EQ(counts[0], 2u);
  EXPECT_EQ(counts[1], 1u);
  EXPECT_EQ(counts.back(), 1u);
  EXPECT_EQ(histogram.sum(), absl::Microseconds(101) + absl::Minutes(2));
}

TEST(Metrics, AreShownInPrometheusText) {
  Metrics metrics;
  metrics.AddCounter("test_total", "Of the test.", {{"kind", "a"}}).Add(3);
  metrics.AddCounter("test_total", "Of the test.", {{"kind", "b"}});
  metrics.AddGauge("test_gauge", "Now.", [] { return 1.5; });
  metrics.AddTotal("test_read_total", "Elsewhere.", [] { return 7.0; });
  metrics.AddHistogram("test_seconds", "How long.").Observe(absl::Milliseconds(2));
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("# HELP test_total Of the test.\n# TYPE test_total counter\n"));
  EXPECT_THAT(text, HasSubstr("test_total{kind=\"a\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("test_total{kind=\"b\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE test_gauge gauge\ntest_gauge 1.5\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE test_read_total counter\ntest_read_total 7\n"));
  EXPECT_THAT(text, HasSubstr("test_seconds_bucket{le=\"0.001\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("test_seconds_bucket{le=\"+Inf\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("test_seconds_count 1\n"));
}

TEST(Metrics, WhatReadsAreLetGoOfAndCountersStay) {
  Metrics metrics;
  auto held = std::make_shared<int>(4);
  metrics.AddGauge("test_gauge", "Now.", [held] { return *held; });
  metrics.AddCounter("test_total", "Of the test.").Add();
  metrics.Forget();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_THAT(metrics.Text(), Not(HasSubstr("test_gauge")));
  EXPECT_THAT(metrics.Text(), HasSubstr("test_total 1\n"));
}

TEST(CallMetrics, CountByMethodAndCodeAndMeasure) {
  Metrics metrics;
  CallMetrics calls(metrics);
  rpc::EchoServer server({}, {}, {}, [&](const rpc::CallRecord& record) { calls.Record(record); });
  calls.Add(server.service());
  const auto stub = server.Stub();
  for (int i = 0; i < 3; ++i) {
    grpc::ClientContext context;
    rpc::EchoResponse response;
    ASSERT_TRUE(stub->Public(&context, {}, &response).ok());
  }
  grpc::ClientContext context;
  rpc::EchoResponse response;
  ASSERT_FALSE(stub->Session(&context, {}, &response).ok());
  server.runner->Stop();  // all is recorded

  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("letterlock_calls_total{method=\"/letterlock.testing.v1.EchoService/"
                              "Public\",code=\"OK\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("letterlock_calls_total{method=\"/letterlock.testing.v1.EchoService/"
                              "Session\",code=\"UNAUTHENTICATED\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("letterlock_call_seconds_count{method=\"/letterlock.testing.v1."
                              "EchoService/Public\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("letterlock_call_queue_seconds_count 4\n"));
  const auto totals = calls.totals();
  ASSERT_EQ(totals.size(), 2u);
  EXPECT_EQ(totals[0].method, "/letterlock.testing.v1.EchoService/Public");
  EXPECT_EQ(totals[0].failed, 0u);
  EXPECT_EQ(totals[1].calls, 1u);
  EXPECT_EQ(totals[1].failed, 1u);
}

TEST(CallMetrics, AnUnknownMethodMakesNoSeries) {
  Metrics metrics;
  CallMetrics calls(metrics);
  calls.Record({"/no.such.Service/Method", absl::StatusCode::kOk, absl::Seconds(1)});
  EXPECT_THAT(metrics.Text(), Not(HasSubstr("no.such")));
}

TEST(ServerSeries, CountTheConnectionsAtTheServersPort) {
  rpc::EchoServer server;
  Metrics metrics;
  AddConnections(metrics, server.runner->port());
  EXPECT_THAT(metrics.Text(), HasSubstr("letterlock_connections 0\n"));
  const auto stub = server.Stub();
  grpc::ClientContext context;
  rpc::EchoResponse response;
  ASSERT_TRUE(stub->Public(&context, {}, &response).ok());
  EXPECT_THAT(metrics.Text(), HasSubstr("letterlock_connections 1\n"));
}

TEST(ServerSeries, TellPoolsVersionAndCertificate) {
  rpc::WorkerPool pool({.threads = 1});
  Metrics metrics;
  AddProcessSeries(metrics);
  AddPoolSeries(metrics, {{"rpc", &pool}});
  AddCertificate(metrics, [] { return absl::FromUnixSeconds(1'800'000'000); });
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("letterlock_pool_waiting{pool=\"rpc\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("letterlock_pool_refused_total{pool=\"rpc\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("letterlock_build_info{version=\""));
  EXPECT_THAT(text, HasSubstr("letterlock_certificate_not_after_seconds 1800000000\n"));
}

}  // namespace
}  // namespace letterlock::metrics
