#include "stream_call.h"

#include <grpcpp/server_context.h>

#include <utility>

#include "absl/time/clock.h"

namespace letterlock::rpc {

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
    : StreamingCall(arguments, options, streams), reactor_(new Reactor()) {}

AnyStream::Call::~Call() = default;

grpc::ServerWriteReactor<grpc::ByteBuffer>* AnyStream::Call::reactor() { return reactor_; }

void AnyStream::Call::Write(const google::protobuf::Message& message, std::function<void()> then) {
  grpc::ByteBuffer bytes;
  if (absl::Status status = Serialize(message, &bytes); !status.ok()) return End(status);
  {
    absl::MutexLock lock(&mu_);
    if (end_) return;
    if (!writing_) {
      writing_ = true;
      buffer_.Swap(&bytes);
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

void AnyStream::Call::Stalled(std::uint64_t write) {
  absl::MutexLock lock(&mu_);
  // Cancelled under the lock: while a write is outstanding the call is not finished. OnCancel and
  // OnWriteDone follow, on other threads.
  if (writing_ && writes_ == write) arguments_.context->TryCancel();
}

std::shared_ptr<const void> AnyStream::Call::LetGo() {
  struct Held {
    std::function<void()> then;
    std::unique_ptr<grpc::Alarm> alarm;
  };
  return std::make_shared<Held>(Held{std::exchange(then_, nullptr), std::move(end_alarm_)});
}

void AnyStream::Call::FinishReactor(grpc::Status status) { reactor_->Finish(std::move(status)); }

void AnyStream::Call::EndAt(absl::Time when, const absl::Status& status) {
  std::unique_ptr<grpc::Alarm> alarm;
  absl::MutexLock lock(&mu_);
  if (end_ || when >= ends_at_) return;
  ends_at_ = when;
  alarm = std::exchange(end_alarm_, AlarmAt(when, [weak = weak_from_this(), status] {
                          if (const auto self = weak.lock()) self->End(status);
                        }));
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
