// The member's side of the mail server: sessions and repetition, so that callers see one call with
// one answer. What comes back is as sealed as it was sent; opening and verifying are
// mailbox_reader.h's.
//
// Where the server takes no session of this device, all calls but Enroll end with DeviceRevoked
// (failure.h).
//
// Thread-safe. Calls block for as long as the retry policy allows.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "client/retry.h"
#include "client/transport.h"
#include "crypto/base/clock.h"
#include "crypto/base/ids.h"
#include "crypto/base/random.h"
#include "crypto/base/sign.h"

namespace letterlock::client {

class MailClient {
 public:
  // The signature that opens a session (docs/formats.md, "Session").
  using SignChallenge = std::function<absl::StatusOr<std::string>(std::string_view server_name,
                                                                  std::string_view challenge)>;

  struct Options {
    MailTransport* transport = nullptr;  // not owned, as the three below; they outlive the client
    Sleeper* sleeper = nullptr;
    crypto::RandomSource* random = nullptr;
    const crypto::Clock* clock = nullptr;
    crypto::MemberId member;
    crypto::PublicKey device_key;
    SignChallenge sign;
    RetryPolicy retry;
  };

  explicit MailClient(Options options) : options_(std::move(options)) {}

  absl::Status Enroll(const mail::v1::EnrollRequest& request, mail::v1::EnrollResponse* response);

  // Each opens a session where there is none, or the server no longer takes it, and repeats the
  // very same request while the failure is one that passes. An error of Send after which nobody
  // knows whether the server took the message says so: OutcomeUnknown (failure.h).
  absl::Status Send(const mail::v1::SendRequest& request, mail::v1::SendResponse* response);
  // Any other call, likewise: with a session's token, for each attempt.
  absl::Status Do(absl::FunctionRef<absl::Status(std::string_view token)> call) {
    return WithSession(call);
  }
  absl::Status BatchGet(const mail::v1::BatchGetRequest& request,
                        mail::v1::BatchGetResponse* response);
  absl::Status Sync(const mail::v1::SyncRequest& request, mail::v1::SyncResponse* response);
  absl::Status Update(const mail::v1::UpdateRequest& request, mail::v1::UpdateResponse* response);
  absl::Status Delete(const mail::v1::DeleteRequest& request, mail::v1::DeleteResponse* response);
  absl::Status Respond(const mail::v1::RespondRequest& request,
                       mail::v1::RespondResponse* response);
  absl::Status Block(const mail::v1::BlockRequest& request, mail::v1::BlockResponse* response);
  absl::Status Unblock(const mail::v1::UnblockRequest& request,
                       mail::v1::UnblockResponse* response);
  absl::Status ListBlocks(const mail::v1::ListBlocksRequest& request,
                          mail::v1::ListBlocksResponse* response);
  absl::Status GetLimits(const mail::v1::GetLimitsRequest& request,
                         mail::v1::GetLimitsResponse* response);
  absl::Status ListDevices(const mail::v1::ListDevicesRequest& request,
                           mail::v1::ListDevicesResponse* response);
  absl::Status RevokeDevice(const mail::v1::RevokeDeviceRequest& request,
                            mail::v1::RevokeDeviceResponse* response);

  // ALREADY_EXISTS only where it was reported before this call: a repetition that finds what an
  // earlier attempt did, whose answer was lost, is OK.
  absl::Status Report(const mail::v1::ReportRequest& request, mail::v1::ReportResponse* response);
  absl::Status ListReports(const mail::v1::ListReportsRequest& request,
                           mail::v1::ListReportsResponse* response);
  absl::Status DeleteReport(const mail::v1::DeleteReportRequest& request,
                            mail::v1::DeleteReportResponse* response);

  // As the transport's (transport.h), with a session; a stream that can't be opened is tried again,
  // one that was lost ends with what lost it.
  absl::Status Watch(const mail::v1::WatchRequest& request, absl::Duration most,
                     absl::FunctionRef<bool()> notice);

 private:
  absl::Status Repeat(absl::FunctionRef<absl::Status()> call);
  absl::Status WithSession(absl::FunctionRef<absl::Status(std::string_view token)> call);
  absl::Status NotTwice(absl::FunctionRef<absl::Status(std::string_view token)> call);
  absl::StatusOr<std::string> Token();
  absl::Status OpenSession();
  void Forget(std::string_view token);

  const Options options_;
  absl::Mutex mutex_;
  std::string token_ ABSL_GUARDED_BY(mutex_);
  absl::Time expires_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace letterlock::client
