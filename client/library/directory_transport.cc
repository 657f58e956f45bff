#include <grpcpp/channel.h>

#include <utility>

#include "call.h"
#include "client/transport.h"
#include "letterlock/directory/v1/directory_service.grpc.pb.h"
#include "letterlock/tlog/v1/tlog_service.grpc.pb.h"
#include "server/tls/credentials.h"

namespace letterlock::client {
namespace {

using directory::v1::DirectoryService;
using tlog::v1::TlogService;

class GrpcDirectoryTransport final : public DirectoryTransport {
 public:
  explicit GrpcDirectoryTransport(const std::shared_ptr<grpc::Channel>& channel)
      : server_{"the directory", channel},
        directory_(DirectoryService::NewStub(channel)),
        log_(TlogService::NewStub(channel)) {}

  absl::Status Lookup(const crypto::Handle& handle, directory::v1::EntryProof* proof) override {
    directory::v1::LookupRequest request;
    request.set_handle(handle.str());
    directory::v1::LookupResponse response;
    absl::Status status =
        Call(server_, *directory_, &DirectoryService::Stub::Lookup, request, &response);
    if (status.ok()) proof->Swap(response.mutable_proof());
    return status;
  }

  absl::Status History(const crypto::Handle& handle, std::uint64_t from,
                       std::vector<directory::v1::SignedEntry>* entries) override {
    directory::v1::LookupRequest request;
    request.set_handle(handle.str());
    request.set_history_from(from);
    directory::v1::LookupResponse response;
    absl::Status status =
        Call(server_, *directory_, &DirectoryService::Stub::Lookup, request, &response);
    if (!status.ok()) return status;
    entries->assign(response.history().begin(), response.history().end());
    return absl::OkStatus();
  }

  absl::Status Publish(const directory::v1::SignedEntry& entry,
                       directory::v1::EntryProof* proof) override {
    directory::v1::PublishRequest request;
    *request.mutable_signed_entry() = entry;
    directory::v1::PublishResponse response;
    absl::Status status =
        Call(server_, *directory_, &DirectoryService::Stub::Publish, request, &response);
    if (status.ok()) proof->Swap(response.mutable_proof());
    return status;
  }

  absl::StatusOr<std::vector<crypto::Digest>> ConsistencyProof(std::uint64_t old_size,
                                                               std::uint64_t new_size) override {
    tlog::v1::GetConsistencyProofRequest request;
    request.set_old_size(old_size);
    request.set_new_size(new_size);
    tlog::v1::GetConsistencyProofResponse response;
    absl::Status status =
        Call(server_, *log_, &TlogService::Stub::GetConsistencyProof, request, &response);
    if (!status.ok()) return status;
    std::vector<crypto::Digest> hashes;
    for (const std::string& bytes : response.hashes()) {
      const auto hash = crypto::DigestFromBytes(bytes);
      if (!hash.ok()) return hash.status();
      hashes.push_back(*hash);
    }
    return hashes;
  }

 private:
  const Server server_;
  const std::unique_ptr<DirectoryService::Stub> directory_;
  const std::unique_ptr<TlogService::Stub> log_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<DirectoryTransport>> ConnectDirectory(const Endpoint& endpoint) {
  auto channel = tls::MakeChannel({.address = endpoint.address,
                                   .server_name = endpoint.server_name,
                                   .ca_file = endpoint.ca_file});
  if (!channel.ok()) return channel.status();
  return std::make_unique<GrpcDirectoryTransport>(*channel);
}

}  // namespace letterlock::client
