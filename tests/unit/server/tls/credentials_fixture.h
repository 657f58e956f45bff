// A server over our credentials, and ways to reach it.
#pragma once

#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "command.h"
#include "letterlock/testing/v1/testing.grpc.pb.h"
#include "server/tls/credentials.h"
#include "support/temporary_directory.h"
#include "support/tls_files.h"

namespace letterlock::tls {

// A gRPC server over our credentials. It serves nothing: UNIMPLEMENTED says that a connection was
// made.
class TlsServer {
 public:
  explicit TlsServer(const ServerCredentialsOptions& options) {
    auto credentials = MakeServerCredentials(options);
    if (!credentials.ok()) std::abort();
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", *credentials, &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
  }
  ~TlsServer() { server_->Shutdown(); }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }

 private:
  int port_ = 0;
  testing::v1::EchoService::CallbackService service_;
  std::unique_ptr<grpc::Server> server_;
};

inline grpc::StatusCode Call(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
  testing::v1::EchoResponse response;
  return testing::v1::EchoService::NewStub(channel)->Public(&context, {}, &response).error_code();
}

inline grpc::StatusCode Reach(const ChannelOptions& options) {
  auto channel = MakeChannel(options);
  return channel.ok() ? Call(*channel) : grpc::StatusCode::UNKNOWN;
}

inline constexpr auto kReached = grpc::StatusCode::UNIMPLEMENTED;
inline constexpr auto kRefused = grpc::StatusCode::UNAVAILABLE;

class CredentialsTest : public ::testing::Test {
 protected:
  // Refused handshakes are what is tested here; gRPC complains of each.
  static void SetUpTestSuite() {
    gpr_set_log_function([](gpr_log_func_args*) {});
  }

  ServerCredentialsOptions ServerOptions() const {
    return {.certificate_file = files_.certificate_file, .key_file = files_.key_file};
  }
  std::string WhyRefused(const ServerCredentialsOptions& options) {
    return std::string(MakeServerCredentials(options).status().message());
  }
  CommandResult SClient(const TlsServer& server, const std::string& version) {
    return RunCommand("OPENSSL_CONF=/dev/null openssl s_client -connect " + server.address() + " " +
                      version + " -cipher 'ALL:@SECLEVEL=0' -alpn h2 -CAfile " + files_.ca_file +
                      " -verify_return_error -verify_ip 127.0.0.1");
  }

  test::TemporaryDirectory directory_;
  test::TlsFiles files_ = test::MakeTlsFiles(directory_.path());
};

}  // namespace letterlock::tls
