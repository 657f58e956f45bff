// What every stream gets, whatever its handler does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>
#include <thread>

#include "absl/synchronization/notification.h"
#include "echo_server.h"
#include "letterlock/testing/v1/testing.grpc.pb.h"

namespace letterlock::rpc {
namespace {

using ::testing::HasSubstr;
using testing::v1::StreamingService;
using EchoStream = Stream<EchoResponse>;
using Handler = std::function<void(CallContext&, const EchoRequest&, EchoStream)>;

EchoResponse Answering(const std::string& text) {
  EchoResponse response;
  response.set_text(text);
  return response;
}

// Writes "0", "1", ... without end; counts what was handed to gRPC.
struct Counting {
  std::atomic<int> written = 0;
  std::size_t size = 1;

  void Go(const EchoStream& stream) {
    const std::string text = std::to_string(written++);
    stream.Write(Answering(text + std::string(size, '.')), [this, stream] { Go(stream); });
  }
  Handler handler() {
    return [this](CallContext&, const EchoRequest&, const EchoStream& stream) { Go(stream); };
  }
};

class Streams : public ::testing::Test {
 protected:
  void Serve(Handler handler, const StreamOptions& options = {}, WorkerPool::Options pool = {}) {
    pool_ = std::make_unique<WorkerPool>(pool);
    service_ =
        std::make_unique<Service>("letterlock.testing.v1.StreamingService",
                                  Service::Options{.pool = pool_.get(), .logger = log_.logger()});
    service_->PublicStream<EchoRequest, EchoResponse>("Watch", options, std::move(handler));
    service_->SessionStream<EchoRequest, EchoResponse>(
        "WatchOwn", &authenticator_, options,
        [](const TestSession& session, CallContext&, const EchoRequest& request,
           const EchoStream& stream) {
          // The session and the request are there for as long as the stream is.
          stream.Write(Answering("first"), [&session, &request, stream] {
            stream.Write(Answering(session.name + ":" + request.text()),
                         [stream] { stream.End(absl::OkStatus()); });
          });
        });
    files_ = test::MakeTlsFiles(directory_.path());
    ServerOptions server;
    server.credentials = tls::MakeServerCredentials({.certificate_file = files_.certificate_file,
                                                     .key_file = files_.key_file})
                             .value();
    runner_ = ServerRunner::Start(server, {service_.get()}, log_.logger()).value();
    stub_ = StreamingService::NewStub(
        tls::MakeChannel({.address = runner_->address(), .ca_file = files_.ca_file}).value());
  }
  ~Streams() override { Stop(); }
  // Nothing of a handler runs any more.
  void Stop() {
    runner_->Stop();
    pool_->Drain();
  }

  struct Reader {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<EchoResponse>> reader;

    std::optional<std::string> Next() {
      EchoResponse response;
      if (!reader->Read(&response)) return std::nullopt;
      return response.text();
    }
    // What is left, and the end.
    absl::Status Rest(std::vector<std::string>* texts = nullptr) {
      while (auto text = Next()) {
        if (texts != nullptr) texts->push_back(*text);
      }
      return FromGrpc(reader->Finish());
    }
  };
  std::unique_ptr<Reader> Open(const std::string& text) {
    auto reader = std::make_unique<Reader>();
    reader->reader = stub_->Watch(&reader->context, Text(text));
    return reader;
  }
  std::unique_ptr<Reader> OpenOwn(const std::string& token) {
    auto reader = std::make_unique<Reader>();
    reader->context.AddMetadata("authorization", "Bearer " + token);
    reader->reader = stub_->WatchOwn(&reader->context, Text("x"));
    return reader;
  }

  Counting counting_;
  LogLines log_;
  test::TemporaryDirectory directory_;
  test::TlsFiles files_;
  TestAuthenticator authenticator_;
  std::unique_ptr<WorkerPool> pool_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<ServerRunner> runner_;
  std::unique_ptr<StreamingService::Stub> stub_;
};

TEST_F(Streams, ComeInOrderAndEndWithTheHandlersStatus) {
  Serve([](CallContext&, const EchoRequest& request, const EchoStream& stream) {
    stream.Write(Answering("one"), [&request, stream] {
      stream.Write(Answering(request.text()), [stream] {
        stream.End(InvalidField("text", common::v1::ERROR_REASON_FIELD_RANGE, "enough"));
      });
    });
  });
  std::vector<std::string> texts;
  const absl::Status end = Open("two")->Rest(&texts);
  EXPECT_THAT(texts, ::testing::ElementsAre("one", "two"));
  EXPECT_EQ(end.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(end), "text");
  EXPECT_THAT(log_.Await("StreamingService/Watch"), HasSubstr(*RequestIdOf(end)));
}

TEST_F(Streams, ASessionsStreamNeedsASession) {
  Serve(counting_.handler());
  EXPECT_EQ(OpenOwn("bad")->Rest().code(), absl::StatusCode::kUnauthenticated);
  std::vector<std::string> texts;
  EXPECT_TRUE(OpenOwn("good")->Rest(&texts).ok());
  EXPECT_THAT(texts, ::testing::ElementsAre("first", "member:x"));
}

TEST_F(Streams, AHandlerThatThrowsOrLetsGoAnswersInternal) {
  Serve([](CallContext&, const EchoRequest& request, const EchoStream&) {
    if (request.text() == "throw") throw std::runtime_error("member 17");
  });
  for (const char* how : {"throw", "let go"}) {
    EXPECT_EQ(Open(how)->Rest().code(), absl::StatusCode::kInternal) << how;
  }
  EXPECT_THAT(log_.All(), ::testing::Not(HasSubstr("member 17")));
}

// A reader that does not read costs what HTTP/2 lets the server send ahead, not the whole stream.
TEST_F(Streams, ASlowReaderHoldsTheWriterUp) {
  counting_.size = 64 * 1024;
  Serve(counting_.handler());
  auto reader = Open("x");
  ASSERT_TRUE(reader->Next());
  // Long enough for thousands of messages, if nothing held them up.
  int before = -1;
  for (int quiet = 0; quiet < 20;) {
    absl::SleepFor(absl::Milliseconds(10));
    const int now = counting_.written;
    quiet = now == before ? quiet + 1 : 0;
    before = now;
  }
  EXPECT_LT(before, 200);  // 12.8 MiB
  for (int i = 1; i <= before; ++i) {
    const auto text = reader->Next();
    ASSERT_TRUE(text);
    EXPECT_EQ(text->substr(0, text->find('.')), std::to_string(i));
  }
  reader->context.TryCancel();
  EXPECT_EQ(reader->Rest().code(), absl::StatusCode::kCancelled);
}

TEST_F(Streams, AReaderThatStallsIsCutOff) {
  counting_.size = 64 * 1024;
  Serve(counting_.handler(), {.stall = absl::Milliseconds(200)});
  auto reader = Open("x");
  EXPECT_THAT(log_.Await("StreamingService/Watch"), HasSubstr("CANCELLED"));
  EXPECT_EQ(reader->Rest().code(), absl::StatusCode::kCancelled);
}

TEST_F(Streams, OneMoreThanMayBeIsRefusedUntilOneEnds) {
  std::atomic<int> over = 0;
  Serve(
      [&](CallContext&, const EchoRequest&, const EchoStream& stream) {
        stream.OnOver([&over] { ++over; });
        counting_.Go(stream);
      },
      {.most = 1});
  auto first = Open("x");
  ASSERT_TRUE(first->Next());
  const absl::Status refused = Open("x")->Rest();
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused), common::v1::ERROR_REASON_OVERLOADED);
  EXPECT_TRUE(RetryAfterOf(refused).has_value());
  first->context.TryCancel();
  EXPECT_EQ(first->Rest().code(), absl::StatusCode::kCancelled);
  log_.Await("CANCELLED");
  EXPECT_EQ(over, 1);
  EXPECT_TRUE(Open("x")->Next());
  Stop();
}

TEST_F(Streams, TheServersStopEndsThem) {
  std::vector<EchoStream> idle;
  absl::Notification entered;
  Serve([&](CallContext&, const EchoRequest&, const EchoStream& stream) {
    idle.push_back(stream);
    entered.Notify();
  });
  auto reader = Open("x");
  entered.WaitForNotification();
  std::thread stopping([&] { runner_->Stop(); });
  const absl::Status end = reader->Rest();
  stopping.join();
  EXPECT_EQ(end.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(end), common::v1::ERROR_REASON_SHUTTING_DOWN);
  // Harmless, and nobody hears of it.
  idle.front().Write(Answering("late"), [] { FAIL(); });
  idle.front().End(absl::InternalError("late"));
}

TEST_F(Streams, TheServersStopEndsThemWithOkWhereTheMethodSaysSo) {
  std::optional<EchoStream> idle;
  absl::Notification entered;
  Serve(
      [&](CallContext&, const EchoRequest&, const EchoStream& stream) {
        idle = stream;
        entered.Notify();
      },
      {.ok_at_stop = true});
  auto reader = Open("x");
  entered.WaitForNotification();
  std::thread stopping([&] { runner_->Stop(); });
  EXPECT_TRUE(reader->Rest().ok());
  stopping.join();
}

TEST_F(Streams, EndAtTheirTimeTheEarliestOfThem) {
  std::optional<EchoStream> idle;
  Serve([&](CallContext&, const EchoRequest&, const EchoStream& stream) {
    idle = stream;
    const absl::Time now = absl::Now();
    stream.EndAt(now + absl::Hours(1), absl::InternalError("later"));
    stream.EndAt(
        now + absl::Milliseconds(50),
        Fail(absl::StatusCode::kUnauthenticated, common::v1::ERROR_REASON_TOKEN_EXPIRED, "over"));
    stream.EndAt(now + absl::Hours(2), absl::InternalError("later still"));
  });
  EXPECT_EQ(Open("x")->Rest().code(), absl::StatusCode::kUnauthenticated);
  Stop();
}

TEST_F(Streams, WorkThatThePoolCantTakeEndsTheStream) {
  Serve(
      [](CallContext&, const EchoRequest&, const EchoStream& stream) {
        // This thread is the pool's only one, and its queue holds one task.
        stream.Run([stream] {});
        stream.Run([stream] {});
      },
      {}, {.threads = 1, .queue = 1});
  const absl::Status end = Open("x")->Rest();
  EXPECT_EQ(end.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(end), common::v1::ERROR_REASON_OVERLOADED);
}

TEST_F(Streams, CancellingManyAtAnyMomentFinishesEachOnceAndTheServerStops) {
  counting_.size = 1000;
  std::atomic<int> over = 0;
  std::atomic<int> begun = 0;
  Serve([&](CallContext&, const EchoRequest&, const EchoStream& stream) {
    ++begun;
    stream.OnOver([&over] { ++over; });
    counting_.Go(stream);
  });
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        auto reader = Open("x");
        std::thread canceller([&] { reader->context.TryCancel(); });
        for (int n = 0; n < i % 4; ++n) reader->Next();
        canceller.join();
        EXPECT_FALSE(reader->Rest().ok());
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  Stop();
  EXPECT_THAT(log_.All(), HasSubstr("stopped"));
  EXPECT_EQ(over, begun);
}

TEST_F(Streams, AStopWhileManyOpenLeavesNone) {
  counting_.size = 1000;
  Serve(counting_.handler());
  std::atomic<bool> stopped = false;
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&] {
      while (!stopped) {
        auto reader = Open("x");
        reader->Next();
        EXPECT_FALSE(reader->Rest().ok());
      }
    });
  }
  while (counting_.written < 100) std::this_thread::yield();
  runner_->Stop();
  stopped = true;
  for (std::thread& caller : callers) caller.join();
  EXPECT_THAT(log_.All(), HasSubstr("stopped"));
}

}  // namespace
}  // namespace letterlock::rpc
