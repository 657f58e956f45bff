#include "client/mail_client.h"

#include <utility>

#include "client/failure.h"
#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/mail/v1/device_service.pb.h"
#include "letterlock/mail/v1/enrollment_service.pb.h"
#include "letterlock/mail/v1/mail_service.pb.h"
#include "letterlock/mail/v1/session_service.pb.h"
#include "server/rpc/status.h"

namespace letterlock::client {
namespace {

// A token that runs out on the way would cost a round trip.
constexpr absl::Duration kSpare = absl::Seconds(30);

// After these nobody knows whether the server carried the call out.
bool LeavesOutcomeOpen(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInternal:
      return true;
    default:
      return false;
  }
}

// The server's verdict on what was asked, not on the moment.
bool IsRefusal(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::Status MailClient::Repeat(absl::FunctionRef<absl::Status()> call) {
  return Retry(options_.retry, *options_.sleeper, *options_.random, call);
}

absl::Status MailClient::Enroll(const mail::v1::EnrollRequest& request,
                                mail::v1::EnrollResponse* response) {
  return Repeat([&] { return options_.transport->Enroll(request, response); });
}

absl::Status MailClient::Send(const mail::v1::SendRequest& request,
                              mail::v1::SendResponse* response) {
  return NotTwice(
      [&](std::string_view token) { return options_.transport->Send(token, request, response); });
}

absl::Status MailClient::NotTwice(absl::FunctionRef<absl::Status(std::string_view)> call) {
  bool maybe_taken = false;
  const absl::Status status = WithSession([&](std::string_view token) {
    absl::Status attempt = call(token);
    if (LeavesOutcomeOpen(attempt)) maybe_taken = true;
    return attempt;
  });
  // The server gives a repetition the first attempt's answer: a refusal means that none was taken.
  const bool answered = status.ok() || IsRefusal(status);
  return maybe_taken && !answered ? WithUnknownOutcome(status) : status;
}

absl::Status MailClient::BatchGet(const mail::v1::BatchGetRequest& request,
                                  mail::v1::BatchGetResponse* response) {
  return WithSession([&](std::string_view token) {
    return options_.transport->BatchGet(token, request, response);
  });
}

absl::Status MailClient::Sync(const mail::v1::SyncRequest& request,
                              mail::v1::SyncResponse* response) {
  return WithSession(
      [&](std::string_view token) { return options_.transport->Sync(token, request, response); });
}

absl::Status MailClient::Update(const mail::v1::UpdateRequest& request,
                                mail::v1::UpdateResponse* response) {
  return WithSession(
      [&](std::string_view token) { return options_.transport->Update(token, request, response); });
}

absl::Status MailClient::Delete(const mail::v1::DeleteRequest& request,
                                mail::v1::DeleteResponse* response) {
  return WithSession(
      [&](std::string_view token) { return options_.transport->Delete(token, request, response); });
}

absl::Status MailClient::Respond(const mail::v1::RespondRequest& request,
                                 mail::v1::RespondResponse* response) {
  return WithSession([&](std::string_view token) {
    return options_.transport->Respond(token, request, response);
  });
}

absl::Status MailClient::Block(const mail::v1::BlockRequest& request,
                               mail::v1::BlockResponse* response) {
  return WithSession(
      [&](std::string_view token) { return options_.transport->Block(token, request, response); });
}

absl::Status MailClient::Unblock(const mail::v1::UnblockRequest& request,
                                 mail::v1::UnblockResponse* response) {
  return WithSession([&](std::string_view token) {
    return options_.transport->Unblock(token, request, response);
  });
}

absl::Status MailClient::ListBlocks(const mail::v1::ListBlocksRequest& request,
                                    mail::v1::ListBlocksResponse* response) {
  return WithSession([&](std::string_view token) {
    return options_.transport->ListBlocks(token, request, response);
  });
}

absl::Status MailClient::GetLimits(const mail::v1::GetLimitsRequest& request,
                                   mail::v1::GetLimitsResponse* response) {
  return WithSession([&](std::string_view token) {
    return options_.transport->GetLimits(token, request, response);
  });
}

absl::Status MailClient::ListDevices(const mail::v1::ListDevicesRequest& request,
                                     mail::v1::ListDevicesResponse* response) {
  return WithSession([&](std::string_view token) {
    return options_.transport->ListDevices(token, request, response);
  });
}

absl::Status MailClient::RevokeDevice(const mail::v1::RevokeDeviceRequest& request,
                                      mail::v1::RevokeDeviceResponse* response) {
  return WithSession([&](std::string_view token) {
    return options_.transport->RevokeDevice(token, request, response);
  });
}

absl::Status MailClient::Report(const mail::v1::ReportRequest& request,
                                mail::v1::ReportResponse* response) {
  bool maybe_taken = false;
  const absl::Status status = WithSession([&](std::string_view token) {
    absl::Status attempt = options_.transport->Report(token, request, response);
    if (LeavesOutcomeOpen(attempt)) maybe_taken = true;
    return attempt;
  });
  return maybe_taken && absl::IsAlreadyExists(status) ? absl::OkStatus() : status;
}

absl::Status MailClient::ListReports(const mail::v1::ListReportsRequest& request,
                                     mail::v1::ListReportsResponse* response) {
  return WithSession([&](std::string_view token) {
    return options_.transport->ListReports(token, request, response);
  });
}

absl::Status MailClient::DeleteReport(const mail::v1::DeleteReportRequest& request,
                                      mail::v1::DeleteReportResponse* response) {
  return WithSession([&](std::string_view token) {
    return options_.transport->DeleteReport(token, request, response);
  });
}

absl::Status MailClient::Watch(const mail::v1::WatchRequest& request, absl::Duration most,
                               absl::FunctionRef<bool()> notice) {
  absl::Status lost;
  const absl::Status status = WithSession([&](std::string_view token) -> absl::Status {
    bool noticed = false;
    absl::Status ended = options_.transport->Watch(token, request, most, [&] {
      noticed = true;
      return notice();
    });
    // What was said once is not said again: the caller has moved on from the request's token.
    if (!noticed) return ended;
    lost = std::move(ended);
    return absl::OkStatus();
  });
  return status.ok() ? lost : status;
}

absl::Status MailClient::WithSession(absl::FunctionRef<absl::Status(std::string_view)> call) {
  // The server forgets all sessions when it restarts, which it may do between any two attempts:
  // each attempt may open one new session, and is judged by what came of that.
  return Repeat([&]() -> absl::Status {
    for (bool renewed = false;; renewed = true) {
      const absl::StatusOr<std::string> token = Token();
      if (!token.ok()) return token.status();
      absl::Status status = call(*token);
      if (!absl::IsUnauthenticated(status) || renewed) return status;
      Forget(*token);
    }
  });
}

absl::StatusOr<std::string> MailClient::Token() {
  absl::MutexLock lock(&mutex_);
  if (token_.empty() || options_.clock->Now() + kSpare >= expires_) {
    absl::Status status = OpenSession();
    // The challenge may have run out, or the server restarted, between the two calls.
    if (absl::IsUnauthenticated(status)) status = OpenSession();
    if (!status.ok()) return status;
  }
  return token_;
}

absl::Status MailClient::OpenSession() {
  mutex_.AssertHeld();
  mail::v1::CreateChallengeRequest ask;
  ask.set_member(std::string(options_.member.bytes()));
  ask.set_device_key(std::string(options_.device_key.bytes()));
  mail::v1::CreateChallengeResponse challenge;
  absl::Status status = options_.transport->CreateChallenge(ask, &challenge);
  if (!status.ok()) return status;

  const std::string& server_name = options_.transport->server_name();
  auto signature = options_.sign(server_name, challenge.challenge());
  if (!signature.ok()) return signature.status();
  mail::v1::CreateSessionRequest request;
  request.set_member(ask.member());
  request.set_device_key(ask.device_key());
  request.set_challenge(challenge.challenge());
  request.set_server_name(server_name);
  request.set_signature(*std::move(signature));
  mail::v1::CreateSessionResponse response;
  status = options_.transport->CreateSession(request, &response);
  if (rpc::ReasonOf(status) == common::v1::ERROR_REASON_UNKNOWN_DEVICE) return DeviceRevoked();
  if (!status.ok()) return status;
  if (response.token().empty()) return absl::InternalError("the server gave an empty token");
  token_ = response.token();
  expires_ = absl::FromUnixMillis(static_cast<int64_t>(response.expires_unix_ms()));
  return absl::OkStatus();
}

void MailClient::Forget(std::string_view token) {
  absl::MutexLock lock(&mutex_);
  if (token_ == token) token_.clear();
}

}  // namespace letterlock::client
