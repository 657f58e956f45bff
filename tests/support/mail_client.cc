#include "mail_client.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <utility>

#include "absl/time/clock.h"
#include "crypto/base/encoding.h"
#include "letterlock/mail/v1/device_service.grpc.pb.h"
#include "letterlock/mail/v1/enrollment_service.grpc.pb.h"
#include "letterlock/mail/v1/mail_service.grpc.pb.h"
#include "letterlock/mail/v1/session_service.grpc.pb.h"
#include "server/rpc/grpc_status.h"
#include "server/tls/credentials.h"

namespace letterlock::testing {

class MailClient::Stubs {
 public:
  explicit Stubs(std::shared_ptr<grpc::Channel> channel)
      : enrollment(mail::v1::EnrollmentService::NewStub(channel)),
        session(mail::v1::SessionService::NewStub(channel)),
        mail(mail::v1::MailService::NewStub(channel)),
        devices(mail::v1::DeviceService::NewStub(channel)),
        generic(channel) {}

  const std::unique_ptr<mail::v1::EnrollmentService::Stub> enrollment;
  const std::unique_ptr<mail::v1::SessionService::Stub> session;
  const std::unique_ptr<mail::v1::MailService::Stub> mail;
  const std::unique_ptr<mail::v1::DeviceService::Stub> devices;
  grpc::GenericStub generic;
};

namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);

void Prepare(grpc::ClientContext& context, std::string_view token, absl::Duration patience) {
  context.set_deadline(absl::ToChronoTime(absl::Now() + patience));
  if (!token.empty()) {
    context.AddMetadata("authorization", "Bearer " + crypto::Base64UrlEncode(token));
  }
}

template <typename Response, typename Stub, typename Method, typename Request>
absl::StatusOr<Response> Unary(Stub& stub, Method method, const Request& request,
                               std::string_view token = "", absl::Duration patience = kPatience) {
  grpc::ClientContext context;
  Prepare(context, token, patience);
  Response response;
  const absl::Status status = rpc::FromGrpc((stub.*method)(&context, request, &response));
  if (!status.ok()) return status;
  return response;
}

template <class Response>
class Stream final : public ReadStream<Response> {
 public:
  // `open` takes a context and gives a grpc::ClientReader.
  template <class Open>
  Stream(std::string_view token, Open open) {
    if (!token.empty()) {
      context_.AddMetadata("authorization", "Bearer " + crypto::Base64UrlEncode(token));
    }
    reader_ = open(&context_);
  }
  ~Stream() override {
    if (!finished_) {
      context_.TryCancel();
      (void)Finish();
    }
  }

  bool Next(Response* response) override { return reader_->Read(response); }
  void Cancel() override { context_.TryCancel(); }
  absl::Status Finish() override {
    Response rest;
    while (Next(&rest)) {
    }
    finished_ = true;
    return rpc::FromGrpc(reader_->Finish());
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<Response>> reader_;
  bool finished_ = false;
};

}  // namespace

MailClient::MailClient(std::unique_ptr<Stubs> stubs) : stubs_(std::move(stubs)) {}
MailClient::~MailClient() = default;

absl::StatusOr<std::unique_ptr<MailClient>> MailClient::Dial(const std::string& address,
                                                             const std::string& ca_file) {
  auto channel =
      tls::MakeChannel({.address = address, .server_name = "localhost", .ca_file = ca_file});
  if (!channel.ok()) return channel.status();
  return std::unique_ptr<MailClient>(new MailClient(std::make_unique<Stubs>(*std::move(channel))));
}

absl::StatusOr<mail::v1::EnrollResponse> MailClient::Call(const mail::v1::EnrollRequest& request) {
  return Unary<mail::v1::EnrollResponse>(*stubs_->enrollment,
                                         &mail::v1::EnrollmentService::Stub::Enroll, request);
}

absl::StatusOr<mail::v1::CreateChallengeResponse> MailClient::Call(
    const mail::v1::CreateChallengeRequest& request) {
  return Unary<mail::v1::CreateChallengeResponse>(
      *stubs_->session, &mail::v1::SessionService::Stub::CreateChallenge, request);
}

absl::StatusOr<mail::v1::CreateSessionResponse> MailClient::Call(
    const mail::v1::CreateSessionRequest& request) {
  return Unary<mail::v1::CreateSessionResponse>(
      *stubs_->session, &mail::v1::SessionService::Stub::CreateSession, request);
}

absl::StatusOr<mail::v1::SendResponse> MailClient::Call(const mail::v1::SendRequest& request,
                                                        std::string_view token,
                                                        absl::Duration patience) {
  return Unary<mail::v1::SendResponse>(*stubs_->mail, &mail::v1::MailService::Stub::Send, request,
                                       token, patience);
}

absl::StatusOr<mail::v1::BatchGetResponse> MailClient::Call(
    const mail::v1::BatchGetRequest& request, std::string_view token) {
  return Unary<mail::v1::BatchGetResponse>(*stubs_->mail, &mail::v1::MailService::Stub::BatchGet,
                                           request, token);
}

absl::StatusOr<mail::v1::ListResponse> MailClient::Call(const mail::v1::ListRequest& request,
                                                        std::string_view token) {
  return Unary<mail::v1::ListResponse>(*stubs_->mail, &mail::v1::MailService::Stub::List, request,
                                       token);
}

absl::StatusOr<mail::v1::SyncResponse> MailClient::Call(const mail::v1::SyncRequest& request,
                                                        std::string_view token) {
  return Unary<mail::v1::SyncResponse>(*stubs_->mail, &mail::v1::MailService::Stub::Sync, request,
                                       token);
}

absl::StatusOr<mail::v1::UpdateResponse> MailClient::Call(const mail::v1::UpdateRequest& request,
                                                          std::string_view token) {
  return Unary<mail::v1::UpdateResponse>(*stubs_->mail, &mail::v1::MailService::Stub::Update,
                                         request, token);
}

absl::StatusOr<mail::v1::DeleteResponse> MailClient::Call(const mail::v1::DeleteRequest& request,
                                                          std::string_view token) {
  return Unary<mail::v1::DeleteResponse>(*stubs_->mail, &mail::v1::MailService::Stub::Delete,
                                         request, token);
}

absl::StatusOr<mail::v1::ImportResponse> MailClient::Call(const mail::v1::ImportRequest& request,
                                                          std::string_view token) {
  return Unary<mail::v1::ImportResponse>(*stubs_->mail, &mail::v1::MailService::Stub::Import,
                                         request, token);
}

absl::StatusOr<mail::v1::ListDevicesResponse> MailClient::Call(
    const mail::v1::ListDevicesRequest& request, std::string_view token) {
  return Unary<mail::v1::ListDevicesResponse>(
      *stubs_->devices, &mail::v1::DeviceService::Stub::ListDevices, request, token);
}

absl::StatusOr<mail::v1::RevokeDeviceResponse> MailClient::Call(
    const mail::v1::RevokeDeviceRequest& request, std::string_view token) {
  return Unary<mail::v1::RevokeDeviceResponse>(
      *stubs_->devices, &mail::v1::DeviceService::Stub::RevokeDevice, request, token);
}

absl::StatusOr<mail::v1::PutKeyringResponse> MailClient::Call(
    const mail::v1::PutKeyringRequest& request, std::string_view token) {
  return Unary<mail::v1::PutKeyringResponse>(
      *stubs_->devices, &mail::v1::DeviceService::Stub::PutKeyring, request, token);
}

absl::StatusOr<mail::v1::RecoverKeyringResponse> MailClient::Call(
    const mail::v1::RecoverKeyringRequest& request) {
  return Unary<mail::v1::RecoverKeyringResponse>(
      *stubs_->devices, &mail::v1::DeviceService::Stub::RecoverKeyring, request);
}

absl::StatusOr<mail::v1::RespondResponse> MailClient::Call(const mail::v1::RespondRequest& request,
                                                           std::string_view token) {
  return Unary<mail::v1::RespondResponse>(*stubs_->mail, &mail::v1::MailService::Stub::Respond,
                                          request, token);
}

absl::StatusOr<mail::v1::GetLimitsResponse> MailClient::Call(
    const mail::v1::GetLimitsRequest& request, std::string_view token) {
  return Unary<mail::v1::GetLimitsResponse>(*stubs_->mail, &mail::v1::MailService::Stub::GetLimits,
                                            request, token);
}

absl::StatusOr<mail::v1::ReportResponse> MailClient::Call(const mail::v1::ReportRequest& request,
                                                          std::string_view token) {
  return Unary<mail::v1::ReportResponse>(*stubs_->mail, &mail::v1::MailService::Stub::Report,
                                         request, token);
}

absl::StatusOr<mail::v1::ListReportsResponse> MailClient::Call(
    const mail::v1::ListReportsRequest& request, std::string_view token) {
  return Unary<mail::v1::ListReportsResponse>(
      *stubs_->mail, &mail::v1::MailService::Stub::ListReports, request, token);
}

std::unique_ptr<ReadStream<mail::v1::FetchResponse>> MailClient::Open(
    const mail::v1::FetchRequest& request, std::string_view token) {
  return std::make_unique<Stream<mail::v1::FetchResponse>>(
      token, [&](grpc::ClientContext* context) { return stubs_->mail->Fetch(context, request); });
}

std::unique_ptr<ReadStream<mail::v1::WatchResponse>> MailClient::Open(
    const mail::v1::WatchRequest& request, std::string_view token) {
  return std::make_unique<Stream<mail::v1::WatchResponse>>(
      token, [&](grpc::ClientContext* context) { return stubs_->mail->Watch(context, request); });
}

absl::Status MailClient::CallRaw(const std::string& method, const std::string& bytes,
                                 const std::string& authorization) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
  if (!authorization.empty()) context.AddMetadata("authorization", authorization);
  grpc::Slice slice(bytes);
  grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  grpc::Status status;
  grpc::CompletionQueue queue;
  const auto call = stubs_->generic.PrepareUnaryCall(&context, method, request, &queue);
  call->StartCall();
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
  return rpc::FromGrpc(status);
}

absl::StatusOr<std::string> MailClient::OpenSession(const MailUser& user) {
  auto challenge = Call(ChallengeRequestOf(user));
  if (!challenge.ok()) return challenge.status();
  auto session = Call(SessionRequestOf(user, challenge->challenge()));
  if (!session.ok()) return session.status();
  return session->token();
}

absl::StatusOr<std::string> MailClient::Recover(const MailUser& user) {
  auto challenge = Call(RecoveryChallengeRequestOf(user));
  if (!challenge.ok()) return challenge.status();
  auto recovered = Call(RecoverRequestOf(user, challenge->challenge()));
  if (!recovered.ok()) return recovered.status();
  return recovered->sealed_keyring();
}

}  // namespace letterlock::testing
