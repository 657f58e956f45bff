#include "server/rpc/server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grpcpp/create_channel_posix.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "absl/synchronization/notification.h"
#include "echo_server.h"
#include "server/config/files.h"
#include "support/health.h"

namespace letterlock::rpc {
namespace {

using ::testing::HasSubstr;

// The standard health service, by hand: gRPC's client code for it is not packaged. Field 1 of
// either message: the service's name, and the state (1: SERVING, 2: NOT_SERVING).
std::optional<int> Health(const std::shared_ptr<grpc::Channel>& channel,
                          const std::string& service) {
  const std::string bytes = service.empty()
                                ? std::string()
                                : std::string("\x0a") + static_cast<char>(service.size()) + service;
  std::string response;
  const grpc::Status status = CallRaw(channel, "/grpc.health.v1.Health/Check", bytes, &response);
  if (!status.ok() || response.size() != 2) return std::nullopt;
  return response[1];
}

grpc::Status Echoed(EchoService::Stub& stub, const std::string& text, EchoResponse* response) {
  grpc::ClientContext context;
  return stub.Public(&context, Text(text), response);
}

TEST(Server, HealthSaysServingForTheServerAndEachService) {
  EchoServer server;
  EXPECT_EQ(Health(server.Channel(), ""), 1);
  EXPECT_EQ(Health(server.Channel(), kEchoService), 1);
  EXPECT_EQ(Health(server.Channel(), "no.such.Service"), std::nullopt);
}

TEST(Server, AWatchOfTheHealthSeesTheStopAndDoesNotHoldItUp) {
  EchoServer server;
  test::HealthWatch whole(server.Channel(), "");
  test::HealthWatch service(server.Channel(), kEchoService);
  test::HealthWatch unknown(server.Channel(), "no.such.Service");
  ASSERT_EQ(whole.Next(), test::kServing);
  ASSERT_EQ(service.Next(), test::kServing);
  ASSERT_EQ(unknown.Next(), test::kServiceUnknown);
  const absl::Time start = absl::Now();
  auto stop = std::async(std::launch::async, [&] { server.runner->Stop(); });
  EXPECT_EQ(whole.Next(), test::kNotServing);
  EXPECT_EQ(service.Next(), test::kNotServing);
  EXPECT_EQ(whole.Next(), std::nullopt);
  stop.get();
  EXPECT_LT(absl::Now() - start, absl::Seconds(4));
}

// As many as a connection may have streams: the next one waits for a place.
TEST(Server, WatchesOfTheHealthAreBounded) {
  ServerOptions options;
  options.max_streams_per_connection = 2;
  EchoServer server({}, options);
  const auto channel = server.Channel();
  test::HealthWatch first(channel, "");
  test::HealthWatch second(channel, "");
  ASSERT_EQ(first.Next(), test::kServing);
  ASSERT_EQ(second.Next(), test::kServing);
  auto answer =
      std::async(std::launch::async, [&] { return test::HealthWatch(channel, "").Next(); });
  EXPECT_EQ(answer.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout);
  first.Cancel();
  EXPECT_EQ(answer.get(), test::kServing);
}

TEST(Server, ReflectionIsNotServed) {
  EchoServer server;
  const grpc::Status status = CallRaw(
      server.Channel(), "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST(Server, ThePortFileHoldsThePort) {
  test::TemporaryDirectory directory;
  ServerOptions options;
  options.port_file = directory / "port";
  EchoServer server({}, options);
  EXPECT_EQ(*config::ReadFile(options.port_file, 100),
            std::to_string(server.runner->port()) + "\n");
  EXPECT_EQ(server.runner->address(), "127.0.0.1:" + std::to_string(server.runner->port()));
  EXPECT_THAT(server.log.All(), HasSubstr("\"address\":\"" + server.runner->address() + "\""));
}

TEST(Server, ARequestOverTheLimitIsRefusedAndOneAtTheLimitIsTaken) {
  ServerOptions options;
  options.max_request_bytes = 10'000;
  EchoServer server({}, options);
  const auto stub = server.Stub();
  EchoResponse response;
  constexpr std::size_t kTagAndLength = 3;
  EXPECT_TRUE(Echoed(*stub, std::string(10'000 - kTagAndLength, 'x'), &response).ok());
  EXPECT_EQ(Echoed(*stub, std::string(10'001 - kTagAndLength, 'x'), &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(Echoed(*stub, "still here", &response).ok());
}

TEST(Server, CompressedRequestsAreRefused) {
  EchoServer server;
  grpc::ClientContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  EchoResponse response;
  const grpc::Status status =
      server.Stub()->Public(&context, Text(std::string(10'000, 'x')), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

// Starts a server that has what it needs but for what `options` say.
absl::Status StartSmallServer(ServerOptions options) {
  const Logger logger = Logger::To(LogLevel::kError, [](auto) {});
  WorkerPool pool({.threads = 1});
  Service service("letterlock.testing.v1.SmallService", {.pool = &pool, .logger = logger});
  service.Public<EchoRequest, EchoResponse>("Only", &Echo);
  options.credentials = grpc::InsecureServerCredentials();
  return ServerRunner::Start(options, {&service}, logger).status();
}

TEST(Server, TwoServersDoNotShareAPort) {
  EchoServer first;
  ServerOptions options;
  options.listen = first.runner->address();
  EXPECT_EQ(StartSmallServer(options).code(), absl::StatusCode::kUnavailable);
  options.listen = "127.0.0.1:0";
  EXPECT_TRUE(StartSmallServer(options).ok());
}

TEST(Server, NoServerStartsWithoutCredentials) {
  const auto runner = ServerRunner::Start({}, {}, Logger::To(LogLevel::kError, [](auto) {}));
  EXPECT_THAT(std::string(runner.status().message()), HasSubstr("no TLS credentials"));
}

TEST(Server, StopWaitsForTheCallsInFlight) {
  absl::Notification entered;
  absl::Notification release;
  EchoHandlers handlers;
  handlers.on_public = [&](CallContext& call, const EchoRequest& request, EchoResponse* response,
                           Done done) {
    entered.Notify();
    release.WaitForNotification();
    done(Echo(call, request, response));
  };
  EchoServer server(handlers);
  const auto stub = server.Stub();
  EchoResponse response;
  auto call = std::async(std::launch::async, [&] { return Echoed(*stub, "x", &response); });
  entered.WaitForNotification();
  auto stop = std::async(std::launch::async, [&] { server.runner->Stop(); });
  EXPECT_EQ(stop.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout);
  release.Notify();
  EXPECT_TRUE(call.get().ok());
  stop.get();
}

TEST(Server, WhileItStopsNewCallsAreToldToComeBack) {
  absl::Notification entered;
  absl::Notification release;
  EchoHandlers handlers;
  handlers.on_public = [&](CallContext& call, const EchoRequest& request, EchoResponse* response,
                           Done done) {
    if (!entered.HasBeenNotified()) {
      entered.Notify();
      release.WaitForNotification();
    }
    done(Echo(call, request, response));
  };
  EchoServer server(handlers, {}, {.threads = 1, .queue = 1});
  const auto stub = server.Stub();
  EchoResponse response;
  auto call = std::async(std::launch::async, [&] { return Echoed(*stub, "x", &response); });
  entered.WaitForNotification();
  auto stop = std::async(std::launch::async, [&] { server.runner->Stop(); });
  // The calls before the stop is under way wait for the pool, or find it full.
  absl::Status status;
  do {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Milliseconds(50)));
    EchoResponse ignored;
    status = FromGrpc(stub->Public(&context, Text("y"), &ignored));
  } while (ReasonOf(status) != common::v1::ERROR_REASON_SHUTTING_DOWN);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(RetryAfterOf(status).has_value());
  EXPECT_EQ(Health(server.Channel(), ""), 2);
  release.Notify();
  EXPECT_TRUE(call.get().ok());
  stop.get();
}

TEST(Server, AnIdleConnectionDoesNotHoldUpTheStop) {
  EchoServer server;
  const auto stub = server.Stub();
  EchoResponse response;
  ASSERT_TRUE(Echoed(*stub, "x", &response).ok());
  // Nobody polls the client's side now. gRPC alone would wait for it until the drain time is over.
  const absl::Time start = absl::Now();
  server.runner->Stop();
  EXPECT_LT(absl::Now() - start, absl::Seconds(4));
}

TEST(Server, StopCancelsWhatIsStillThereAfterTheDrainTime) {
  absl::Notification entered;
  EchoHandlers handlers;
  handlers.on_public = [&](CallContext& call, const EchoRequest&, EchoResponse*, Done done) {
    entered.Notify();
    while (!call.IsCancelled()) std::this_thread::yield();
    done(absl::CancelledError("cancelled"));
  };
  ServerOptions options;
  options.drain = absl::Milliseconds(50);
  EchoServer server(handlers, options);
  const auto stub = server.Stub();
  EchoResponse response;
  auto call = std::async(std::launch::async, [&] { return Echoed(*stub, "x", &response); });
  entered.WaitForNotification();
  server.runner->Stop();
  EXPECT_FALSE(call.get().ok());
}

std::unique_ptr<EchoService::Stub> AdminStub(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(::fcntl(fd, F_SETFL, O_NONBLOCK), 0);
  return EchoService::NewStub(grpc::CreateInsecureChannelFromFd("admin", fd));
}

TEST(Server, TheAdminSocketServesLocalAdminMethodsToItsOwnUser) {
  test::TemporaryDirectory directory;
  ServerOptions options;
  options.admin_socket = directory / "admin";
  EchoServer server({}, options);
  struct stat about = {};
  ASSERT_EQ(::stat(options.admin_socket.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);

  const auto stub = AdminStub(options.admin_socket);
  grpc::ClientContext context;
  EchoResponse response;
  const grpc::Status status = stub->LocalAdmin(&context, Text("x"), &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.text(), "x");

  server.runner->Stop();
  EXPECT_NE(::stat(options.admin_socket.c_str(), &about), 0);
}

// The mode of the socket's file is one lock, the kernel's word the other: here the first is open.
TEST(Server, TheAdminSocketHangsUpOnAnotherUser) {
  if (::geteuid() != 0) return;  // only root can become another user
  test::TemporaryDirectory directory;
  ServerOptions options;
  options.admin_socket = directory / "admin";
  EchoServer server({}, options);
  ASSERT_EQ(::chmod(directory.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(options.admin_socket.c_str(), 0666), 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  options.admin_socket.copy(address.sun_path, sizeof(address.sun_path) - 1);
  // How many bytes a user gets before the server hangs up; -1 where it does not connect.
  const auto greeted_as = [&](uid_t user) {
    const pid_t child = ::fork();
    if (child == 0) {
      const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const timeval patience = {10, 0};
      ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
      char byte = 0;
      if (::setresuid(user, user, user) != 0 ||
          ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        ::_exit(2);
      }
      // HTTP/2: a server that takes the connection sends its settings first.
      ::_exit(::recv(fd, &byte, 1, 0) == 1 ? 1 : 0);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  EXPECT_EQ(greeted_as(4242), 0);
  EXPECT_THAT(server.log.Await("admin_refused"), HasSubstr("warning"));
  EXPECT_EQ(greeted_as(0), 1);
}

TEST(Server, TheAdminSocketNeverReplacesAnotherKindOfFile) {
  test::TemporaryDirectory directory;
  ServerOptions options;
  options.admin_socket = directory / "precious";
  ASSERT_TRUE(
      config::WriteFileDurably(options.admin_socket, "data", config::FileMode::kSecret).ok());
  EXPECT_FALSE(StartSmallServer(options).ok());
  EXPECT_EQ(*config::ReadFile(options.admin_socket, 100), "data");
}

}  // namespace
}  // namespace letterlock::rpc
