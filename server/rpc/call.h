// One call from its arrival to its answer.
#pragma once

#include <google/protobuf/arena.h>
#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "calls_in_flight.h"
#include "server/rpc/service.h"

namespace letterlock::rpc {

// gRPC's side of a call: gRPC keeps it until OnDone. `cancelled` is shared with the call, which may
// outlive it.
class UnaryReactor final : public grpc::ServerUnaryReactor {
 public:
  explicit UnaryReactor(std::shared_ptr<std::atomic<bool>> cancelled)
      : cancelled_(std::move(cancelled)) {}

  void OnCancel() override { cancelled_->store(true, std::memory_order_relaxed); }
  void OnDone() override { delete this; }
  // Neither reaction blocks, so gRPC need not send each call through its executor, which costs a
  // change of threads.
  bool InternalInlineable() override { return true; }

 private:
  const std::shared_ptr<std::atomic<bool>> cancelled_;
};

// What a call of any kind has. `context` and `request` are gRPC's and valid until its end.
class BaseCall : public CallContext {
 public:
  struct Arguments {
    std::string_view method;          // outlives the call
    const Service::Options* options;  // outlives the call
    CallsInFlight* in_flight;         // outlives the call
    grpc::CallbackServerContext* context;
    const grpc::ByteBuffer* request;
    grpc::ByteBuffer* response;  // of a unary call
  };

  explicit BaseCall(const Arguments& arguments);

  // A thread of the pool has taken it.
  void LeaveQueue();
  void Keep(std::shared_ptr<const void> object) { kept_.push_back(std::move(object)); }

  // Parses the request into a message like `prototype`, which lives as long as the call; null if it
  // does not parse.
  const google::protobuf::Message* ParseRequest(const google::protobuf::Message& prototype);

  absl::Time deadline() const override { return deadline_; }
  const std::string& request_id() const override { return request_id_; }
  std::string_view bearer_token() const override;
  std::string peer() const override;
  std::string peer_key_hash() const override;
  bool IsCancelled() const override { return cancelled_->load(std::memory_order_relaxed); }

 protected:
  ~BaseCall() override = default;

  // Logs the end and tells the observer.
  void Record(const absl::Status& inner, absl::StatusCode shown, bool stream);

  const Arguments arguments_;
  const absl::Time start_;
  const absl::Time deadline_;
  std::atomic<std::int64_t> queued_us_{-1};  // until a thread of the pool took it
  const std::string request_id_;
  const std::shared_ptr<std::atomic<bool>> cancelled_;
  google::protobuf::Arena arena_;

 private:
  std::vector<std::shared_ptr<const void>> kept_;
};

// The daemon's side: what every copy of Done holds. The first answer counts; if none comes before
// the last copy goes, the destructor answers INTERNAL: a call that is never finished would keep the
// server from stopping. `response`, too, is gRPC's and valid until the answer.
class Done::Call final : public BaseCall {
 public:
  explicit Call(const Arguments& arguments);
  ~Call() override;

  grpc::ServerUnaryReactor* reactor() { return reactor_; }
  void Answer(const absl::Status& status);
  // From here on the answer counts the call out of those in flight.
  void CountOut() { counted_ = true; }

  google::protobuf::Message* MakeResponse(const google::protobuf::Message& prototype);

 private:
  absl::Status SerializeResponse();

  grpc::ServerUnaryReactor* const reactor_;
  std::atomic<bool> answered_{false};
  bool counted_ = false;
  google::protobuf::Message* response_ = nullptr;  // on the arena
};

// A message as gRPC sends it; INTERNAL where it does not serialise.
absl::Status Serialize(const google::protobuf::Message& message, grpc::ByteBuffer* bytes);
// Whether `bytes` parse as the message's type. The bytes are shared, not copied.
bool Parse(grpc::ByteBuffer bytes, google::protobuf::Message* message);

// 16 lower-case hex digits of fresh randomness.
std::string NewRequestId();

}  // namespace letterlock::rpc
