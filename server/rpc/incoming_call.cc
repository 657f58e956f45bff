#include "incoming_call.h"

#include <grpcpp/server_context.h>

#include <utility>

#include "absl/time/clock.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::rpc {
namespace {

// There is no answer to end with.
StreamOptions NeverOkAtStop(StreamOptions options) {
  options.ok_at_stop = false;
  return options;
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
    : StreamingCall(arguments, NeverOkAtStop(options), streams),
      prototype_(prototype),
      reactor_(new Reactor()) {}

AnyIncoming::Call::~Call() = default;

grpc::ServerReadReactor<grpc::ByteBuffer>* AnyIncoming::Call::reactor() { return reactor_; }

void AnyIncoming::Call::Next(Took took) {
  {
    absl::MutexLock lock(&mu_);
    if (end_) return;
    if (!reading_) {
      reading_ = true;
      took_ = std::move(took);
      buffer_.Clear();
      stall_alarm_ =
          AlarmAt(absl::Now() + stream_options_.stall, [weak = weak_from_this(), read = ++reads_] {
            if (const auto self = weak.lock()) self->Stalled(read);
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
  const std::unique_ptr<google::protobuf::Message> message(prototype_.New());
  if (!Parse(*std::move(bytes), message.get())) {
    return End(Fail(absl::StatusCode::kInvalidArgument, common::v1::ERROR_REASON_FIELD_FORMAT,
                    "a message does not parse as its message type"));
  }
  took(message.get());
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
  if (absl::Status status = Serialize(response, &bytes); !status.ok()) return End(status);
  {
    absl::MutexLock lock(&mu_);
    if (end_) return;
    // gRPC's until Finish, which is behind End.
    arguments_.response->Swap(&bytes);
  }
  End(absl::OkStatus());
}

std::shared_ptr<const void> AnyIncoming::Call::LetGo() {
  return std::make_shared<Took>(std::exchange(took_, nullptr));
}

void AnyIncoming::Call::FinishReactor(grpc::Status status) { reactor_->Finish(std::move(status)); }

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
