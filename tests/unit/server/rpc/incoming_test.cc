// What every call with a stream of requests gets, whatever its handler does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "absl/synchronization/notification.h"
#include "echo_server.h"
#include "letterlock/testing/v1/testing.grpc.pb.h"

namespace letterlock::rpc {
namespace {

using ::testing::HasSubstr;
using testing::v1::CollectingService;
using Collected = Incoming<EchoRequest, EchoResponse>;
using Handler = std::function<void(const TestSession&, CallContext&, const Collected&)>;

// Answers with all texts, joined.
void Collect(const Collected& incoming, const std::string& before) {
  incoming.Next([incoming, before](const EchoRequest* request) {
    if (request != nullptr) return Collect(incoming, before + request->text() + ";");
    EchoResponse response;
    response.set_text(before);
    incoming.Answer(response);
  });
}

class IncomingCalls : public ::testing::Test {
 protected:
  void Serve(Handler handler, const StreamOptions& options = {}) {
    pool_ = std::make_unique<WorkerPool>(WorkerPool::Options{});
    service_ =
        std::make_unique<Service>("letterlock.testing.v1.CollectingService",
                                  Service::Options{.pool = pool_.get(), .logger = log_.logger()});
    service_->SessionIncoming<EchoRequest, EchoResponse>("Collect", &authenticator_, options,
                                                         std::move(handler));
    files_ = test::MakeTlsFiles(directory_.path());
    ServerOptions server;
    server.credentials = tls::MakeServerCredentials({.certificate_file = files_.certificate_file,
                                                     .key_file = files_.key_file})
                             .value();
    server.drain = absl::Seconds(5);
    runner_ = ServerRunner::Start(server, {service_.get()}, log_.logger()).value();
    stub_ = CollectingService::NewStub(
        tls::MakeChannel({.address = runner_->address(), .ca_file = files_.ca_file}).value());
  }
  void ServeCollecting(const StreamOptions& options = {}) {
    Serve([](const TestSession& session, CallContext&,
             const Collected& incoming) { Collect(incoming, session.name + ":"); },
          options);
  }
  ~IncomingCalls() override {
    runner_->Stop();
    pool_->Drain();
  }

  struct Call {
    grpc::ClientContext context;
    EchoResponse response;
    std::unique_ptr<grpc::ClientWriter<EchoRequest>> writer;

    bool Write(const std::string& text) {
      EchoRequest request;
      request.set_text(text);
      return writer->Write(request);
    }
    absl::Status Finish() { return FromGrpc(writer->Finish()); }
    absl::StatusOr<std::string> End() {
      writer->WritesDone();
      if (absl::Status status = Finish(); !status.ok()) return status;
      return response.text();
    }
  };
  std::unique_ptr<Call> Open(const std::string& token = "good") {
    auto call = std::make_unique<Call>();
    call->context.AddMetadata("authorization", "Bearer " + token);
    call->writer = stub_->Collect(&call->context, &call->response);
    return call;
  }

  LogLines log_;
  test::TemporaryDirectory directory_;
  test::TlsFiles files_;
  TestAuthenticator authenticator_;
  std::unique_ptr<WorkerPool> pool_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<ServerRunner> runner_;
  std::unique_ptr<CollectingService::Stub> stub_;
};

TEST_F(IncomingCalls, TakeAllMessagesInOrderAndAnswerOnce) {
  ServeCollecting();
  auto call = Open();
  EXPECT_TRUE(call->Write("one"));
  EXPECT_TRUE(call->Write("two"));
  EXPECT_EQ(*call->End(), "member:one;two;");
  EXPECT_EQ(*Open()->End(), "member:");
}

TEST_F(IncomingCalls, NeedASession) {
  ServeCollecting();
  EXPECT_EQ(Open("bad")->End().status().code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(IncomingCalls, TheHandlerMayEndBeforeTheCallerHasSentAll) {
  Serve([](const TestSession&, CallContext&, const Collected& incoming) {
    incoming.Next([incoming](const EchoRequest*) {
      incoming.End(InvalidField("text", common::v1::ERROR_REASON_FIELD_RANGE, "enough"));
    });
  });
  auto call = Open();
  while (call->Write("more")) {
  }
  const absl::Status ended = call->Finish();
  EXPECT_EQ(ReasonOf(ended), common::v1::ERROR_REASON_FIELD_RANGE);
}

TEST_F(IncomingCalls, ReadNoFasterThanTheHandlerAsks) {
  std::atomic<int> taken = 0;
  absl::Notification go;
  Serve([&](const TestSession&, CallContext&, const Collected& incoming) {
    incoming.Next([&, incoming](const EchoRequest*) {
      ++taken;
      go.WaitForNotification();
      Collect(incoming, "");
    });
  });
  auto call = Open();
  EXPECT_TRUE(call->Write(std::string(100'000, 'x')));
  while (taken == 0) std::this_thread::yield();
  std::thread writer([&] {
    for (int i = 0; i < 50; ++i) call->Write(std::string(50'000, 'y'));
  });
  EXPECT_EQ(taken, 1);
  go.Notify();
  writer.join();
  EXPECT_EQ(call->End()->size(), 50 * 50'001u);
}

TEST_F(IncomingCalls, OneWhoSendsNothingIsCutOff) {
  ServeCollecting({.stall = absl::Milliseconds(50)});
  auto call = Open();
  const absl::Status ended = call->Finish();
  EXPECT_EQ(ended.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(ended), common::v1::ERROR_REASON_DEADLINE);
}

TEST_F(IncomingCalls, ACallerWhoLeavesEndsIt) {
  absl::Notification over, first;
  Serve([&](const TestSession&, CallContext&, const Collected& incoming) {
    incoming.OnOver([&] { over.Notify(); });
    incoming.Next([&, incoming](const EchoRequest*) {
      first.Notify();
      Collect(incoming, "");
    });
  });
  auto call = Open();
  EXPECT_TRUE(call->Write("one"));
  first.WaitForNotification();
  call->context.TryCancel();
  EXPECT_TRUE(over.WaitForNotificationWithTimeout(absl::Seconds(10)));
  EXPECT_EQ(call->Finish().code(), absl::StatusCode::kCancelled);
}

TEST_F(IncomingCalls, AServerThatStopsEndsTheOpenOnes) {
  absl::Notification first;
  Serve(
      [&](const TestSession&, CallContext&, const Collected& incoming) {
        incoming.Next([&, incoming](const EchoRequest*) {
          Collect(incoming, "");
          first.Notify();
        });
      },
      {.ok_at_stop = true});  // which is for answers that come in parts: here there is none yet
  auto call = Open();
  EXPECT_TRUE(call->Write("one"));
  first.WaitForNotification();
  const absl::Time begin = absl::Now();
  runner_->Stop();
  EXPECT_LT(absl::Now() - begin, absl::Seconds(4));
  const absl::Status ended = call->Finish();
  EXPECT_EQ(ended.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(ended), common::v1::ERROR_REASON_SHUTTING_DOWN);
}

TEST_F(IncomingCalls, NoMoreThanTheMostAreOpen) {
  absl::Notification open;
  Serve(
      [&](const TestSession& session, CallContext&, const Collected& incoming) {
        Collect(incoming, session.name + ":");
        open.Notify();
      },
      {.most = 1});
  auto first = Open();
  EXPECT_TRUE(first->Write("one"));
  open.WaitForNotification();
  EXPECT_EQ(Open()->Finish().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(*first->End(), "member:one;");
}

TEST_F(IncomingCalls, AHandlerThatLetsGoAnswersInternal) {
  Serve([](const TestSession&, CallContext&, const Collected&) {});
  const absl::Status ended = Open()->Finish();
  EXPECT_EQ(ended.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(log_.Await("let go"), HasSubstr("INTERNAL"));
}

}  // namespace
}  // namespace letterlock::rpc
