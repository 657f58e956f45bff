// A gRPC service whose every method is bound to a handler of the kind that its access rule in the
// proto (letterlock.common.v1.access) asks for. The server does not start while a method is
// unbound, has no rule, or is bound as another kind than its rule: forgetting a check is not
// possible quietly.
//
//   rpc::Service mail("letterlock.mail.v1.MailService", {.pool = &pool, .logger = logger});
//   mail.Session<SendRequest, SendResponse>("Send", &authenticator,
//       [&](const MemberGrant& grant, rpc::CallContext& call, const SendRequest& request,
//           SendResponse* response, rpc::Done done) { ... });
//   mail.Unimplemented("Watch");
//
// What each call gets, whatever its handler does: exactly one answer; ten seconds where the caller
// set no deadline; the request parsed on the pool (INVALID_ARGUMENT where it does not parse);
// RESOURCE_EXHAUSTED with RetryInfo where the pool is full; a random request id in the trailer
// `letterlock-request-id`; one log line with method, code, latency and request id, for a call that
// failed, and at the level `debug` for every one.
//
// A method whose answer is a stream is bound with PublicStream or SessionStream, and its handler
// writes to a Stream (stream.h). It gets all of the above, but its deadline is the caller's own;
// it ends when the caller leaves, when its reader stalls, and when the server stops. One whose
// request is a stream is bound with SessionIncoming, likewise.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/rpc/call_context.h"
#include "server/rpc/incoming.h"
#include "server/rpc/literal.h"
#include "server/rpc/log.h"
#include "server/rpc/stream.h"
#include "server/rpc/worker_pool.h"

namespace google::protobuf {
class Message;
}  // namespace google::protobuf

namespace grpc {
class Service;
}  // namespace grpc

namespace letterlock::rpc {

// Answers a call, from any thread, at most once (a second answer is dropped). Copyable. Where every
// copy is gone without an answer, the caller gets INTERNAL and the log an error. Neither the call's
// context nor its request or response may be touched after the answer.
class Done {
 public:
  class Call;
  explicit Done(std::shared_ptr<Call> call) : call_(std::move(call)) {}

  void operator()(const absl::Status& status) const;

  // Keeps `object` alive until the answer.
  void Keep(std::shared_ptr<const void> object) const;

 private:
  std::shared_ptr<Call> call_;
};

// Finds out who calls. `SessionT` is the daemon's: what a verified session entitles to.
template <class SessionT>
class Authenticator {
 public:
  virtual ~Authenticator() = default;

  // On a thread of the pool, before the handler. UNAUTHENTICATED (status.h) where there is no valid
  // session.
  virtual absl::StatusOr<SessionT> Authenticate(const CallContext& call) = 0;
};

// For tests and metrics: told of each answered call, on the thread that answered. Must not block.
struct CallRecord {
  std::string_view method;  // "/letterlock.mail.v1.MailService/Send"
  absl::StatusCode code;    // as the caller sees it
  absl::Duration latency;
  bool stream = false;                     // open for that long
  std::optional<absl::Duration> queued{};  // until a thread of the pool took it; none: none did
};

// Not thread-safe until the server is started; bind first, then start, then leave it alone.
// Outlives its server.
class Service {
 public:
  struct Options {
    WorkerPool* pool = nullptr;  // not owned; outlives the server
    Logger logger;
    absl::Duration default_deadline = absl::Seconds(10);
    std::function<void(const CallRecord&)> observer{};
  };

  // `full_name` as in the proto. The generated messages of that proto are linked where a handler is
  // bound.
  Service(std::string full_name, Options options);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Handlers are either of
  //   absl::Status(CallContext&, const Request&, Response*)        answers when it returns
  //   void(CallContext&, const Request&, Response*, Done)          answers when `done` is called
  // with the verified session first where the rule is SESSION. They run on the pool.

  // ACCESS_RULE_PUBLIC.
  template <class Request, class Response, class Handler>
  void Public(Literal method, Handler handler) {
    Bind<Request, Response>(method, Kind::kPublic, Open<Request, Response>(std::move(handler)));
  }

  // ACCESS_RULE_PROOF: the handler's first act is to check the proof of right that the request
  // carries.
  template <class Request, class Response, class Handler>
  void Proof(Literal method, Handler handler) {
    Bind<Request, Response>(method, Kind::kProof, Open<Request, Response>(std::move(handler)));
  }

  // ACCESS_RULE_LOCAL_ADMIN: through the server's admin socket alone (server.h), others get
  // PERMISSION_DENIED.
  template <class Request, class Response, class Handler>
  void LocalAdmin(Literal method, Handler handler) {
    Bind<Request, Response>(method, Kind::kLocalAdmin, Open<Request, Response>(std::move(handler)));
  }

  // ACCESS_RULE_SESSION. The session lives until the answer. `authenticator` is not owned and
  // outlives the server.
  template <class Request, class Response, class SessionT, class Handler>
  void Session(Literal method, Authenticator<SessionT>* authenticator, Handler handler) {
    Bind<Request, Response>(
        method, Kind::kSession,
        [authenticator, handler = std::move(handler)](CallContext& call, const Message& request,
                                                      Message* response, Done done) {
          absl::StatusOr<SessionT> verified = authenticator->Authenticate(call);
          if (!verified.ok()) return done(verified.status());
          auto session = std::make_shared<const SessionT>(*std::move(verified));
          done.Keep(session);
          Answer(handler, std::move(done), *session, call, static_cast<const Request&>(request),
                 static_cast<Response*>(response));
        });
  }

  // Streams. Handlers are
  //   void(CallContext&, const Request&, Stream<Response>)
  // with the verified session first where the rule is SESSION. They run on the pool. Request and
  // session live as long as a copy of the stream, the context until the handler returns; its
  // deadline is for what the handler does until then.
  template <class Request, class Response, class Handler>
  void PublicStream(Literal method, const StreamOptions& options, Handler handler) {
    BindStream<Request, Response>(method, Kind::kPublic, options,
                                  [handler = std::move(handler)](
                                      CallContext& call, const Message& request, AnyStream stream) {
                                    handler(call, static_cast<const Request&>(request),
                                            Typed<Response>(std::move(stream)));
                                  });
  }

  template <class Request, class Response, class SessionT, class Handler>
  void SessionStream(Literal method, Authenticator<SessionT>* authenticator,
                     const StreamOptions& options, Handler handler) {
    BindStream<Request, Response>(
        method, Kind::kSession, options,
        [authenticator, handler = std::move(handler)](CallContext& call, const Message& request,
                                                      AnyStream stream) {
          absl::StatusOr<SessionT> verified = authenticator->Authenticate(call);
          if (!verified.ok()) return stream.End(verified.status());
          auto session = std::make_shared<const SessionT>(*std::move(verified));
          stream.Keep(session);
          handler(*session, call, static_cast<const Request&>(request),
                  Typed<Response>(std::move(stream)));
        });
  }

  // A stream of requests with one answer. Handlers are
  //   void(const SessionT&, CallContext&, Incoming<Request, Response>)
  // and what was said of streams holds.
  template <class Request, class Response, class SessionT, class Handler>
  void SessionIncoming(Literal method, Authenticator<SessionT>* authenticator,
                       const StreamOptions& options, Handler handler) {
    BindIncoming(
        method, Kind::kSession, options, Request::default_instance(), Response::default_instance(),
        [authenticator, handler = std::move(handler)](CallContext& call, AnyIncoming incoming) {
          absl::StatusOr<SessionT> verified = authenticator->Authenticate(call);
          if (!verified.ok()) return incoming.End(verified.status());
          auto session = std::make_shared<const SessionT>(*std::move(verified));
          incoming.Keep(session);
          handler(*session, call, Incoming<Request, Response>(std::move(incoming)));
        });
  }

  // A method that this version does not serve: UNIMPLEMENTED, whatever its rule (it must have one).
  void Unimplemented(Literal method);

  // OK, or what keeps the service from starting, naming the method. For ServerRunner and tests.
  absl::Status Check() const;

  const std::string& full_name() const;

  // Calls that are not answered yet. Thread-safe.
  int calls_in_flight() const;

 private:
  friend class ServerRunner;

  enum class Kind { kPublic, kSession, kProof, kLocalAdmin, kUnimplemented };
  using Message = google::protobuf::Message;
  using Erased = std::function<void(CallContext&, const Message&, Message*, Done)>;
  using ErasedIncoming = std::function<void(CallContext&, AnyIncoming)>;
  using ErasedStream = std::function<void(CallContext&, const Message&, AnyStream)>;
  class Impl;

  template <class Handler, class... Arguments>
  static void Answer(const Handler& handler, Done done, Arguments&&... arguments) {
    if constexpr (std::is_invocable_v<const Handler&, Arguments..., Done>) {
      handler(std::forward<Arguments>(arguments)..., std::move(done));
    } else {
      static_assert(
          std::is_invocable_r_v<absl::Status, const Handler&, Arguments...>,
          "a handler takes ([const SessionT&,] CallContext&, const Request&, Response*[, Done])");
      done(handler(std::forward<Arguments>(arguments)...));
    }
  }

  template <class Request, class Response, class Handler>
  static Erased Open(Handler handler) {
    return [handler = std::move(handler)](CallContext& call, const Message& request,
                                          Message* response, Done done) {
      Answer(handler, std::move(done), call, static_cast<const Request&>(request),
             static_cast<Response*>(response));
    };
  }

  template <class Request, class Response>
  void Bind(Literal method, Kind kind, Erased handler) {
    Bind(method, kind, Request::default_instance(), Response::default_instance(),
         std::move(handler));
  }
  void Bind(Literal method, Kind kind, const Message& request, const Message& response,
            Erased handler);

  template <class Response>
  static Stream<Response> Typed(AnyStream stream) {
    return Stream<Response>(std::move(stream));
  }
  template <class Request, class Response>
  void BindStream(Literal method, Kind kind, const StreamOptions& options, ErasedStream handler) {
    BindStream(method, kind, options, Request::default_instance(), Response::default_instance(),
               std::move(handler));
  }
  void BindStream(Literal method, Kind kind, const StreamOptions& options, const Message& request,
                  const Message& response, ErasedStream handler);

  void BindIncoming(Literal method, Kind kind, const StreamOptions& options, const Message& request,
                    const Message& response, ErasedIncoming handler);

  // For ServerRunner. REQUIRES: Check() is OK.
  grpc::Service* Build();
  // New calls get UNAVAILABLE from here on, and open streams end.
  void Close();
  // Whether the last call was answered before `deadline`.
  bool AwaitNoCalls(absl::Time deadline);

  std::unique_ptr<Impl> impl_;
};

}  // namespace letterlock::rpc
