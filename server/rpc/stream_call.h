// One streaming call from its arrival to its end.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/alarm.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/rpc/stream.h"
#include "streaming_call.h"

namespace letterlock::rpc {

// gRPC's rules, kept here alone: one write at a time, and no Finish while one is outstanding.
// Thread-safe.
class AnyStream::Call final : public StreamingCall,
                              public std::enable_shared_from_this<AnyStream::Call> {
 public:
  // `streams` outlives the call.
  static std::shared_ptr<Call> Make(const Arguments& arguments, const StreamOptions& options,
                                    OpenStreams* streams);
  Call(const Arguments& arguments, const StreamOptions& options, OpenStreams* streams);
  ~Call() override;

  grpc::ServerWriteReactor<grpc::ByteBuffer>* reactor();

  // As in AnyStream.
  void Write(const google::protobuf::Message& message, std::function<void()> then)
      ABSL_LOCKS_EXCLUDED(mu_);
  void EndAt(absl::Time when, const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  class Reactor;

  void Written(bool ok) ABSL_LOCKS_EXCLUDED(mu_);
  // The reader took too long over write number `write`.
  void Stalled(std::uint64_t write) ABSL_LOCKS_EXCLUDED(mu_);

  bool Busy() const override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return writing_; }
  std::shared_ptr<const void> LetGo() override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void FinishReactor(grpc::Status status) override;

  Reactor* const reactor_;   // gRPC's, until Finish
  grpc::ByteBuffer buffer_;  // what is being written

  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  std::uint64_t writes_ ABSL_GUARDED_BY(mu_) = 0;
  std::function<void()> then_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<grpc::Alarm> stall_alarm_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<grpc::Alarm> end_alarm_ ABSL_GUARDED_BY(mu_);
  absl::Time ends_at_ ABSL_GUARDED_BY(mu_) = absl::InfiniteFuture();
};

}  // namespace letterlock::rpc
