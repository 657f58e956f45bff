// What calls with a stream have in common, whichever way it goes: how they begin, end and are
// counted.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/support/status.h>

#include <functional>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "call.h"
#include "open_streams.h"
#include "server/rpc/stream.h"

namespace letterlock::rpc {

inline constexpr absl::Duration kRetryAfterStop = absl::Seconds(1);

// gRPC's rule, kept here alone: a Finish in every case, after a cancellation too, once, and not
// while the kind of the call says that it must wait. gRPC's reactor keeps the call until OnDone.
// Thread-safe.
class StreamingCall : public BaseCall, public OpenStream {
 public:
  // From here on the end counts the call out of those in flight.
  void CountOut() { counted_ = true; }
  // Between these two the handler may look at what is gRPC's: whatever ends the call meanwhile
  // takes effect at Began. False where it has ended: there is nothing to begin.
  [[nodiscard]] bool Begin() ABSL_LOCKS_EXCLUDED(mu_);
  void Began() ABSL_LOCKS_EXCLUDED(mu_);

  // As in AnyStream and AnyIncoming.
  void End(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);
  void OnOver(std::function<void()> over) ABSL_LOCKS_EXCLUDED(mu_);
  void Run(std::function<void()> work);

  void EndAtStop() override;

 protected:
  // `streams` outlives the call.
  StreamingCall(const Arguments& arguments, const StreamOptions& options, OpenStreams* streams)
      : BaseCall(arguments), stream_options_(options), streams_(streams) {}
  ~StreamingCall() override = default;

  // gRPC says so.
  void Cancelled();
  // REQUIRES: Idle, ended; called once.
  void Finish() ABSL_LOCKS_EXCLUDED(mu_);
  bool Idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return !beginning_ && !Busy(); }

  // Whether gRPC is at something that must be over before the Finish.
  virtual bool Busy() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) = 0;
  // Gives up, at the end, what may hold the call itself; it goes when the lock is free.
  virtual std::shared_ptr<const void> LetGo() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) = 0;
  // When it returns, gRPC's parts and this may be gone.
  virtual void FinishReactor(grpc::Status status) = 0;

  const StreamOptions stream_options_;
  mutable absl::Mutex mu_;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mu_);

 private:
  OpenStreams* const streams_;
  bool counted_ = false;
  bool beginning_ ABSL_GUARDED_BY(mu_) = false;
  std::function<void()> over_ ABSL_GUARDED_BY(mu_);
};

// Rings on a thread of gRPC's, unless it is destroyed before.
std::unique_ptr<grpc::Alarm> AlarmAt(absl::Time when, std::function<void()> ring);

}  // namespace letterlock::rpc
