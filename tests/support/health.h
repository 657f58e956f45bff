// The standard health service (grpc.health.v1) from the client's side, by hand: gRPC's code for it
// is not packaged. Field 1 of either message: the service's name, and the state. Link gRPC::grpc++.
#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/sync_stream.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace letterlock::test {

inline constexpr int kServing = 1;
inline constexpr int kNotServing = 2;
inline constexpr int kServiceUnknown = 3;

inline grpc::ByteBuffer HealthRequest(const std::string& service) {
  std::string bytes;
  if (!service.empty()) {
    bytes = std::string("\x0a") + static_cast<char>(service.size()) + service;
  }
  grpc::Slice slice(bytes);
  return {&slice, 1};
}

// The state in an answer; empty where it is none.
inline std::optional<int> HealthState(const grpc::ByteBuffer& answer) {
  std::vector<grpc::Slice> slices;
  if (!answer.Dump(&slices).ok()) return std::nullopt;
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  if (bytes.size() != 2 || bytes[0] != 0x08) return std::nullopt;
  return bytes[1];
}

// A Watch call that stays open. Not thread-safe, but for Cancel().
class HealthWatch {
 public:
  HealthWatch(std::shared_ptr<grpc::Channel> channel, const std::string& service)
      : channel_(std::move(channel)) {
    context_.set_wait_for_ready(true);
    const grpc::ByteBuffer request = HealthRequest(service);
    reader_.reset(grpc::internal::ClientReaderFactory<grpc::ByteBuffer>::Create(
        channel_.get(),
        grpc::internal::RpcMethod("/grpc.health.v1.Health/Watch",
                                  grpc::internal::RpcMethod::SERVER_STREAMING, channel_),
        &context_, request));
  }

  // The next state that the server tells; empty once the call has ended.
  std::optional<int> Next() {
    grpc::ByteBuffer answer;
    if (!reader_->Read(&answer)) return std::nullopt;
    return HealthState(answer);
  }
  void Cancel() { context_.TryCancel(); }
  // How the call ended. REQUIRES: Next() gave nothing.
  grpc::Status End() { return reader_->Finish(); }

 private:
  const std::shared_ptr<grpc::Channel> channel_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<grpc::ByteBuffer>> reader_;
};

}  // namespace letterlock::test
