// One streaming call from its arrival to its end.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/alarm.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

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

// gRPC's rules, kept here alone: one write at a time, no Finish while one is outstanding, and a
// Finish in every case, after a cancellation too. The reactor keeps the call until OnDone.
// Thread-safe.
class AnyStream::Call final : public BaseCall,
                              public OpenStream,
                              public std::enable_shared_from_this<AnyStream::Call> {
 public:
  // `streams` outlives the call.
  static std::shared_ptr<Call> Make(const Arguments& arguments, const StreamOptions& options,
                                    OpenStreams* streams);
  explicit Call(const Arguments& arguments, const StreamOptions& options, OpenStreams* streams);
  ~Call() override;

  grpc::ServerWriteReactor<grpc::ByteBuffer>* reactor();
  // From here on the end counts the call out of those in flight.
  void CountOut() { counted_ = true; }
  // Between these two the handler may look at what is gRPC's: whatever ends the stream meanwhile
  // takes effect at Began. False where it has ended: there is nothing to begin.
  [[nodiscard]] bool Begin() ABSL_LOCKS_EXCLUDED(mu_);
  void Began() ABSL_LOCKS_EXCLUDED(mu_);

  // As in AnyStream.
  void Write(const google::protobuf::Message& message, std::function<void()> then)
      ABSL_LOCKS_EXCLUDED(mu_);
  void End(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);
  void EndAt(absl::Time when, const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);
  void OnOver(std::function<void()> over) ABSL_LOCKS_EXCLUDED(mu_);
  void Run(std::function<void()> work);

  void EndAtStop() override;

 private:
  class Reactor;

  void Written(bool ok) ABSL_LOCKS_EXCLUDED(mu_);
  void Cancelled();
  // The reader took too long over write number `write`.
  void Stalled(std::uint64_t write) ABSL_LOCKS_EXCLUDED(mu_);
  // REQUIRES: Idle, ended; called once.
  void Finish();
  bool Idle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return !writing_ && !beginning_; }

  const StreamOptions stream_options_;
  OpenStreams* const streams_;
  Reactor* const reactor_;  // gRPC's, until Finish
  bool counted_ = false;
  grpc::ByteBuffer buffer_;  // what is being written

  absl::Mutex mu_;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool beginning_ ABSL_GUARDED_BY(mu_) = false;
  std::uint64_t writes_ ABSL_GUARDED_BY(mu_) = 0;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mu_);
  std::function<void()> then_ ABSL_GUARDED_BY(mu_);
  std::function<void()> over_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<grpc::Alarm> stall_alarm_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<grpc::Alarm> end_alarm_ ABSL_GUARDED_BY(mu_);
  absl::Time ends_at_ ABSL_GUARDED_BY(mu_) = absl::InfiniteFuture();
};

}  // namespace letterlock::rpc
