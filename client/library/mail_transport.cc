#include <grpcpp/channel.h>

#include <utility>

#include "call.h"
#include "client/transport.h"
#include "letterlock/mail/v1/enrollment_service.grpc.pb.h"
#include "letterlock/mail/v1/mail_service.grpc.pb.h"
#include "letterlock/mail/v1/session_service.grpc.pb.h"
#include "server/tls/credentials.h"

namespace letterlock::client {
namespace {

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
  absl::Status List(std::string_view token, const mail::v1::ListRequest& request,
                    mail::v1::ListResponse* response) override {
    return Call(server_, *mail_, &MailService::Stub::List, request, response, token);
  }
  const std::string& server_name() const override { return server_name_; }

 private:
  const Server server_;
  const std::unique_ptr<EnrollmentService::Stub> enrollment_;
  const std::unique_ptr<SessionService::Stub> session_;
  const std::unique_ptr<MailService::Stub> mail_;
  const std::string server_name_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<MailTransport>> ConnectMail(const Endpoint& endpoint) {
  auto channel = tls::MakeChannel({.address = endpoint.address,
                                   .server_name = endpoint.server_name,
                                   .ca_file = endpoint.ca_file,
                                   .max_response_bytes = kMostResponseBytes});
  if (!channel.ok()) return channel.status();
  return std::make_unique<GrpcMailTransport>(*channel, endpoint.server_name);
}

}  // namespace letterlock::client
