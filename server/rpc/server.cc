#include "server/rpc/server.h"

#include <grpcpp/ext/health_check_service_server_builder_option.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "admin_socket.h"
#include "library_logs.h"
#include "server/config/file_descriptor.h"
#include "server/config/files.h"

namespace letterlock::rpc {
namespace {

using config::FileDescriptor;

// For the last answers, and the word that connections end, to get out.
constexpr absl::Duration kLastBytes = absl::Milliseconds(500);

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

void ApplyLimits(const ServerOptions& options, grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(static_cast<int>(options.max_request_bytes));
  builder->SetMaxSendMessageSize(static_cast<int>(options.max_response_bytes));
  grpc::ResourceQuota quota("letterlock");
  quota.Resize(options.max_memory_bytes);
  builder->SetResourceQuota(quota);

  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                              static_cast<int>(options.max_streams_per_connection));
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                              Milliseconds(options.max_connection_age));
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                              Milliseconds(options.max_connection_age_grace));
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS,
                              Milliseconds(options.max_connection_idle));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(options.keepalive_time));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                              Milliseconds(options.keepalive_timeout));
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                              Milliseconds(options.min_client_ping_interval));
  builder->AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                              Milliseconds(options.handshake_timeout));
  // Two servers on one port would each get some of the connections, and neither would say so.
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // A compressed request is held to the size limit only after it was inflated, and what is sealed
  // does not shrink.
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
}

}  // namespace

class ServerRunner::Impl {
 public:
  Impl(const ServerOptions& options, const std::vector<Service*>& services, const Logger& logger)
      : options_(options), services_(services), logger_(logger) {}

  absl::Status Start();
  absl::Status RunUntil(int signal_fd);
  void Stop();

  const std::string& address() const { return address_; }
  int port() const { return port_; }

 private:
  absl::Status Announce();
  bool Drain();

  const ServerOptions options_;
  const std::vector<Service*> services_;
  const Logger logger_;
  std::string address_;
  int port_ = 0;
  FileDescriptor stop_;  // an eventfd: ends RunUntil

  absl::Mutex mu_;
  std::unique_ptr<grpc::Server> server_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<AdminSocket> admin_ ABSL_GUARDED_BY(mu_);
};

absl::Status ServerRunner::Impl::Start() {
  const auto colon = options_.listen.rfind(':');
  if (colon == std::string::npos) {
    return absl::InvalidArgumentError("listen: must be ADDRESS:PORT");
  }
  stop_ = FileDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop_.valid()) return absl::ErrnoToStatus(errno, "eventfd");

  TameLibraryLogs();
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  ApplyLimits(options_, &builder);
  builder.AddListeningPort(options_.listen, options_.credentials, &port_);
  for (Service* service : services_) builder.RegisterService(service->Build());

  absl::MutexLock lock(&mu_);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port_ == 0) {
    return absl::UnavailableError("cannot listen on " + options_.listen);
  }
  address_ = options_.listen.substr(0, colon) + ":" + std::to_string(port_);
  if (!options_.admin_socket.empty()) {
    auto admin = AdminSocket::Open(options_.admin_socket, server_.get(), logger_);
    if (!admin.ok()) return admin.status();
    admin_ = *std::move(admin);
  }
  server_->GetHealthCheckService()->SetServingStatus("", true);
  for (Service* service : services_) {
    server_->GetHealthCheckService()->SetServingStatus(service->full_name(), true);
  }
  return Announce();
}

absl::Status ServerRunner::Impl::Announce() {
  if (!options_.port_file.empty()) {
    const absl::Status written = config::WriteFileDurably(
        options_.port_file, std::to_string(port_) + "\n", config::FileMode::kPublic);
    if (!written.ok()) return written;
  }
  logger_.Info("listening", {{"address", OperatorText{address_}}});
  return absl::OkStatus();
}

absl::Status ServerRunner::Impl::RunUntil(int signal_fd) {
  pollfd wait[2] = {{stop_.get(), POLLIN, 0}, {signal_fd, POLLIN, 0}};
  while (::poll(wait, 2, -1) < 0) {
    if (errno != EINTR) return absl::ErrnoToStatus(errno, "poll");
  }
  logger_.Info("stopping", {{"by_signal", wait[1].revents != 0}});
  Stop();
  return absl::OkStatus();
}

// Whether all calls in flight were answered in time.
bool ServerRunner::Impl::Drain() {
  const absl::Time deadline = absl::Now() + options_.drain;
  for (Service* service : services_) service->Close();
  bool drained = true;
  for (Service* service : services_) drained = service->AwaitNoCalls(deadline) && drained;
  return drained;
}

void ServerRunner::Impl::Stop() {
  ::eventfd_write(stop_.get(), 1);
  absl::MutexLock lock(&mu_);  // a second caller returns when the first is done
  if (server_ == nullptr) return;
  admin_.reset();
  server_->GetHealthCheckService()->Shutdown();  // NOT_SERVING, for good
  // gRPC's own drain waits for idle connections too, as long as their clients do not look at them.
  const bool drained = Drain();
  server_->Shutdown(
      absl::ToChronoTime(absl::Now() + (drained ? kLastBytes : absl::ZeroDuration())));
  server_->Wait();
  server_.reset();
  logger_.Info("stopped");
}

ServerRunner::ServerRunner(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ServerRunner::~ServerRunner() { impl_->Stop(); }

absl::StatusOr<std::unique_ptr<ServerRunner>> ServerRunner::Start(
    const ServerOptions& options, const std::vector<Service*>& services, const Logger& logger) {
  if (options.credentials == nullptr) return absl::InvalidArgumentError("no TLS credentials");
  for (Service* service : services) {
    if (absl::Status status = service->Check(); !status.ok()) return status;
  }
  auto runner = std::unique_ptr<ServerRunner>(
      new ServerRunner(std::make_unique<Impl>(options, services, logger)));
  if (absl::Status status = runner->impl_->Start(); !status.ok()) {
    return status;
  }
  return runner;
}

absl::Status ServerRunner::RunUntil(TerminationSignals& signals) {
  return impl_->RunUntil(signals.fd());
}

void ServerRunner::Stop() { impl_->Stop(); }
const std::string& ServerRunner::address() const { return impl_->address(); }
int ServerRunner::port() const { return impl_->port(); }

}  // namespace letterlock::rpc
