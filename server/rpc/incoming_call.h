// One call with a stream of requests, from its arrival to its end.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/alarm.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "server/rpc/incoming.h"
#include "streaming_call.h"

namespace letterlock::rpc {

// gRPC's rules, kept here alone: one read at a time, and none after the end. A read may be
// outstanding when the call is finished: gRPC ends it. Thread-safe.
class AnyIncoming::Call final : public StreamingCall,
                                public std::enable_shared_from_this<AnyIncoming::Call> {
 public:
  // `prototype` and `streams` outlive the call.
  static std::shared_ptr<Call> Make(const Arguments& arguments, const StreamOptions& options,
                                    const google::protobuf::Message& prototype,
                                    OpenStreams* streams);
  Call(const Arguments& arguments, const StreamOptions& options,
       const google::protobuf::Message& prototype, OpenStreams* streams);
  ~Call() override;

  grpc::ServerReadReactor<grpc::ByteBuffer>* reactor();

  // As in AnyIncoming.
  void Next(Took took) ABSL_LOCKS_EXCLUDED(mu_);
  void Answer(const google::protobuf::Message& response) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  class Reactor;

  void Read(bool ok) ABSL_LOCKS_EXCLUDED(mu_);
  // On the pool: what came, to the handler. Empty: all came.
  void Take(const Took& took, std::optional<grpc::ByteBuffer> bytes);
  // The caller took too long over message number `read`.
  void Stalled(std::uint64_t read) ABSL_LOCKS_EXCLUDED(mu_);

  bool Busy() const override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return false; }
  std::shared_ptr<const void> LetGo() override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void FinishReactor(grpc::Status status) override;

  const google::protobuf::Message& prototype_;
  Reactor* const reactor_;   // gRPC's, until Finish
  grpc::ByteBuffer buffer_;  // what is being read

  bool reading_ ABSL_GUARDED_BY(mu_) = false;
  std::uint64_t reads_ ABSL_GUARDED_BY(mu_) = 0;
  Took took_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<grpc::Alarm> stall_alarm_ ABSL_GUARDED_BY(mu_);
};

}  // namespace letterlock::rpc
