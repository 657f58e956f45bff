#include "call.h"

#include <grpcpp/impl/codegen/proto_buffer_reader.h>
#include <grpcpp/impl/codegen/proto_buffer_writer.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/security/auth_context.h>
#include <grpcpp/server_context.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "absl/time/clock.h"
#include "crypto/base/encoding.h"
#include "crypto/base/random.h"
#include "crypto/base/strings.h"
#include "peer_key.h"
#include "server/rpc/grpc_status.h"
#include "server/rpc/status.h"

namespace letterlock::rpc {
namespace {

constexpr char kRequestIdTrailer[] = "letterlock-request-id";
constexpr std::string_view kBearer = "Bearer ";

constexpr absl::Duration kLongestCall = absl::Minutes(1);

absl::Time DeadlineOf(const grpc::CallbackServerContext& context, absl::Time start,
                      absl::Duration or_else) {
  const auto deadline = context.deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) return start + or_else;
  // A caller may be patient, but not with our threads: a store that stalls would let a few of them
  // hold all.
  return std::min(absl::FromChrono(deadline), start + kLongestCall);
}

}  // namespace

absl::Status Serialize(const google::protobuf::Message& message, grpc::ByteBuffer* bytes) {
  bool own_buffer = false;
  const grpc::Status status =
      grpc::GenericSerialize<grpc::ProtoBufferWriter, google::protobuf::Message>(message, bytes,
                                                                                 &own_buffer);
  return status.ok() ? absl::OkStatus() : absl::InternalError("a message does not serialise");
}

bool Parse(grpc::ByteBuffer bytes, google::protobuf::Message* message) {
  grpc::ProtoBufferReader reader(&bytes);
  return reader.status().ok() && message->ParseFromZeroCopyStream(&reader);
}

std::string NewRequestId() {
  std::array<std::uint8_t, 8> bytes;
  crypto::PublicRandom().Fill(bytes);
  return crypto::HexEncode(crypto::AsView(bytes));
}

void BaseCall::LeaveQueue() {
  queued_us_.store(std::max<std::int64_t>(0, absl::ToInt64Microseconds(absl::Now() - start_)),
                   std::memory_order_relaxed);
}

absl::Status CallContext::CheckAlive() const {
  if (IsCancelled()) return absl::CancelledError("cancelled");
  if (deadline() <= absl::Now()) return absl::DeadlineExceededError("deadline exceeded");
  return absl::OkStatus();
}

void Done::operator()(const absl::Status& status) const { call_->Answer(status); }

void Done::Keep(std::shared_ptr<const void> object) const { call_->Keep(std::move(object)); }

BaseCall::BaseCall(const Arguments& arguments)
    : arguments_(arguments),
      start_(absl::Now()),
      deadline_(DeadlineOf(*arguments.context, start_, arguments.options->default_deadline)),
      request_id_(NewRequestId()),
      cancelled_(std::make_shared<std::atomic<bool>>(false)) {
  arguments.context->AddTrailingMetadata(kRequestIdTrailer, request_id_);
}

Done::Call::Call(const Arguments& arguments)
    : BaseCall(arguments), reactor_(new UnaryReactor(cancelled_)) {}

Done::Call::~Call() {
  if (!answered_) Answer(absl::InternalError("the handler ended without an answer"));
}

const google::protobuf::Message* BaseCall::ParseRequest(
    const google::protobuf::Message& prototype) {
  google::protobuf::Message* message = prototype.New(&arena_);
  return Parse(*arguments_.request, message) ? message : nullptr;
}

google::protobuf::Message* Done::Call::MakeResponse(const google::protobuf::Message& prototype) {
  response_ = prototype.New(&arena_);
  return response_;
}

std::string_view BaseCall::bearer_token() const {
  const auto& metadata = arguments_.context->client_metadata();
  const auto [first, last] = metadata.equal_range("authorization");
  if (first == last || std::next(first) != last)
    return {};  // two would leave it open which one counts
  const std::string_view value(first->second.data(), first->second.size());
  return value.starts_with(kBearer) ? value.substr(kBearer.size()) : std::string_view();
}

std::string BaseCall::peer() const { return arguments_.context->peer(); }

std::string BaseCall::peer_key_hash() const {
  const auto values = arguments_.context->auth_context()->FindPropertyValues("x509_pem_cert");
  if (values.size() != 1) return {};
  return CertificateKeyHash(std::string_view(values[0].data(), values[0].size()));
}

absl::Status Done::Call::SerializeResponse() {
  if (response_ == nullptr) return absl::InternalError("answered OK before the handler ran");
  return Serialize(*response_, arguments_.response);
}

void Done::Call::Answer(const absl::Status& status) {
  if (answered_.exchange(true)) return;
  absl::Status inner = status;
  if (inner.ok()) inner = SerializeResponse();
  grpc::Status shown = ToGrpc(inner, request_id_);
  Record(inner, static_cast<absl::StatusCode>(shown.error_code()), /*stream=*/false);
  CallsInFlight* const in_flight = counted_ ? arguments_.in_flight : nullptr;
  reactor_->Finish(std::move(shown));  // gRPC's parts may be gone from here on
  if (in_flight != nullptr) in_flight->Leave();
}

void BaseCall::Record(const absl::Status& inner, absl::StatusCode shown, bool stream) {
  const absl::Duration latency = absl::Now() - start_;
  const Logger& logger = arguments_.options->logger;
  const MethodName method{arguments_.method};
  // What went well is for metrics: its lines would cost a call more than many a method does.
  const LogLevel level = shown == absl::StatusCode::kOk ? LogLevel::kDebug : LogLevel::kInfo;
  if (shown == absl::StatusCode::kInternal) {
    logger.Error("rpc", {{"method", method},
                         {"code", shown},
                         {"latency_us", latency},
                         {"request_id", RequestId{request_id_}},
                         {"cause", Cause{inner}}});
  } else if (logger.Takes(level)) {
    logger.Write(level, "rpc",
                 {{"method", method},
                  {"code", shown},
                  {"latency_us", latency},
                  {"request_id", RequestId{request_id_}}});
  }
  if (arguments_.options->observer) {
    CallRecord record{arguments_.method, shown, latency, stream};
    const std::int64_t queued = queued_us_.load(std::memory_order_relaxed);
    if (queued >= 0) record.queued = absl::Microseconds(queued);
    arguments_.options->observer(record);
  }
}

}  // namespace letterlock::rpc
