#include "server/rpc/service.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <map>
#include <utility>
#include <vector>

#include "call.h"
#include "crypto/base/strings.h"
#include "incoming_call.h"
#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/common/v1/options.pb.h"
#include "server/rpc/status.h"
#include "stream_call.h"

namespace letterlock::rpc {
namespace {

using common::v1::AccessRule;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

// How long a caller should wait before it tries a full pool again.
constexpr absl::Duration kRetryAfter = absl::Milliseconds(200);
// ... and a server that stops, perhaps to start again.
constexpr absl::Duration kRetryAfterStop = absl::Seconds(1);
// gRPC's name for connections that the server took from the admin socket (admin_socket.h); no peer
// of a listening port has it.
constexpr std::string_view kAdminPeer = "fd:";

// ... and as many streams as may be open.
constexpr absl::Duration kRetryAfterStreams = absl::Seconds(5);

AccessRule RuleOf(const MethodDescriptor& method) {
  return method.options().GetExtension(common::v1::access);
}

absl::Status Stopping() {
  return FailUntil(absl::StatusCode::kUnavailable, common::v1::ERROR_REASON_SHUTTING_DOWN,
                   kRetryAfterStop, "the server is stopping");
}

absl::Status DoesNotParse() {
  return Fail(absl::StatusCode::kInvalidArgument, common::v1::ERROR_REASON_FIELD_FORMAT,
              "the request does not parse as its message type");
}

}  // namespace

class Service::Impl final : public grpc::Service {
 public:
  Impl(std::string full_name, Options options)
      : full_name_(std::move(full_name)), options_(std::move(options)) {}

  void Bind(std::string_view name, Kind kind, const Message* request, const Message* response,
            Erased handler);
  void BindStream(std::string_view name, Kind kind, const StreamOptions& options,
                  const Message* request, const Message* response, ErasedStream handler);
  void BindIncoming(std::string_view name, Kind kind, const StreamOptions& options,
                    const Message* request, const Message* response, ErasedIncoming handler);
  absl::Status Check() const;
  grpc::Service* Build();
  void Close();
  CallsInFlight& in_flight() { return in_flight_; }
  const CallsInFlight& in_flight() const { return in_flight_; }
  const std::string& full_name() const { return full_name_; }

 private:
  struct Method {
    std::string path;  // "/package.Service/Method"
    Kind kind;
    const Message* request;
    const Message* response;
    Erased handler;
    // Of a method that streams.
    ErasedStream stream_handler{};
    ErasedIncoming incoming_handler{};
    StreamOptions stream{};
    std::unique_ptr<OpenStreams> streams{};
  };

  std::string PathOf(std::string_view name) const {
    return "/" + full_name_ + "/" + std::string(name);
  }
  void Add(std::string_view name, Method method);
  absl::Status CheckMethod(const MethodDescriptor& descriptor) const;
  absl::Status Error(std::string_view method, std::string_view what) const;

  // On gRPC's thread: refuses or queues.
  grpc::ServerUnaryReactor* Receive(const Method& method, grpc::CallbackServerContext* context,
                                    const grpc::ByteBuffer* request, grpc::ByteBuffer* response);
  grpc::ServerWriteReactor<grpc::ByteBuffer>* ReceiveStream(const Method& method,
                                                            grpc::CallbackServerContext* context,
                                                            const grpc::ByteBuffer* request);
  grpc::ServerReadReactor<grpc::ByteBuffer>* ReceiveIncoming(const Method& method,
                                                             grpc::CallbackServerContext* context,
                                                             grpc::ByteBuffer* response);
  // The same for calls of both kinds: refuses, or queues `run`.
  template <class Call>
  void Admit(const Method& method, const std::shared_ptr<Call>& call,
             void (*run)(const Method&, const std::shared_ptr<Call>&));
  // What keeps a call that came in, and is counted, from the pool.
  absl::Status CheckAdmission(const Method& method, const BaseCall& call) const;
  // On the pool.
  static void Run(const Method& method, const std::shared_ptr<Done::Call>& call);
  static void RunStream(const Method& method, const std::shared_ptr<AnyStream::Call>& call);
  static void RunIncoming(const Method& method, const std::shared_ptr<AnyIncoming::Call>& call);

  const std::string full_name_;
  const Options options_;
  CallsInFlight in_flight_;
  std::map<std::string, Method, std::less<>> methods_;
  std::vector<std::string> bound_twice_;
  bool built_ = false;
};

void Service::Impl::Bind(std::string_view name, Kind kind, const Message* request,
                         const Message* response, Erased handler) {
  Add(name, {PathOf(name), kind, request, response, std::move(handler)});
}

void Service::Impl::BindStream(std::string_view name, Kind kind, const StreamOptions& options,
                               const Message* request, const Message* response,
                               ErasedStream handler) {
  Add(name, {PathOf(name), kind, request, response, nullptr, std::move(handler), nullptr, options,
             std::make_unique<OpenStreams>(options.most)});
}

void Service::Impl::BindIncoming(std::string_view name, Kind kind, const StreamOptions& options,
                                 const Message* request, const Message* response,
                                 ErasedIncoming handler) {
  Add(name, {PathOf(name), kind, request, response, nullptr, nullptr, std::move(handler), options,
             std::make_unique<OpenStreams>(options.most)});
}

void Service::Impl::Add(std::string_view name, Method method) {
  if (!methods_.try_emplace(std::string(name), std::move(method)).second) {
    bound_twice_.emplace_back(name);
  }
}

absl::Status Service::Impl::Error(std::string_view method, std::string_view what) const {
  return absl::FailedPreconditionError(
      crypto::Absl(full_name_ + "." + std::string(method) + ": " + std::string(what)));
}

absl::Status Service::Impl::Check() const {
  const ServiceDescriptor* service =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(full_name_);
  if (service == nullptr) {
    return absl::FailedPreconditionError(full_name_ + ": no such service is linked");
  }
  if (options_.pool == nullptr) return absl::FailedPreconditionError(full_name_ + ": has no pool");
  if (!bound_twice_.empty()) return Error(bound_twice_.front(), "is bound twice");
  for (const auto& [name, method] : methods_) {
    if (service->FindMethodByName(name) == nullptr) return Error(name, "is not in the proto");
  }
  for (int i = 0; i < service->method_count(); ++i) {
    if (absl::Status status = CheckMethod(*service->method(i)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Service::Impl::CheckMethod(const MethodDescriptor& descriptor) const {
  const std::string& name = descriptor.name();
  const AccessRule rule = RuleOf(descriptor);
  if (rule == common::v1::ACCESS_RULE_UNSPECIFIED) return Error(name, "has no access rule");
  const auto found = methods_.find(name);
  if (found == methods_.end()) return Error(name, "is bound to no handler");

  const Method& method = found->second;
  if (method.kind == Kind::kUnimplemented) return absl::OkStatus();
  static const std::map<Kind, AccessRule> kRules = {
      {Kind::kPublic, common::v1::ACCESS_RULE_PUBLIC},
      {Kind::kSession, common::v1::ACCESS_RULE_SESSION},
      {Kind::kProof, common::v1::ACCESS_RULE_PROOF},
      {Kind::kLocalAdmin, common::v1::ACCESS_RULE_LOCAL_ADMIN}};
  if (kRules.at(method.kind) != rule) {
    return Error(name, "is bound as " + common::v1::AccessRule_Name(kRules.at(method.kind)) +
                           ", but its rule is " + common::v1::AccessRule_Name(rule));
  }
  const bool takes = method.incoming_handler != nullptr;
  const bool streams = method.stream_handler != nullptr;
  if (descriptor.client_streaming() != takes) {
    return Error(name, takes ? "takes one request, but is bound to a stream of them"
                             : "takes a stream of requests, but is not bound so");
  }
  if (descriptor.server_streaming() != streams) {
    return Error(name,
                 streams ? "is unary, but is bound as a stream" : "streams, but is bound as unary");
  }
  if (method.request->GetDescriptor() != descriptor.input_type() ||
      method.response->GetDescriptor() != descriptor.output_type()) {
    return Error(name, "is bound with other message types than the proto's");
  }
  return absl::OkStatus();
}

grpc::Service* Service::Impl::Build() {
  if (std::exchange(built_, true)) return this;
  // As generated code does it: register the method, then mark it as one of the callback API. The
  // messages stay bytes here, so that they are parsed on the pool.
  using grpc::internal::RpcMethod;
  using Unary = grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>;
  using Streaming =
      grpc::internal::CallbackServerStreamingHandler<grpc::ByteBuffer, grpc::ByteBuffer>;
  using Taking = grpc::internal::CallbackClientStreamingHandler<grpc::ByteBuffer, grpc::ByteBuffer>;
  int index = 0;
  for (const auto& entry : methods_) {
    const Method* method = &entry.second;
    const RpcMethod::RpcType type =
        method->incoming_handler != nullptr ? RpcMethod::CLIENT_STREAMING
        : method->stream_handler != nullptr ? RpcMethod::SERVER_STREAMING
                                            : RpcMethod::NORMAL_RPC;
    AddMethod(new grpc::internal::RpcServiceMethod(method->path.c_str(), type, nullptr));
    if (type == RpcMethod::CLIENT_STREAMING) {
      MarkMethodRawCallback(index++, new Taking([this, method](grpc::CallbackServerContext* context,
                                                               grpc::ByteBuffer* response) {
                              return ReceiveIncoming(*method, context, response);
                            }));
    } else if (type == RpcMethod::SERVER_STREAMING) {
      MarkMethodRawCallback(index++,
                            new Streaming([this, method](grpc::CallbackServerContext* context,
                                                         const grpc::ByteBuffer* request) {
                              return ReceiveStream(*method, context, request);
                            }));
    } else {
      MarkMethodRawCallback(index++, new Unary([this, method](grpc::CallbackServerContext* context,
                                                              const grpc::ByteBuffer* request,
                                                              grpc::ByteBuffer* response) {
                              return Receive(*method, context, request, response);
                            }));
    }
  }
  return this;
}

grpc::ServerUnaryReactor* Service::Impl::Receive(const Method& method,
                                                 grpc::CallbackServerContext* context,
                                                 const grpc::ByteBuffer* request,
                                                 grpc::ByteBuffer* response) {
  auto call = std::make_shared<Done::Call>(
      Done::Call::Arguments{method.path, &options_, &in_flight_, context, request, response});
  grpc::ServerUnaryReactor* reactor = call->reactor();

  if (!in_flight_.Enter()) {
    call->Answer(Stopping());
    return reactor;
  }
  call->CountOut();
  if (absl::Status admitted = CheckAdmission(method, *call); !admitted.ok()) {
    call->Answer(admitted);
  } else if (!options_.pool->TrySubmit(call->deadline(),
                                       [&method, call](const absl::Status& admission) {
                                         call->LeaveQueue();
                                         if (!admission.ok()) return call->Answer(admission);
                                         Run(method, call);
                                       })) {
    call->Answer(Exhausted(kRetryAfter, "the server has more requests than it can queue"));
  }
  return reactor;
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* Service::Impl::ReceiveStream(
    const Method& method, grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  const auto call = AnyStream::Call::Make({method.path, &options_, &in_flight_, context, request,
                                           /*response=*/nullptr},
                                          method.stream, method.streams.get());
  grpc::ServerWriteReactor<grpc::ByteBuffer>* reactor = call->reactor();
  Admit(method, call, &Impl::RunStream);
  return reactor;
}

grpc::ServerReadReactor<grpc::ByteBuffer>* Service::Impl::ReceiveIncoming(
    const Method& method, grpc::CallbackServerContext* context, grpc::ByteBuffer* response) {
  const auto call = AnyIncoming::Call::Make({method.path, &options_, &in_flight_, context,
                                             /*request=*/nullptr, response},
                                            method.stream, *method.request, method.streams.get());
  grpc::ServerReadReactor<grpc::ByteBuffer>* reactor = call->reactor();
  Admit(method, call, &Impl::RunIncoming);
  return reactor;
}

template <class Call>
void Service::Impl::Admit(const Method& method, const std::shared_ptr<Call>& call,
                          void (*run)(const Method&, const std::shared_ptr<Call>&)) {
  // In this order: a stop between the two finds the stream, one before them refuses it.
  const bool taken = method.streams->Add(call);
  if (!in_flight_.Enter()) return call->End(Stopping());
  call->CountOut();
  if (absl::Status admitted = CheckAdmission(method, *call); !admitted.ok()) {
    call->End(admitted);
  } else if (!taken) {
    call->End(Exhausted(kRetryAfterStreams, "as many streams as may be are open"));
  } else if (call->Begin() &&
             !options_.pool->TrySubmit(call->deadline(),
                                       [&method, call, run](const absl::Status& admission) {
                                         call->LeaveQueue();
                                         admission.ok() ? run(method, call) : call->End(admission);
                                         call->Began();
                                       })) {
    call->End(Exhausted(kRetryAfter, "the server has more requests than it can queue"));
    call->Began();
  }
}

absl::Status Service::Impl::CheckAdmission(const Method& method, const BaseCall& call) const {
  if (method.kind == Kind::kUnimplemented) {
    return Fail(absl::StatusCode::kUnimplemented, common::v1::ERROR_REASON_NOT_SERVED,
                "this server does not serve this method");
  }
  if (method.kind == Kind::kLocalAdmin && !call.peer().starts_with(kAdminPeer)) {
    return Fail(absl::StatusCode::kPermissionDenied, common::v1::ERROR_REASON_NOT_AUTHORISED,
                "only through the server's admin socket");
  }
  return call.CheckAlive();
}

void Service::Impl::Run(const Method& method, const std::shared_ptr<Done::Call>& call) {
  if (call->IsCancelled()) return call->Answer(absl::CancelledError("cancelled"));
  const Message* request = call->ParseRequest(*method.request);
  if (request == nullptr) return call->Answer(DoesNotParse());
  Message* response = call->MakeResponse(*method.response);
  try {
    method.handler(*call, *request, response, Done(call));
  } catch (...) {
    // What was thrown may hold anything; the request id finds the line.
    call->Answer(absl::InternalError("the handler threw"));
  }
}

void Service::Impl::RunStream(const Method& method, const std::shared_ptr<AnyStream::Call>& call) {
  const Message* request = call->IsCancelled() ? nullptr : call->ParseRequest(*method.request);
  if (request == nullptr) {
    return call->End(call->IsCancelled() ? absl::CancelledError("cancelled") : DoesNotParse());
  }
  try {
    method.stream_handler(*call, *request, AnyStream(call));
  } catch (...) {
    call->End(absl::InternalError("the handler threw"));
  }
}

void Service::Impl::RunIncoming(const Method& method,
                                const std::shared_ptr<AnyIncoming::Call>& call) {
  if (call->IsCancelled()) return call->End(absl::CancelledError("cancelled"));
  try {
    method.incoming_handler(*call, AnyIncoming(call));
  } catch (...) {
    call->End(absl::InternalError("the handler threw"));
  }
}

void Service::Impl::Close() {
  in_flight_.Close();
  for (const auto& [name, method] : methods_) {
    if (method.streams == nullptr) continue;
    for (const auto& call : method.streams->All()) call->EndAtStop();
  }
}

Service::Service(std::string full_name, Options options)
    : impl_(std::make_unique<Impl>(std::move(full_name), std::move(options))) {}
Service::~Service() = default;

void Service::Bind(Literal method, Kind kind, const Message& request, const Message& response,
                   Erased handler) {
  impl_->Bind(method.view(), kind, &request, &response, std::move(handler));
}

void Service::BindStream(Literal method, Kind kind, const StreamOptions& options,
                         const Message& request, const Message& response, ErasedStream handler) {
  impl_->BindStream(method.view(), kind, options, &request, &response, std::move(handler));
}

void Service::BindIncoming(Literal method, Kind kind, const StreamOptions& options,
                           const Message& request, const Message& response,
                           ErasedIncoming handler) {
  impl_->BindIncoming(method.view(), kind, options, &request, &response, std::move(handler));
}

void Service::Unimplemented(Literal method) {
  impl_->Bind(method.view(), Kind::kUnimplemented, nullptr, nullptr, nullptr);
}

absl::Status Service::Check() const { return impl_->Check(); }
const std::string& Service::full_name() const { return impl_->full_name(); }
int Service::calls_in_flight() const { return std::as_const(*impl_).in_flight().count(); }
grpc::Service* Service::Build() { return impl_->Build(); }
void Service::Close() { impl_->Close(); }
bool Service::AwaitNoCalls(absl::Time deadline) { return impl_->in_flight().AwaitNone(deadline); }

}  // namespace letterlock::rpc
