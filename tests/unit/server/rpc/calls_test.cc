// What every call gets, whatever its handler does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "absl/synchronization/notification.h"
#include "echo_server.h"

namespace letterlock::rpc {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

struct Answer {
  absl::Status status;
  std::string text;
  std::string request_id;
};

using Method = grpc::Status (EchoService::Stub::*)(grpc::ClientContext*, const EchoRequest&,
                                                   EchoResponse*);

Answer Call(EchoService::Stub& stub, Method method, const EchoRequest& request,
            const std::function<void(grpc::ClientContext&)>& prepare = {}) {
  grpc::ClientContext context;
  if (prepare) prepare(context);
  EchoResponse response;
  Answer answer;
  answer.status = FromGrpc((stub.*method)(&context, request, &response));
  answer.text = response.text();
  const auto& trailers = context.GetServerTrailingMetadata();
  if (const auto id = trailers.find("letterlock-request-id"); id != trailers.end()) {
    answer.request_id = std::string(id->second.data(), id->second.size());
  }
  return answer;
}

TEST(Calls, AnAnswerComesWithItsRequestIdInTrailerAndLog) {
  EchoServer server;
  const Answer answer = Call(*server.Stub(), &EchoService::Stub::Public, Text("hello"));
  EXPECT_TRUE(answer.status.ok()) << answer.status;
  EXPECT_EQ(answer.text, "hello");
  EXPECT_THAT(answer.request_id, MatchesRegex("[0-9a-f]{16}"));
  const auto line = nlohmann::json::parse(server.log.Await(answer.request_id));
  EXPECT_EQ(line["event"], "rpc");
  EXPECT_EQ(line["method"], "/letterlock.testing.v1.EchoService/Public");
  EXPECT_EQ(line["code"], "OK");
  EXPECT_GT(line["latency_us"].get<int>(), 0);
}

TEST(Calls, UnlessAskedForALogHasNoLineOfACallThatWentWell) {
  EchoServer server({}, {}, {}, {}, LogLevel::kInfo);
  const auto stub = server.Stub();
  const Answer good = Call(*stub, &EchoService::Stub::Public, Text("hello"));
  const Answer bad = Call(*stub, &EchoService::Stub::Session, Text("hello"));
  ASSERT_TRUE(good.status.ok()) << good.status;
  EXPECT_THAT(server.log.Await(bad.request_id), HasSubstr("UNAUTHENTICATED"));
  EXPECT_THAT(server.log.All(), Not(HasSubstr(good.request_id)));
}

TEST(Calls, LogsHoldNothingOfTheRequest) {
  EchoServer server;
  const auto stub = server.Stub();
  const auto secret_token = [](grpc::ClientContext& context) {
    context.AddMetadata("authorization", "Bearer sesame-token");
  };
  Call(*stub, &EchoService::Stub::Public, Text("sesame-text"), secret_token);
  const Answer last = Call(*stub, &EchoService::Stub::Session, Text("sesame-text"), secret_token);
  server.log.Await(last.request_id);
  EXPECT_THAT(server.log.All(), HasSubstr(last.request_id));
  EXPECT_THAT(server.log.All(), Not(HasSubstr("sesame")));
  EXPECT_THAT(server.log.All(), Not(HasSubstr("ipv4")));
}

TEST(Calls, ASessionMethodNeedsAVerifiedSession) {
  EchoServer server;
  const auto stub = server.Stub();
  EXPECT_EQ(Call(*stub, &EchoService::Stub::Session, Text("x")).status.code(),
            absl::StatusCode::kUnauthenticated);
  for (const char* header : {"Bearer bad", "bearer good", "good", "Bearer  good"}) {
    const Answer answer = Call(*stub, &EchoService::Stub::Session, Text("x"), [&](auto& context) {
      context.AddMetadata("authorization", header);
    });
    EXPECT_EQ(answer.status.code(), absl::StatusCode::kUnauthenticated) << header;
    EXPECT_EQ(ReasonOf(answer.status), common::v1::ERROR_REASON_TOKEN_INVALID);
  }
  const Answer twice = Call(*stub, &EchoService::Stub::Session, Text("x"), [](auto& context) {
    context.AddMetadata("authorization", "Bearer good");
    context.AddMetadata("authorization", "Bearer good");
  });
  EXPECT_EQ(twice.status.code(), absl::StatusCode::kUnauthenticated);
  const Answer good = Call(*stub, &EchoService::Stub::Session, Text("x"), [](auto& context) {
    context.AddMetadata("authorization", "Bearer good");
  });
  EXPECT_TRUE(good.status.ok()) << good.status;
  EXPECT_EQ(good.text, "member:x");
}

TEST(Calls, ALocalAdminMethodIsRefusedOverTheNetwork) {
  EchoServer server;
  const Answer answer = Call(*server.Stub(), &EchoService::Stub::LocalAdmin, Text("x"));
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(answer.status), common::v1::ERROR_REASON_NOT_AUTHORISED);
}

TEST(Calls, AMethodThatIsNotServedYetSaysSo) {
  EchoServer server;
  const Answer answer = Call(*server.Stub(), &EchoService::Stub::Later, Text("x"));
  EXPECT_EQ(answer.status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(ReasonOf(answer.status), common::v1::ERROR_REASON_NOT_SERVED);
}

TEST(Calls, ARequestThatDoesNotParseIsInvalid) {
  EchoServer server;
  // Field 1 is a string: not UTF-8, and cut short.
  for (const std::string& bytes : {std::string("\x0a\x02\xff\xfe"), std::string("\x0a\x7fx")}) {
    const absl::Status status =
        FromGrpc(CallRaw(server.Channel(), "/letterlock.testing.v1.EchoService/Public", bytes));
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ReasonOf(status), common::v1::ERROR_REASON_FIELD_FORMAT);
  }
}

TEST(Calls, AHandlersReasonReachesTheClientAndItsInnerErrorDoesNot) {
  EchoHandlers handlers;
  handlers.on_public = [](CallContext&, const EchoRequest& request, EchoResponse*, Done done) {
    if (request.text() == "field") {
      return done(InvalidField("text", common::v1::ERROR_REASON_FIELD_RANGE, "not this one"));
    }
    done(absl::NotFoundError("row of member 17"));
  };
  EchoServer server(handlers);
  const auto stub = server.Stub();
  const Answer field = Call(*stub, &EchoService::Stub::Public, Text("field"));
  EXPECT_EQ(field.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(field.status), "text");
  const Answer inner = Call(*stub, &EchoService::Stub::Public, Text("x"));
  EXPECT_EQ(inner.status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(inner.status.message(), "internal error");
  EXPECT_EQ(RequestIdOf(inner.status), inner.request_id);
  EXPECT_THAT(server.log.Await(inner.request_id), HasSubstr("NOT_FOUND"));
}

TEST(Calls, AHandlerThatThrowsOrForgetsAnswersInternal) {
  EchoHandlers handlers;
  handlers.on_public = [](CallContext&, const EchoRequest& request, EchoResponse*, Done) {
    if (request.text() == "throw") throw std::runtime_error("member 17");
  };
  EchoServer server(handlers);
  const auto stub = server.Stub();
  for (const char* how : {"throw", "forget"}) {
    EXPECT_EQ(Call(*stub, &EchoService::Stub::Public, Text(how)).status.code(),
              absl::StatusCode::kInternal);
  }
  EXPECT_THAT(server.log.All(), Not(HasSubstr("member 17")));
}

TEST(Calls, OnlyTheFirstAnswerCounts) {
  EchoHandlers handlers;
  handlers.on_public = [](CallContext& call, const EchoRequest& request, EchoResponse* response,
                          Done done) {
    const Done copy = done;
    done(Echo(call, request, response));
    copy(absl::InternalError("too late"));
  };
  EchoServer server(handlers);
  EXPECT_EQ(Call(*server.Stub(), &EchoService::Stub::Public, Text("x")).text, "x");
}

TEST(Calls, AnAnswerMayComeFromAnotherThreadAfterTheHandlerReturned) {
  std::thread later;
  EchoHandlers handlers;
  handlers.on_public = [&](CallContext&, const EchoRequest& request, EchoResponse* response,
                           Done done) {
    later = std::thread([&request, response, done] {
      response->set_text(request.text() + " later");
      done(absl::OkStatus());
    });
  };
  {
    EchoServer server(handlers);
    EXPECT_EQ(Call(*server.Stub(), &EchoService::Stub::Public, Text("x")).text, "x later");
  }  // the handler has returned
  later.join();
}

TEST(Calls, WithoutADeadlineThereAreTenSeconds) {
  std::promise<absl::Duration> left;
  EchoHandlers handlers;
  handlers.on_public = [&](CallContext& call, const EchoRequest&, EchoResponse*, Done done) {
    left.set_value(call.deadline() - absl::Now());
    done(absl::OkStatus());
  };
  EchoServer server(handlers);
  ASSERT_TRUE(Call(*server.Stub(), &EchoService::Stub::Public, Text("x")).status.ok());
  const absl::Duration got = left.get_future().get();
  EXPECT_LE(got, absl::Seconds(10));
  EXPECT_GT(got, absl::Seconds(5));
}

// What the handler is left of a call whose caller waits for `patience`.
absl::Duration LeftOf(absl::Duration patience) {
  std::promise<absl::Duration> left;
  EchoHandlers handlers;
  handlers.on_public = [&](CallContext& call, const EchoRequest&, EchoResponse*, Done done) {
    left.set_value(call.deadline() - absl::Now());
    done(absl::OkStatus());
  };
  EchoServer server(handlers);
  Call(*server.Stub(), &EchoService::Stub::Public, Text("x"),
       [&](auto& context) { context.set_deadline(absl::ToChronoTime(absl::Now() + patience)); });
  return left.get_future().get();
}

TEST(Calls, TheCallersDeadlineIsTheHandlers) {
  const absl::Duration left = LeftOf(absl::Seconds(50));
  EXPECT_LE(left, absl::Seconds(50));
  EXPECT_GT(left, absl::Seconds(30));
}

// A few callers with deadlines of years would otherwise hold every thread of a store that stalls.
TEST(Calls, NoCallerCanHoldAHandlerForMoreThanAMinute) {
  EXPECT_LE(LeftOf(absl::Hours(24)), absl::Minutes(1));
}

// Holds the pool's only thread in the first call until it is released.
struct Held {
  absl::Notification entered;
  absl::Notification release;
  std::atomic<int> ran = 0;

  EchoHandlers Handlers() {
    EchoHandlers handlers;
    handlers.on_public = [this](CallContext& call, const EchoRequest& request,
                                EchoResponse* response, Done done) {
      ++ran;
      if (request.text() == "hold") {
        entered.Notify();
        release.WaitForNotification();
      }
      done(Echo(call, request, response));
    };
    return handlers;
  }
};

TEST(Calls, AFullPoolAnswersResourceExhaustedWithADelay) {
  Held held;
  EchoServer server(held.Handlers(), {}, {.threads = 1, .queue = 1});
  const auto stub = server.Stub();
  const auto call = [&](const char* text) {
    return std::async(std::launch::async,
                      [&, text] { return Call(*stub, &EchoService::Stub::Public, Text(text)); });
  };
  auto first = call("hold");
  held.entered.WaitForNotification();
  // One of these waits in the queue, the other finds it full.
  auto second = call("x");
  auto third = call("x");
  server.log.Await("RESOURCE_EXHAUSTED");
  held.release.Notify();
  EXPECT_TRUE(first.get().status.ok());
  Answer waited = second.get();
  Answer refused = third.get();
  if (refused.status.ok()) std::swap(waited, refused);
  EXPECT_TRUE(waited.status.ok()) << waited.status;
  EXPECT_EQ(refused.status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused.status), common::v1::ERROR_REASON_OVERLOADED);
  EXPECT_GT(RetryAfterOf(refused.status).value_or(absl::ZeroDuration()), absl::ZeroDuration());
}

TEST(Calls, ACallWhoseDeadlinePassedWhileItWaitedDoesNotRun) {
  Held held;
  EchoServer server(held.Handlers(), {}, {.threads = 1, .queue = 4});
  const auto stub = server.Stub();
  auto first = std::async(std::launch::async,
                          [&] { return Call(*stub, &EchoService::Stub::Public, Text("hold")); });
  held.entered.WaitForNotification();
  constexpr absl::Duration kTimeout = absl::Milliseconds(100);
  auto late = std::async(std::launch::async, [&] {
    return Call(*stub, &EchoService::Stub::Public, Text("x"), [&](auto& context) {
      context.set_deadline(absl::ToChronoTime(absl::Now() + kTimeout));
    });
  });
  // The server counts from when the call came in: once it waits, its deadline is at most this far
  // away.
  while (server.pool().waiting() == 0) std::this_thread::yield();
  const absl::Time passed = absl::Now() + 2 * kTimeout;
  while (absl::Now() < passed) std::this_thread::yield();
  held.release.Notify();
  EXPECT_TRUE(first.get().status.ok());
  EXPECT_EQ(late.get().status.code(), absl::StatusCode::kDeadlineExceeded);
  server.runner->Stop();
  EXPECT_EQ(held.ran, 1);
}

TEST(Calls, AHandlerSeesThatItsCallerLeft) {
  absl::Notification entered;
  std::promise<absl::Status> seen;
  EchoHandlers handlers;
  handlers.on_public = [&](CallContext& call, const EchoRequest&, EchoResponse*, Done done) {
    entered.Notify();
    while (!call.IsCancelled()) std::this_thread::yield();
    seen.set_value(call.CheckAlive());
    done(call.CheckAlive());
  };
  EchoServer server(handlers);
  const auto stub = server.Stub();
  grpc::ClientContext context;
  EchoResponse response;
  auto call =
      std::async(std::launch::async, [&] { return stub->Public(&context, Text("x"), &response); });
  entered.WaitForNotification();
  context.TryCancel();
  EXPECT_EQ(seen.get_future().get().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(call.get().error_code(), grpc::StatusCode::CANCELLED);
}

TEST(Calls, CancellingManyCallsFinishesEachOnceAndTheServerStops) {
  EchoServer server({}, {}, {.threads = 2, .queue = 64});
  const auto stub = server.Stub();
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&] {
      for (int i = 0; i < 100; ++i) {
        grpc::ClientContext context;
        EchoResponse response;
        std::thread canceller([&] { context.TryCancel(); });
        (void)stub->Public(&context, Text("x"), &response);
        canceller.join();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  server.runner->Stop();
  EXPECT_THAT(server.log.All(), HasSubstr("stopped"));
}

}  // namespace
}  // namespace letterlock::rpc
