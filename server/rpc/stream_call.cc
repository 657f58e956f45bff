#include "stream_call.h"

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

absl::StatusOr<grpc::ByteBuffer> Serialize(const google::protobuf::Message& message) {
  grpc::ByteBuffer buffer;
  bool own_buffer = false;
  const grpc::Status status =
      grpc::GenericSerialize<grpc::ProtoBufferWriter, google::protobuf::Message>(message, &buffer,
                                                                                 &own_buffer);
  if (!status.ok()) return absl::InternalError("a message of a stream does not serialise");
  return buffer;
}

std::unique_ptr<grpc::Alarm> AlarmAt(absl::Time when, std::function<void()> ring) {
  auto alarm = std::make_unique<grpc::Alarm>();
  alarm->Set(absl::ToChronoTime(when), [ring = std::move(ring)](bool expired) {
    if (expired) ring();
  });
  return alarm;
}

}  // namespace

class AnyStream::Call::Reactor final : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  void Attach(std::shared_ptr<Call> call) { call_ = std::move(call); }

  void OnWriteDone(bool ok) override { call_->Written(ok); }
  void OnCancel() override { call_->Cancelled(); }
  void OnDone() override { delete this; }

 private:
  std::shared_ptr<Call> call_;
};

std::shared_ptr<AnyStream::Call> AnyStream::Call::Make(const Arguments& arguments,
                                                       const StreamOptions& options,
                                                       OpenStreams* streams) {
  auto call = std::make_shared<Call>(arguments, options, streams);
  call->reactor_->Attach(call);
  return call;
}

AnyStream::Call::Call(const Arguments& arguments, const StreamOptions& options,
                      OpenStreams* streams)
    : BaseCall(arguments), stream_options_(options), streams_(streams), reactor_(new Reactor()) {}

AnyStream::Call::~Call() = default;

grpc::ServerWriteReactor<grpc::ByteBuffer>* AnyStream::Call::reactor() { return reactor_; }

bool AnyStream::Call::Begin() {
  absl::MutexLock lock(&mu_);
  if (end_) return false;
  beginning_ = true;
  return true;
}

void AnyStream::Call::Began() {
  {
    absl::MutexLock lock(&mu_);
    beginning_ = false;
    if (!end_ || !Idle()) return;
  }
  Finish();
}

void AnyStream::Call::Write(const google::protobuf::Message& message, std::function<void()> then) {
  absl::StatusOr<grpc::ByteBuffer> bytes = Serialize(message);
  if (!bytes.ok()) return End(bytes.status());
  {
    absl::MutexLock lock(&mu_);
    if (end_) return;
    if (!writing_) {
      writing_ = true;
      buffer_.Swap(&*bytes);
      then_ = std::move(then);
      stall_alarm_ = AlarmAt(absl::Now() + stream_options_.stall,
                             [weak = weak_from_this(), write = ++writes_] {
                               if (const auto self = weak.lock()) self->Stalled(write);
                             });
      // Under the lock: whoever ends the stream sees the write and leaves the rest to Written.
      reactor_->StartWrite(&buffer_);
      return;
    }
  }
  End(absl::InternalError("a second message was written before the first was taken"));
}

void AnyStream::Call::Written(bool ok) {
  if (!ok) End(absl::CancelledError("the reader left"));
  std::function<void()> then;
  bool ended = false;
  {
    absl::MutexLock lock(&mu_);
    writing_ = false;
    stall_alarm_ = nullptr;
    ended = end_.has_value();
    if (ended && !Idle()) return;
    then = std::exchange(then_, nullptr);
  }
  if (ended) return Finish();
  if (then) Run(std::move(then));
}

void AnyStream::Call::Cancelled() {
  cancelled_->store(true, std::memory_order_relaxed);
  End(absl::CancelledError("cancelled"));
}

void AnyStream::Call::Stalled(std::uint64_t write) {
  absl::MutexLock lock(&mu_);
  // Cancelled under the lock: while a write is outstanding the call is not finished. OnCancel and
  // OnWriteDone follow, on other threads.
  if (writing_ && writes_ == write) arguments_.context->TryCancel();
}

void AnyStream::Call::End(const absl::Status& status) {
  std::function<void()> then, over;
  std::unique_ptr<grpc::Alarm> alarm;
  bool idle = false;
  {
    absl::MutexLock lock(&mu_);
    if (end_) return;
    end_ = status;
    idle = Idle();
    // Both may hold the stream itself.
    then = std::exchange(then_, nullptr);
    over = std::exchange(over_, nullptr);
    alarm = std::move(end_alarm_);
  }
  if (over) over();
  if (idle) Finish();
}

void AnyStream::Call::Finish() {
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

void AnyStream::Call::EndAt(absl::Time when, const absl::Status& status) {
  std::unique_ptr<grpc::Alarm> alarm;
  absl::MutexLock lock(&mu_);
  if (end_ || when >= ends_at_) return;
  ends_at_ = when;
  alarm = std::exchange(end_alarm_, AlarmAt(when, [weak = weak_from_this(), status] {
                          if (const auto self = weak.lock()) self->End(status);
                        }));
}

void AnyStream::Call::OnOver(std::function<void()> over) {
  {
    absl::MutexLock lock(&mu_);
    if (!end_) {
      over_ = std::move(over);
      return;
    }
  }
  over();
}

void AnyStream::Call::Run(std::function<void()> work) {
  const bool queued = arguments_.options->pool->TrySubmit(
      absl::InfiniteFuture(), [work = std::move(work)](const absl::Status&) { work(); });
  if (!queued) End(Exhausted(kRetryAfter, "the server has more work than it can queue"));
}

void AnyStream::Call::EndAtStop() {
  End(stream_options_.ok_at_stop
          ? absl::OkStatus()
          : FailUntil(absl::StatusCode::kUnavailable, common::v1::ERROR_REASON_SHUTTING_DOWN,
                      kRetryAfterStop, "the server is stopping"));
}

// The handler's side: a stream that nobody holds any more would never end.
struct AnyStream::Hold {
  explicit Hold(std::shared_ptr<Call> call_in) : call(std::move(call_in)) {}
  ~Hold() { call->End(absl::InternalError("the handler let go of its stream")); }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

  const std::shared_ptr<Call> call;
};

AnyStream::AnyStream(std::shared_ptr<Call> call)
    : hold_(std::make_shared<const Hold>(std::move(call))) {}

void AnyStream::End(const absl::Status& status) const { hold_->call->End(status); }
void AnyStream::EndAt(absl::Time when, const absl::Status& status) const {
  hold_->call->EndAt(when, status);
}
void AnyStream::OnOver(std::function<void()> over) const { hold_->call->OnOver(std::move(over)); }
void AnyStream::Run(std::function<void()> work) const { hold_->call->Run(std::move(work)); }
void AnyStream::Keep(std::shared_ptr<const void> object) const {
  hold_->call->Keep(std::move(object));
}
void AnyStream::WriteAny(const google::protobuf::Message& message,
                         std::function<void()> then) const {
  hold_->call->Write(message, std::move(then));
}

}  // namespace letterlock::rpc
