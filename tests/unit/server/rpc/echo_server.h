// A real server over TLS with the services of testing.proto, and a client of it.
#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/testing/v1/testing.grpc.pb.h"
#include "server/rpc/grpc_status.h"
#include "server/rpc/server.h"
#include "server/rpc/service.h"
#include "server/rpc/status.h"
#include "server/tls/credentials.h"
#include "support/temporary_directory.h"
#include "support/tls_files.h"

namespace letterlock::rpc {

using testing::v1::EchoRequest;
using testing::v1::EchoResponse;
using testing::v1::EchoService;

inline constexpr char kEchoService[] = "letterlock.testing.v1.EchoService";

struct TestSession {
  std::string name;
};

// Knows one token.
class TestAuthenticator final : public Authenticator<TestSession> {
 public:
  absl::StatusOr<TestSession> Authenticate(const CallContext& call) override {
    if (call.bearer_token() == "good") return TestSession{"member"};
    return Fail(absl::StatusCode::kUnauthenticated, common::v1::ERROR_REASON_TOKEN_INVALID,
                "no such session");
  }
};

inline absl::Status Echo(CallContext&, const EchoRequest& request, EchoResponse* response) {
  response->set_text(request.text());
  return absl::OkStatus();
}

// What the server logged, from any thread.
class LogLines {
 public:
  Logger logger(LogLevel at_least = LogLevel::kDebug) {
    return Logger::To(at_least, [this](std::string_view line) {
      absl::MutexLock lock(&mu_);
      lines_.emplace_back(line);
    });
  }
  // Waits until a line holds `text`, and returns it.
  std::string Await(const std::string& text) {
    absl::MutexLock lock(&mu_);
    std::string found;
    const auto there = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
      for (const std::string& line : lines_) {
        if (line.find(text) != std::string::npos) found = line;
      }
      return !found.empty();
    };
    mu_.AwaitWithTimeout(absl::Condition(&there), absl::Seconds(10));
    return found;
  }
  std::string All() {
    absl::MutexLock lock(&mu_);
    std::string all;
    for (const std::string& line : lines_) all += line + "\n";
    return all;
  }

 private:
  absl::Mutex mu_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mu_);
};

// Binds every method of EchoService to something harmless; a test then replaces what it is about.
struct EchoHandlers {
  std::function<void(CallContext&, const EchoRequest&, EchoResponse*, Done)> on_public =
      [](CallContext& call, const EchoRequest& request, EchoResponse* response, Done done) {
        done(Echo(call, request, response));
      };
};

class EchoServer {
 public:
  explicit EchoServer(EchoHandlers handlers = {}, ServerOptions options = {},
                      WorkerPool::Options pool = {},
                      std::function<void(const CallRecord&)> observer = {},
                      LogLevel at_least = LogLevel::kDebug)
      : pool_(pool),
        service_(
            kEchoService,
            {.pool = &pool_, .logger = log.logger(at_least), .observer = std::move(observer)}) {
    service_.Public<EchoRequest, EchoResponse>("Public", std::move(handlers.on_public));
    service_.Session<EchoRequest, EchoResponse>(
        "Session", &authenticator_,
        [](const TestSession& session, CallContext&, const EchoRequest& request,
           EchoResponse* response) {
          response->set_text(session.name + ":" + request.text());
          return absl::OkStatus();
        });
    service_.Proof<EchoRequest, EchoResponse>("Proof", &Echo);
    service_.LocalAdmin<EchoRequest, EchoResponse>("LocalAdmin", &Echo);
    service_.Unimplemented("Later");

    files_ = test::MakeTlsFiles(directory.path());
    auto credentials = tls::MakeServerCredentials(
        {.certificate_file = files_.certificate_file, .key_file = files_.key_file});
    if (!credentials.ok()) std::abort();
    options.credentials = *credentials;
    auto started = ServerRunner::Start(options, {&service_}, log.logger());
    if (!started.ok()) std::abort();
    runner = *std::move(started);
  }
  ~EchoServer() { runner->Stop(); }

  std::shared_ptr<grpc::Channel> Channel() {
    auto channel = tls::MakeChannel({.address = runner->address(), .ca_file = files_.ca_file});
    if (!channel.ok()) std::abort();
    return *channel;
  }
  std::unique_ptr<EchoService::Stub> Stub() { return EchoService::NewStub(Channel()); }

  const WorkerPool& pool() const { return pool_; }
  const Service& service() const { return service_; }

  LogLines log;
  test::TemporaryDirectory directory;
  std::unique_ptr<ServerRunner> runner;

 private:
  test::TlsFiles files_;
  TestAuthenticator authenticator_;
  WorkerPool pool_;
  Service service_;
};

// Calls `method` ("/package.Service/Method") with bytes that are what they are.
inline grpc::Status CallRaw(const std::shared_ptr<grpc::Channel>& channel,
                            const std::string& method, const std::string& request,
                            std::string* response = nullptr) {
  grpc::Slice slice(request);
  const grpc::ByteBuffer sent(&slice, 1);
  grpc::ByteBuffer got;
  grpc::ClientContext context;
  grpc::Status status;
  absl::Notification done;
  grpc::GenericStub stub(channel);
  stub.UnaryCall(&context, method, {}, &sent, &got, [&](grpc::Status s) {
    status = std::move(s);
    done.Notify();
  });
  done.WaitForNotification();
  grpc::Slice whole;
  if (response != nullptr && status.ok() && got.DumpToSingleSlice(&whole).ok()) {
    response->assign(reinterpret_cast<const char*>(whole.begin()), whole.size());
  }
  return status;
}

inline EchoRequest Text(std::string text) {
  EchoRequest request;
  request.set_text(std::move(text));
  return request;
}

}  // namespace letterlock::rpc
