#include <grpcpp/channel.h>

#include <utility>

#include "absl/time/clock.h"
#include "call.h"
#include "client/transport.h"
#include "letterlock/mail/v1/device_service.grpc.pb.h"
#include "letterlock/mail/v1/enrollment_service.grpc.pb.h"
#include "letterlock/mail/v1/mail_service.grpc.pb.h"
#include "letterlock/mail/v1/session_service.grpc.pb.h"
#include "server/tls/credentials.h"

namespace letterlock::client {
namespace {

using mail::v1::DeviceService;
using mail::v1::EnrollmentService;
using mail::v1::MailService;
using mail::v1::SessionService;

// A page of 200 messages of the largest size: 200 * (32 KiB + header).
constexpr std::size_t kMostResponseBytes = 16u << 20;

class GrpcMailTransport final : public MailTransport {
 public:
  GrpcMailTransport(const std::shared_ptr<grpc::Channel>& channel, std::string server_name)
      : server_{"the mail server", channel},
        enrollment_(EnrollmentService::NewStub(channel)),
        session_(SessionService::NewStub(channel)),
        mail_(MailService::NewStub(channel)),
        device_(DeviceService::NewStub(channel)),
        server_name_(std::move(server_name)) {}

  absl::Status Enroll(const mail::v1::EnrollRequest& request,
                      mail::v1::EnrollResponse* response) override {
    return Call(server_, *enrollment_, &EnrollmentService::Stub::Enroll, request, response);
  }
  absl::Status CreateChallenge(const mail::v1::CreateChallengeRequest& request,
                               mail::v1::CreateChallengeResponse* response) override {
    return Call(server_, *session_, &SessionService::Stub::CreateChallenge, request, response);
  }
  absl::Status CreateSession(const mail::v1::CreateSessionRequest& request,
                             mail::v1::CreateSessionResponse* response) override {
    return Call(server_, *session_, &SessionService::Stub::CreateSession, request, response);
  }
  absl::Status Send(std::string_view token, const mail::v1::SendRequest& request,
                    mail::v1::SendResponse* response) override {
    return Call(server_, *mail_, &MailService::Stub::Send, request, response, token);
  }
  absl::Status BatchGet(std::string_view token, const mail::v1::BatchGetRequest& request,
                        mail::v1::BatchGetResponse* response) override {
    return Call(server_, *mail_, &MailService::Stub::BatchGet, request, response, token);
  }
  absl::Status Update(std::string_view token, const mail::v1::UpdateRequest& request,
                      mail::v1::UpdateResponse* response) override {
    return Call(server_, *mail_, &MailService::Stub::Update, request, response, token);
  }
  absl::Status Delete(std::string_view token, const mail::v1::DeleteRequest& request,
                      mail::v1::DeleteResponse* response) override {
    return Call(server_, *mail_, &MailService::Stub::Delete, request, response, token);
  }
  absl::Status Import(std::string_view token, const mail::v1::ImportRequest& request,
                      mail::v1::ImportResponse* response) override {
    return Call(server_, *mail_, &MailService::Stub::Import, request, response, token);
  }
  absl::Status Respond(std::string_view token, const mail::v1::RespondRequest& request,
                       mail::v1::RespondResponse* response) override {
    return Call(server_, *mail_, &MailService::Stub::Respond, request, response, token);
  }
  absl::Status Block(std::string_view token, const mail::v1::BlockRequest& request,
                     mail::v1::BlockResponse* response) override {
    return Call(server_, *mail_, &MailService::Stub::Block, request, response, token);
  }
  absl::Status Unblock(std::string_view token, const mail::v1::UnblockRequest& request,
                       mail::v1::UnblockResponse* response) override {
    return Call(server_, *mail_, &MailService::Stub::Unblock, request, response, token);
  }
  absl::Status ListBlocks(std::string_view token, const mail::v1::ListBlocksRequest& request,
                          mail::v1::ListBlocksResponse* response) override {
    return Call(server_, *mail_, &MailService::Stub::ListBlocks, request, response, token);
  }
  absl::Status GetLimits(std::string_view token, const mail::v1::GetLimitsRequest& request,
                         mail::v1::GetLimitsResponse* response) override {
    return Call(server_, *mail_, &MailService::Stub::GetLimits, request, response, token);
  }
  absl::Status ListDevices(std::string_view token, const mail::v1::ListDevicesRequest& request,
                           mail::v1::ListDevicesResponse* response) override {
    return Call(server_, *device_, &DeviceService::Stub::ListDevices, request, response, token);
  }
  absl::Status RevokeDevice(std::string_view token, const mail::v1::RevokeDeviceRequest& request,
                            mail::v1::RevokeDeviceResponse* response) override {
    return Call(server_, *device_, &DeviceService::Stub::RevokeDevice, request, response, token);
  }
  absl::Status PutKeyring(std::string_view token, const mail::v1::PutKeyringRequest& request,
                          mail::v1::PutKeyringResponse* response) override {
    return Call(server_, *device_, &DeviceService::Stub::PutKeyring, request, response, token);
  }
  absl::Status RecoverKeyring(const mail::v1::RecoverKeyringRequest& request,
                              mail::v1::RecoverKeyringResponse* response) override {
    return Call(server_, *device_, &DeviceService::Stub::RecoverKeyring, request, response);
  }
  absl::Status Report(std::string_view token, const mail::v1::ReportRequest& request,
                      mail::v1::ReportResponse* response) override {
    return Call(server_, *mail_, &MailService::Stub::Report, request, response, token);
  }
  absl::Status ListReports(std::string_view token, const mail::v1::ListReportsRequest& request,
                           mail::v1::ListReportsResponse* response) override {
    return Call(server_, *mail_, &MailService::Stub::ListReports, request, response, token);
  }
  absl::Status DeleteReport(std::string_view token, const mail::v1::DeleteReportRequest& request,
                            mail::v1::DeleteReportResponse* response) override {
    return Call(server_, *mail_, &MailService::Stub::DeleteReport, request, response, token);
  }
  absl::Status Watch(std::string_view token, const mail::v1::WatchRequest& request,
                     absl::Duration most, absl::FunctionRef<bool()> notice) override {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + most));
    SetToken(token, &context);
    Reconnect(*server_.channel);
    const auto stream = mail_->Watch(&context, request);
    mail::v1::WatchResponse response;
    bool wanted = true;
    while (wanted && stream->Read(&response)) wanted = notice();
    if (!wanted) context.TryCancel();
    absl::Status ended = StatusOf(server_, stream->Finish());
    if (!wanted || absl::IsDeadlineExceeded(ended)) return absl::OkStatus();
    return ended;
  }
  absl::Status Sync(std::string_view token, const mail::v1::SyncRequest& request,
                    mail::v1::SyncResponse* response) override {
    return Call(server_, *mail_, &MailService::Stub::Sync, request, response, token);
  }
  const std::string& server_name() const override { return server_name_; }

 private:
  const Server server_;
  const std::unique_ptr<EnrollmentService::Stub> enrollment_;
  const std::unique_ptr<SessionService::Stub> session_;
  const std::unique_ptr<MailService::Stub> mail_;
  const std::unique_ptr<DeviceService::Stub> device_;
  const std::string server_name_;
};

absl::Status Unserved() { return absl::UnimplementedError("this transport does not speak that"); }

}  // namespace

absl::Status MailTransport::Update(std::string_view, const mail::v1::UpdateRequest&,
                                   mail::v1::UpdateResponse*) {
  return Unserved();
}
absl::Status MailTransport::Import(std::string_view, const mail::v1::ImportRequest&,
                                   mail::v1::ImportResponse*) {
  return Unserved();
}
absl::Status MailTransport::Delete(std::string_view, const mail::v1::DeleteRequest&,
                                   mail::v1::DeleteResponse*) {
  return Unserved();
}
absl::Status MailTransport::Respond(std::string_view, const mail::v1::RespondRequest&,
                                    mail::v1::RespondResponse*) {
  return Unserved();
}
absl::Status MailTransport::Block(std::string_view, const mail::v1::BlockRequest&,
                                  mail::v1::BlockResponse*) {
  return Unserved();
}
absl::Status MailTransport::Unblock(std::string_view, const mail::v1::UnblockRequest&,
                                    mail::v1::UnblockResponse*) {
  return Unserved();
}
absl::Status MailTransport::ListBlocks(std::string_view, const mail::v1::ListBlocksRequest&,
                                       mail::v1::ListBlocksResponse*) {
  return Unserved();
}
absl::Status MailTransport::GetLimits(std::string_view, const mail::v1::GetLimitsRequest&,
                                      mail::v1::GetLimitsResponse*) {
  return Unserved();
}
absl::Status MailTransport::ListDevices(std::string_view, const mail::v1::ListDevicesRequest&,
                                        mail::v1::ListDevicesResponse*) {
  return Unserved();
}
absl::Status MailTransport::RevokeDevice(std::string_view, const mail::v1::RevokeDeviceRequest&,
                                         mail::v1::RevokeDeviceResponse*) {
  return Unserved();
}
absl::Status MailTransport::PutKeyring(std::string_view, const mail::v1::PutKeyringRequest&,
                                       mail::v1::PutKeyringResponse*) {
  return Unserved();
}
absl::Status MailTransport::RecoverKeyring(const mail::v1::RecoverKeyringRequest&,
                                           mail::v1::RecoverKeyringResponse*) {
  return Unserved();
}
absl::Status MailTransport::Report(std::string_view, const mail::v1::ReportRequest&,
                                   mail::v1::ReportResponse*) {
  return Unserved();
}
absl::Status MailTransport::ListReports(std::string_view, const mail::v1::ListReportsRequest&,
                                        mail::v1::ListReportsResponse*) {
  return Unserved();
}
absl::Status MailTransport::DeleteReport(std::string_view, const mail::v1::DeleteReportRequest&,
                                         mail::v1::DeleteReportResponse*) {
  return Unserved();
}
absl::Status MailTransport::Watch(std::string_view, const mail::v1::WatchRequest&, absl::Duration,
                                  absl::FunctionRef<bool()>) {
  return Unserved();
}

absl::StatusOr<std::unique_ptr<MailTransport>> ConnectMail(const Endpoint& endpoint) {
  auto channel = tls::MakeChannel({.address = endpoint.address,
                                   .server_name = endpoint.server_name,
                                   .ca_file = endpoint.ca_file,
                                   .max_response_bytes = kMostResponseBytes});
  if (!channel.ok()) return channel.status();
  return std::make_unique<GrpcMailTransport>(*channel, endpoint.server_name);
}

}  // namespace letterlock::client
