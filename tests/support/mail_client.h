// A mail server's gRPC client for tests: single calls as they are, valid or not. Errors as
// rpc::FromGrpc reads them (server/rpc/status.h).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "letterlock/mail/v1/device_service.pb.h"
#include "letterlock/mail/v1/enrollment_service.pb.h"
#include "letterlock/mail/v1/mail_service.pb.h"
#include "letterlock/mail/v1/session_service.pb.h"
#include "support/mail_user.h"

namespace letterlock::testing {

// A stream of answers, read by one thread. Cancelled when it is destroyed.
template <class Response>
class ReadStream {
 public:
  virtual ~ReadStream() = default;
  // False at the end.
  virtual bool Next(Response* response) = 0;
  // From any thread.
  virtual void Cancel() = 0;
  // Reads what is left, and says how it ended. Once.
  virtual absl::Status Finish() = 0;
};

// Thread-safe.
class MailClient {
 public:
  // Connects with the first call. The server's certificate is checked for "localhost".
  static absl::StatusOr<std::unique_ptr<MailClient>> Dial(const std::string& address,
                                                          const std::string& ca_file);
  ~MailClient();

  absl::StatusOr<mail::v1::EnrollResponse> Call(const mail::v1::EnrollRequest& request);
  absl::StatusOr<mail::v1::CreateChallengeResponse> Call(
      const mail::v1::CreateChallengeRequest& request);
  absl::StatusOr<mail::v1::CreateSessionResponse> Call(
      const mail::v1::CreateSessionRequest& request);
  // `token`: bytes as CreateSession gave them; empty: none is sent.
  absl::StatusOr<mail::v1::SendResponse> Call(const mail::v1::SendRequest& request,
                                              std::string_view token,
                                              absl::Duration patience = absl::Seconds(30));
  absl::StatusOr<mail::v1::BatchGetResponse> Call(const mail::v1::BatchGetRequest& request,
                                                  std::string_view token);
  absl::StatusOr<mail::v1::ListResponse> Call(const mail::v1::ListRequest& request,
                                              std::string_view token);
  absl::StatusOr<mail::v1::SyncResponse> Call(const mail::v1::SyncRequest& request,
                                              std::string_view token);
  absl::StatusOr<mail::v1::UpdateResponse> Call(const mail::v1::UpdateRequest& request,
                                                std::string_view token);
  absl::StatusOr<mail::v1::DeleteResponse> Call(const mail::v1::DeleteRequest& request,
                                                std::string_view token);
  absl::StatusOr<mail::v1::ImportResponse> Call(const mail::v1::ImportRequest& request,
                                                std::string_view token);
  absl::StatusOr<mail::v1::ListDevicesResponse> Call(const mail::v1::ListDevicesRequest& request,
                                                     std::string_view token);
  absl::StatusOr<mail::v1::RevokeDeviceResponse> Call(const mail::v1::RevokeDeviceRequest& request,
                                                      std::string_view token);
  absl::StatusOr<mail::v1::PutKeyringResponse> Call(const mail::v1::PutKeyringRequest& request,
                                                    std::string_view token);
  absl::StatusOr<mail::v1::RecoverKeyringResponse> Call(
      const mail::v1::RecoverKeyringRequest& request);
  absl::StatusOr<mail::v1::RespondResponse> Call(const mail::v1::RespondRequest& request,
                                                 std::string_view token);
  absl::StatusOr<mail::v1::GetLimitsResponse> Call(const mail::v1::GetLimitsRequest& request,
                                                   std::string_view token);
  absl::StatusOr<mail::v1::ReportResponse> Call(const mail::v1::ReportRequest& request,
                                                std::string_view token);
  absl::StatusOr<mail::v1::ListReportsResponse> Call(const mail::v1::ListReportsRequest& request,
                                                     std::string_view token);
  // Without a deadline.
  std::unique_ptr<ReadStream<mail::v1::FetchResponse>> Open(const mail::v1::FetchRequest& request,
                                                            std::string_view token);
  std::unique_ptr<ReadStream<mail::v1::WatchResponse>> Open(const mail::v1::WatchRequest& request,
                                                            std::string_view token);
  // Any bytes to any method ("/letterlock.mail.v1.MailService/Send"), with the text of an
  // `authorization` header.
  absl::Status CallRaw(const std::string& method, const std::string& bytes,
                       const std::string& authorization);

  // Challenge and session: the token.
  absl::StatusOr<std::string> OpenSession(const MailUser& user);
  // Challenge and recovery: the sealed keyring.
  absl::StatusOr<std::string> Recover(const MailUser& user);

 private:
  class Stubs;
  explicit MailClient(std::unique_ptr<Stubs> stubs);

  const std::unique_ptr<Stubs> stubs_;
};

}  // namespace letterlock::testing
