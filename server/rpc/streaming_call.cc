#include "streaming_call.h"

#include <utility>

#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/grpc_status.h"
#include "server/rpc/status.h"

namespace letterlock::rpc {
namespace {

constexpr absl::Duration kRetryAfter = absl::Milliseconds(200);

}  // namespace

bool StreamingCall::Begin() {
  absl::MutexLock lock(&mu_);
  if (end_) return false;
  beginning_ = true;
  return true;
}

void StreamingCall::Began() {
  {
    absl::MutexLock lock(&mu_);
    beginning_ = false;
    if (!end_ || !Idle()) return;
  }
  Finish();
}

void StreamingCall::Cancelled() {
  cancelled_->store(true, std::memory_order_relaxed);
  End(absl::CancelledError("cancelled"));
}

void StreamingCall::End(const absl::Status& status) {
  std::shared_ptr<const void> let_go;
  std::function<void()> over;
  bool idle = false;
  {
    absl::MutexLock lock(&mu_);
    if (end_) return;
    end_ = status;
    idle = Idle();
    let_go = LetGo();
    over = std::exchange(over_, nullptr);
  }
  if (over) over();
  if (idle) Finish();
}

void StreamingCall::Finish() {
  absl::Status inner;
  {
    absl::MutexLock lock(&mu_);
    inner = *end_;
  }
  grpc::Status shown = ToGrpc(inner, request_id_);
  Record(inner, static_cast<absl::StatusCode>(shown.error_code()), /*stream=*/true);
  streams_->Remove(this);
  CallsInFlight* const in_flight = counted_ ? arguments_.in_flight : nullptr;
  FinishReactor(std::move(shown));
  if (in_flight != nullptr) in_flight->Leave();
}

void StreamingCall::OnOver(std::function<void()> over) {
  {
    absl::MutexLock lock(&mu_);
    if (!end_) {
      over_ = std::move(over);
      return;
    }
  }
  over();
}

void StreamingCall::Run(std::function<void()> work) {
  const bool queued = arguments_.options->pool->TrySubmit(
      absl::InfiniteFuture(), [work = std::move(work)](const absl::Status&) { work(); });
  if (!queued) End(Exhausted(kRetryAfter, "the server has more work than it can queue"));
}

void StreamingCall::EndAtStop() {
  End(stream_options_.ok_at_stop
          ? absl::OkStatus()
          : FailUntil(absl::StatusCode::kUnavailable, common::v1::ERROR_REASON_SHUTTING_DOWN,
                      kRetryAfterStop, "the server is stopping"));
}

std::unique_ptr<grpc::Alarm> AlarmAt(absl::Time when, std::function<void()> ring) {
  auto alarm = std::make_unique<grpc::Alarm>();
  alarm->Set(absl::ToChronoTime(when), [ring = std::move(ring)](bool expired) {
    if (expired) ring();
  });
  return alarm;
}

}  // namespace letterlock::rpc
