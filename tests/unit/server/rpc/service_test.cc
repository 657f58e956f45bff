#include "server/rpc/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "echo_server.h"

namespace letterlock::rpc {
namespace {

using ::testing::HasSubstr;

class BindingTest : public ::testing::Test {
 protected:
  Service Make(const std::string& name) {
    return Service(name, {.pool = &pool_, .logger = Logger::To(LogLevel::kError, [](auto) {})});
  }
  static void BindAllOf(Service& service, TestAuthenticator* authenticator) {
    service.Session<EchoRequest, EchoResponse>("Session", authenticator, &EchoFor);
    service.Proof<EchoRequest, EchoResponse>("Proof", &Echo);
    service.LocalAdmin<EchoRequest, EchoResponse>("LocalAdmin", &Echo);
    service.Unimplemented("Later");
  }
  static absl::Status EchoFor(const TestSession&, CallContext& call, const EchoRequest& request,
                              EchoResponse* response) {
    return Echo(call, request, response);
  }
  static std::string Why(const Service& service) {
    const absl::Status status = service.Check();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    return std::string(status.message());
  }

  WorkerPool pool_{{.threads = 1}};
  TestAuthenticator authenticator_;
};

TEST_F(BindingTest, EveryMethodBoundByItsRuleIsTaken) {
  Service service = Make(kEchoService);
  BindAllOf(service, &authenticator_);
  service.Public<EchoRequest, EchoResponse>("Public", &Echo);
  EXPECT_TRUE(service.Check().ok()) << service.Check();
}

TEST_F(BindingTest, AMethodWithoutAnAccessRuleIsRefusedByName) {
  Service service = Make("letterlock.testing.v1.RulelessService");
  service.Public<EchoRequest, EchoResponse>("Stated", &Echo);
  service.Public<EchoRequest, EchoResponse>("Forgotten", &Echo);
  EXPECT_EQ(Why(service), "letterlock.testing.v1.RulelessService.Forgotten: has no access rule");
}

TEST_F(BindingTest, NotServingAMethodDoesNotExcuseAMissingRule) {
  Service service = Make("letterlock.testing.v1.RulelessService");
  service.Public<EchoRequest, EchoResponse>("Stated", &Echo);
  service.Unimplemented("Forgotten");
  EXPECT_THAT(Why(service), HasSubstr("Forgotten: has no access rule"));
}

TEST_F(BindingTest, ASessionMethodBoundAsPublicIsRefused) {
  Service service = Make(kEchoService);
  service.Public<EchoRequest, EchoResponse>("Public", &Echo);
  service.Public<EchoRequest, EchoResponse>("Session", &Echo);
  service.Proof<EchoRequest, EchoResponse>("Proof", &Echo);
  service.LocalAdmin<EchoRequest, EchoResponse>("LocalAdmin", &Echo);
  service.Unimplemented("Later");
  EXPECT_THAT(Why(service), HasSubstr("EchoService.Session: is bound as ACCESS_RULE_PUBLIC, but "
                                      "its rule is ACCESS_RULE_SESSION"));
}

TEST_F(BindingTest, AMethodBoundToNothingIsRefused) {
  Service service = Make(kEchoService);
  BindAllOf(service, &authenticator_);
  EXPECT_THAT(Why(service), HasSubstr("EchoService.Public: is bound to no handler"));
}

TEST_F(BindingTest, OtherMessageTypesThanTheProtosAreRefused) {
  Service service = Make(kEchoService);
  BindAllOf(service, &authenticator_);
  service.Public<EchoResponse, EchoResponse>(
      "Public", [](CallContext&, const EchoResponse&, EchoResponse*) { return absl::OkStatus(); });
  EXPECT_THAT(Why(service), HasSubstr("EchoService.Public: is bound with other message types"));
}

TEST_F(BindingTest, ANameThatIsNotInTheProtoIsRefused) {
  Service service = Make(kEchoService);
  BindAllOf(service, &authenticator_);
  service.Public<EchoRequest, EchoResponse>("Pubilc", &Echo);
  EXPECT_THAT(Why(service), HasSubstr("EchoService.Pubilc: is not in the proto"));
}

TEST_F(BindingTest, AMethodBoundTwiceIsRefused) {
  Service service = Make(kEchoService);
  BindAllOf(service, &authenticator_);
  service.Public<EchoRequest, EchoResponse>("Public", &Echo);
  service.Public<EchoRequest, EchoResponse>("Public", &Echo);
  EXPECT_THAT(Why(service), HasSubstr("EchoService.Public: is bound twice"));
}

TEST_F(BindingTest, AStreamIsNotServedAsUnary) {
  Service service = Make("letterlock.testing.v1.StreamingService");
  service.Public<EchoRequest, EchoResponse>("Watch", &Echo);
  service.Unimplemented("WatchOwn");
  EXPECT_THAT(Why(service), HasSubstr("Watch: streams"));
}

void Ends(CallContext&, const EchoRequest&, const Stream<EchoResponse>& stream) {
  stream.End(absl::OkStatus());
}

TEST_F(BindingTest, AUnaryMethodIsNotServedAsAStream) {
  Service service = Make("letterlock.testing.v1.SmallService");
  service.PublicStream<EchoRequest, EchoResponse>("Only", {}, &Ends);
  EXPECT_THAT(Why(service), HasSubstr("Only: is unary"));
}

TEST_F(BindingTest, AStreamIsHeldToItsRuleAndTypesToo) {
  Service public_own = Make("letterlock.testing.v1.StreamingService");
  public_own.PublicStream<EchoRequest, EchoResponse>("Watch", {}, &Ends);
  public_own.PublicStream<EchoRequest, EchoResponse>("WatchOwn", {}, &Ends);
  EXPECT_THAT(Why(public_own), HasSubstr("WatchOwn: is bound as ACCESS_RULE_PUBLIC"));
  Service other_type = Make("letterlock.testing.v1.StreamingService");
  other_type.PublicStream<EchoRequest, EchoRequest>(
      "Watch", {}, [](CallContext&, const EchoRequest&, const Stream<EchoRequest>&) {});
  other_type.Unimplemented("WatchOwn");
  EXPECT_THAT(Why(other_type), HasSubstr("Watch: is bound with other message types"));
}

TEST_F(BindingTest, AnUnknownServiceIsRefused) {
  EXPECT_THAT(Why(Make("letterlock.testing.v1.NoService")), HasSubstr("no such service"));
}

TEST_F(BindingTest, TheServerDoesNotStartOverAMethodWithoutARule) {
  Service service = Make("letterlock.testing.v1.RulelessService");
  service.Public<EchoRequest, EchoResponse>("Stated", &Echo);
  service.Public<EchoRequest, EchoResponse>("Forgotten", &Echo);
  ServerOptions options;
  options.credentials = grpc::InsecureServerCredentials();
  const auto runner =
      ServerRunner::Start(options, {&service}, Logger::To(LogLevel::kError, [](auto) {}));
  EXPECT_THAT(std::string(runner.status().message()), HasSubstr("Forgotten"));
}

}  // namespace
}  // namespace letterlock::rpc
