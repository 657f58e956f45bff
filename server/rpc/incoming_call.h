// One call with a stream of requests, from its arrival to its end.
#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/alarm.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "call.h"
#include "open_streams.h"
#include "server/rpc/incoming.h"

namespace letterlock::rpc {

// gRPC's rules, kept here alone: one read at a time, none after the end, and a Finish in every
// case. A read may be outstanding when the call is finished: gRPC ends it. The reactor keeps the
// call until OnDone. Thread-safe.
class AnyIncoming::Call final : public BaseCall,
                                public OpenStream,
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
  // From here on the end counts the call out of those in flight.
  void CountOut() { counted_ = true; }
  // Between these two the handler may look at what is gRPC's: whatever ends the call meanwhile
  // takes effect at Began. False where it has ended: there is nothing to begin.
  [[nodiscard]] bool Begin() ABSL_LOCKS_EXCLUDED(mu_);
  void Began() ABSL_LOCKS_EXCLUDED(mu_);

  // As in AnyIncoming.
  void Next(Took took) ABSL_LOCKS_EXCLUDED(mu_);
  void Answer(const google::protobuf::Message& response) ABSL_LOCKS_EXCLUDED(mu_);
  void End(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);
  void OnOver(std::function<void()> over) ABSL_LOCKS_EXCLUDED(mu_);
  void Run(std::function<void()> work);

  void EndAtStop() override;

 private:
  class Reactor;

  void Read(bool ok) ABSL_LOCKS_EXCLUDED(mu_);
  // On the pool: what came, to the handler. Empty: all came.
  void Take(const Took& took, std::optional<grpc::ByteBuffer> bytes);
  void Cancelled();
  // The caller took too long over message number `read`.
  void Stalled(std::uint64_t read) ABSL_LOCKS_EXCLUDED(mu_);
  // REQUIRES: ended, not beginning; called once.
  void Finish();

  const StreamOptions stream_options_;
  const google::protobuf::Message& prototype_;
  OpenStreams* const streams_;
  Reactor* const reactor_;  // gRPC's, until Finish
  bool counted_ = false;
  grpc::ByteBuffer buffer_;  // what is being read

  absl::Mutex mu_;
  bool reading_ ABSL_GUARDED_BY(mu_) = false;
  bool beginning_ ABSL_GUARDED_BY(mu_) = false;
  std::uint64_t reads_ ABSL_GUARDED_BY(mu_) = 0;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mu_);
  Took took_ ABSL_GUARDED_BY(mu_);
  std::function<void()> over_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<grpc::Alarm> stall_alarm_ ABSL_GUARDED_BY(mu_);
};

}  // namespace letterlock::rpc
