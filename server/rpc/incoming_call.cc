#include "incoming_call.h"

#include <grpcpp/impl/codegen/proto_buffer_reader.h>
#include <grpcpp/impl/codegen/proto_buffer_writer.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/server_context.h>

#include <utility>

#include "absl/time/clock.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/grpc_status.h"
#include "server/rpc/status.h"

namespace letterlock::rpc {
namespace {

constexpr absl::Duration kRetryAfter = absl::Milliseconds(200);
constexpr absl::Duration kRetryAfterStop = absl::Seconds(1);

std::unique_ptr<google::protobuf::Message> Parse(const google::protobuf::Message& prototype,
                                                 grpc::ByteBuffer bytes) {
  std::unique_ptr<google::protobuf::Message> message(prototype.New());
  grpc::ProtoBufferReader reader(&bytes);
  if (!reader.status().ok() || !message->ParseFromZeroCopyStream(&reader)) return nullptr;
  return message;
}

}  // namespace

class AnyIncoming::Call::Reactor final : public grpc::ServerReadReactor<grpc::ByteBuffer> {
 public:
  void Attach(std::shared_ptr<Call> call) { call_ = std::move(call); }

  void OnReadDone(bool ok) override { call_->Read(ok); }
  void OnCancel() override { call_->Cancelled(); }
  void OnDone() override { delete this; }

 private:
  std::shared_ptr<Call> call_;
};

std::shared_ptr<AnyIncoming::Call> AnyIncoming::Call::Make(
    const Arguments& arguments, const StreamOptions& options,
    const google::protobuf::Message& prototype, OpenStreams* streams) {
  auto call = std::make_shared<Call>(arguments, options, prototype, streams);
  call->reactor_->Attach(call);
  return call;
}

AnyIncoming::Call::Call(const Arguments& arguments, const StreamOptions& options,
                        const google::protobuf::Message& prototype, OpenStreams* streams)
    : BaseCall(arguments),
      stream_options_(options),
      prototype_(prototype),
      streams_(streams),
      reactor_(new Reactor()) {}

AnyIncoming::Call::~Call() = default;

grpc::ServerReadReactor<grpc::ByteBuffer>* AnyIncoming::Call::reactor() { return reactor_; }

bool AnyIncoming::Call::Begin() {
  absl::MutexLock lock(&mu_);
  if (end_) return false;
  beginning_ = true;
  return true;
}

void AnyIncoming::Call::Began() {
  {
    absl::MutexLock lock(&mu_);
    beginning_ = false;
    if (!end_) return;
  }
  Finish();
}

void AnyIncoming::Call::Next(Took took) {
  {
    absl::MutexLock lock(&mu_);
    if (end_) return;
    if (!reading_) {
      reading_ = true;
      took_ = std::move(took);
      buffer_.Clear();
      stall_alarm_ = std::make_unique<grpc::Alarm>();
      stall_alarm_->Set(absl::ToChronoTime(absl::Now() + stream_options_.stall),
                        [weak = weak_from_this(), read = ++reads_](bool expired) {
                          const auto self = expired ? weak.lock() : nullptr;
                          if (self != nullptr) self->Stalled(read);
                        });
      // Under the lock: an end comes before the read, and then there is none, or behind it.
      reactor_->StartRead(&buffer_);
      return;
    }
  }
  End(absl::InternalError("a second message was asked for before the first came"));
}

void AnyIncoming::Call::Read(bool ok) {
  Took took;
  std::optional<grpc::ByteBuffer> bytes;
  {
    absl::MutexLock lock(&mu_);
    reading_ = false;
    stall_alarm_ = nullptr;
    if (end_) return;
    took = std::exchange(took_, nullptr);
    if (ok) {
      bytes.emplace();
      bytes->Swap(&buffer_);
    }
  }
  if (!ok && IsCancelled()) return;  // Cancelled ends it
  Run([this, self = shared_from_this(), took = std::move(took), bytes = std::move(bytes)] {
    Take(took, bytes);
  });
}

void AnyIncoming::Call::Take(const Took& took, std::optional<grpc::ByteBuffer> bytes) {
  if (!bytes) return took(nullptr);
  const auto message = Parse(prototype_, *std::move(bytes));
  if (message == nullptr) {
    return End(Fail(absl::StatusCode::kInvalidArgument, common::v1::ERROR_REASON_FIELD_FORMAT,
                    "a message does not parse as its message type"));
  }
  took(message.get());
}

void AnyIncoming::Call::Cancelled() {
  cancelled_->store(true, std::memory_order_relaxed);
  End(absl::CancelledError("cancelled"));
}

void AnyIncoming::Call::Stalled(std::uint64_t read) {
  {
    absl::MutexLock lock(&mu_);
    if (!reading_ || reads_ != read) return;
  }
  End(FailUntil(absl::StatusCode::kUnavailable, common::v1::ERROR_REASON_DEADLINE, kRetryAfterStop,
                "no message came for too long"));
}

void AnyIncoming::Call::Answer(const google::protobuf::Message& response) {
  grpc::ByteBuffer bytes;
  bool own_buffer = false;
  const grpc::Status status =
      grpc::GenericSerialize<grpc::ProtoBufferWriter, google::protobuf::Message>(response, &bytes,
                                                                                 &own_buffer);
  if (!status.ok()) return End(absl::InternalError("the response does not serialise"));
  {
    absl::MutexLock lock(&mu_);
    if (end_) return;
    // gRPC's until Finish, which is behind End.
    arguments_.response->Swap(&bytes);
  }
  End(absl::OkStatus());
}

void AnyIncoming::Call::End(const absl::Status& status) {
  Took took;
  std::function<void()> over;
  bool beginning = false;
  {
    absl::MutexLock lock(&mu_);
    if (end_) return;
    end_ = status;
    beginning = beginning_;
    // Both may hold the call itself.
    took = std::exchange(took_, nullptr);
    over = std::exchange(over_, nullptr);
  }
  if (over) over();
  if (!beginning) Finish();
}

void AnyIncoming::Call::Finish() {
  absl::Status inner;
  {
    absl::MutexLock lock(&mu_);
    inner = *end_;
  }
  grpc::Status shown = ToGrpc(inner, request_id_);
  Record(inner, static_cast<absl::StatusCode>(shown.error_code()), /*stream=*/true);
  streams_->Remove(this);
  CallsInFlight* const in_flight = counted_ ? arguments_.in_flight : nullptr;
  reactor_->Finish(std::move(shown));  // gRPC's parts, and this, may be gone from here on
  if (in_flight != nullptr) in_flight->Leave();
}

void AnyIncoming::Call::OnOver(std::function<void()> over) {
  {
    absl::MutexLock lock(&mu_);
    if (!end_) {
      over_ = std::move(over);
      return;
    }
  }
  over();
}

void AnyIncoming::Call::Run(std::function<void()> work) {
  const bool queued = arguments_.options->pool->TrySubmit(
      absl::InfiniteFuture(), [work = std::move(work)](const absl::Status&) { work(); });
  if (!queued) End(Exhausted(kRetryAfter, "the server has more work than it can queue"));
}

void AnyIncoming::Call::EndAtStop() {
  End(FailUntil(absl::StatusCode::kUnavailable, common::v1::ERROR_REASON_SHUTTING_DOWN,
                kRetryAfterStop, "the server is stopping"));
}

// The handler's side: a call that nobody holds any more would never end.
struct AnyIncoming::Hold {
  explicit Hold(std::shared_ptr<Call> call_in) : call(std::move(call_in)) {}
  ~Hold() { call->End(absl::InternalError("the handler let go of its call")); }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

  const std::shared_ptr<Call> call;
};

AnyIncoming::AnyIncoming(std::shared_ptr<Call> call)
    : hold_(std::make_shared<const Hold>(std::move(call))) {}

void AnyIncoming::End(const absl::Status& status) const { hold_->call->End(status); }
void AnyIncoming::OnOver(std::function<void()> over) const { hold_->call->OnOver(std::move(over)); }
void AnyIncoming::Run(std::function<void()> work) const { hold_->call->Run(std::move(work)); }
void AnyIncoming::Keep(std::shared_ptr<const void> object) const {
  hold_->call->Keep(std::move(object));
}
void AnyIncoming::NextAny(Took took) const { hold_->call->Next(std::move(took)); }
void AnyIncoming::AnswerAny(const google::protobuf::Message& response) const {
  hold_->call->Answer(response);
}

}  // namespace letterlock::rpc
