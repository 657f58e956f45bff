// What it costs to count a call, as a share of the least that a call can cost: an empty one,
// through server/rpc, on a Unix socket without TLS, with client and server in this process.
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "letterlock/admin/v1/admin_service.grpc.pb.h"
#include "server/metrics/call_metrics.h"
#include "server/metrics/metrics.h"
#include "server/rpc/server.h"
#include "server/rpc/service.h"
#include "server/rpc/worker_pool.h"
#include "server/tls/credentials.h"
#include "support/temporary_directory.h"
#include "support/tls_files.h"

namespace letterlock::bench {
namespace {

constexpr char kMethod[] = "/letterlock.admin.v1.AdminService/GetStatus";

std::unique_ptr<rpc::Service> EmptyService(rpc::WorkerPool* pool) {
  auto service = std::make_unique<rpc::Service>(
      "letterlock.admin.v1.AdminService",
      rpc::Service::Options{.pool = pool, .logger = rpc::Logger::ToStderr(rpc::LogLevel::kError)});
  service->LocalAdmin<admin::v1::GetStatusRequest, admin::v1::GetStatusResponse>(
      "GetStatus", [](rpc::CallContext&, const admin::v1::GetStatusRequest&,
                      admin::v1::GetStatusResponse*) { return absl::OkStatus(); });
  return service;
}

absl::Duration ProcessorTime() {
  rusage used = {};
  getrusage(RUSAGE_SELF, &used);
  return absl::DurationFromTimeval(used.ru_utime) + absl::DurationFromTimeval(used.ru_stime);
}

// Processor time of an empty call, both sides.
absl::Duration EmptyCall() {
  constexpr int kCalls = 5'000;
  const test::TemporaryDirectory directory;
  const test::TlsFiles files = test::MakeTlsFiles(directory.path());
  rpc::WorkerPool pool({.threads = 1, .queue = 16, .name = "bench"});
  const auto service = EmptyService(&pool);
  rpc::ServerOptions options;
  options.credentials = tls::MakeServerCredentials({.certificate_file = files.certificate_file,
                                                    .key_file = files.key_file})
                            .value();
  options.admin_socket = directory / "admin";
  auto runner = rpc::ServerRunner::Start(options, {service.get()},
                                         rpc::Logger::ToStderr(rpc::LogLevel::kError));
  if (!runner.ok()) std::abort();
  absl::Duration used;
  {
    const auto stub = admin::v1::AdminService::NewStub(
        grpc::CreateChannel("unix:" + options.admin_socket, grpc::InsecureChannelCredentials()));
    for (int i = -kCalls / 10; i < kCalls; ++i) {
      if (i == 0) used = ProcessorTime();
      grpc::ClientContext context;
      admin::v1::GetStatusResponse response;
      if (!stub->GetStatus(&context, {}, &response).ok()) std::abort();
    }
    used = ProcessorTime() - used;
  }
  (*runner)->Stop();
  pool.Drain();
  return used / kCalls;
}

// Processor time of counting a call, while so many threads count.
absl::Duration CountACall(int threads) {
  constexpr int kCalls = 5'000'000;
  rpc::WorkerPool pool({.threads = 1, .queue = 1, .name = "none"});
  const auto service = EmptyService(&pool);
  metrics::Metrics metrics;
  metrics::CallMetrics calls(metrics);
  calls.Add(*service);
  const absl::Duration before = ProcessorTime();
  std::vector<std::thread> counting;
  for (int i = 0; i < threads; ++i) {
    counting.emplace_back([&calls] {
      for (int call = 0; call < kCalls; ++call) {
        rpc::CallRecord record{kMethod, absl::StatusCode::kOk, absl::Microseconds(call % 500)};
        record.queued = absl::Microseconds(call % 10);
        calls.Record(record);
      }
    });
  }
  for (std::thread& thread : counting) thread.join();
  return (ProcessorTime() - before) / kCalls / threads;
}

int Run() {
  const absl::Duration empty_call = EmptyCall();
  std::printf("an empty call: %.1f us of processor time, client and server\n",
              absl::ToDoubleMicroseconds(empty_call));
  for (const int threads : {1, 2, 4}) {
    const absl::Duration count = CountACall(threads);
    std::printf("counting it, on %d threads: %.0f ns, ratio %.5f\n", threads,
                absl::ToDoubleNanoseconds(count), absl::FDivDuration(count, empty_call));
  }
  return 0;
}

}  // namespace
}  // namespace letterlock::bench

int main() { return letterlock::bench::Run(); }
