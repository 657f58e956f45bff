#include "client/attachment_transport.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <utility>

#include "call.h"
#include "letterlock/mail/v1/attachment_service.grpc.pb.h"
#include "server/tls/credentials.h"

namespace letterlock::client {
namespace {

using mail::v1::AttachmentService;

// A whole attachment over a slow line; a server that is gone is noticed by its silence earlier.
constexpr std::chrono::minutes kStreamDeadline{10};

class GrpcAttachmentTransport final : public AttachmentTransport {
 public:
  explicit GrpcAttachmentTransport(const std::shared_ptr<grpc::Channel>& channel)
      : server_{"the mail server", channel}, stub_(AttachmentService::NewStub(channel)) {}

  absl::Status GetUpload(std::string_view token, const mail::v1::GetUploadRequest& request,
                         mail::v1::GetUploadResponse* response) override {
    return Call(server_, *stub_, &AttachmentService::Stub::GetUpload, request, response, token);
  }

  absl::Status Upload(std::string_view token, const mail::v1::UploadStart& start,
                      absl::FunctionRef<absl::StatusOr<std::string>()> next,
                      mail::v1::UploadResponse* response) override {
    grpc::ClientContext context;
    Prepare(&context, token);
    response->Clear();
    const auto writer = stub_->Upload(&context, response);
    mail::v1::UploadRequest request;
    *request.mutable_start() = start;
    // A write that fails: Finish says why.
    absl::Status own;
    for (bool open = writer->Write(request); open;) {
      absl::StatusOr<std::string> piece = next();
      if (!piece.ok()) {
        own = piece.status();
        context.TryCancel();
        break;
      }
      if (piece->empty()) break;
      request.set_data(*std::move(piece));
      open = writer->Write(request);
    }
    if (own.ok()) writer->WritesDone();
    const grpc::Status status = writer->Finish();
    return own.ok() ? StatusOf(server_, status) : own;
  }

  absl::Status Download(std::string_view token, const mail::v1::DownloadRequest& request,
                        absl::FunctionRef<absl::Status(std::string_view)> take) override {
    grpc::ClientContext context;
    Prepare(&context, token);
    const auto reader = stub_->Download(&context, request);
    absl::Status own;
    mail::v1::DownloadResponse response;
    while (own.ok() && reader->Read(&response)) {
      own = take(response.data());
      if (!own.ok()) context.TryCancel();
    }
    const grpc::Status status = reader->Finish();
    return own.ok() ? StatusOf(server_, status) : own;
  }

 private:
  void Prepare(grpc::ClientContext* context, std::string_view token) {
    context->set_deadline(std::chrono::system_clock::now() + kStreamDeadline);
    SetToken(token, context);
    Reconnect(*server_.channel);
  }

  const Server server_;
  const std::unique_ptr<AttachmentService::Stub> stub_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<AttachmentTransport>> ConnectAttachments(const Endpoint& endpoint) {
  auto channel = tls::MakeChannel({.address = endpoint.address,
                                   .server_name = endpoint.server_name,
                                   .ca_file = endpoint.ca_file});
  if (!channel.ok()) return channel.status();
  return std::make_unique<GrpcAttachmentTransport>(*channel);
}

}  // namespace letterlock::client
