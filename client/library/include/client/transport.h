// The calls that a client makes, without how they are made: the gRPC transports below, or a fake in
// a test. Each call is one attempt with its own deadline; repeating is the caller's (retry.h).
// Errors are the server's, with the reason and RetryInfo that server/rpc/status.h reads.
// Thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/config.h"
#include "crypto/base/hash.h"
#include "crypto/base/ids.h"

namespace letterlock::directory::v1 {
class EntryProof;
class SignedEntry;
}  // namespace letterlock::directory::v1

namespace letterlock::mail::v1 {
class BlockRequest;
class BlockResponse;
class DeleteReportRequest;
class DeleteReportResponse;
class DeleteRequest;
class ListDevicesRequest;
class ListDevicesResponse;
class RevokeDeviceRequest;
class RevokeDeviceResponse;
class ImportRequest;
class ImportResponse;
class DeleteResponse;
class GetLimitsRequest;
class GetLimitsResponse;
class ListBlocksRequest;
class ListBlocksResponse;
class ListReportsRequest;
class ListReportsResponse;
class ReportRequest;
class ReportResponse;
class RespondRequest;
class RespondResponse;
class UnblockRequest;
class UnblockResponse;
class UpdateRequest;
class UpdateResponse;
class WatchRequest;
class BatchGetRequest;
class BatchGetResponse;
class CreateChallengeRequest;
class CreateChallengeResponse;
class CreateSessionRequest;
class CreateSessionResponse;
class EnrollRequest;
class EnrollResponse;
class PutKeyringRequest;
class PutKeyringResponse;
class RecoverKeyringRequest;
class RecoverKeyringResponse;
class SendRequest;
class SendResponse;
class SyncRequest;
class SyncResponse;
}  // namespace letterlock::mail::v1

namespace letterlock::client {

// Answers are the operator's claims: nothing is verified here.
class DirectoryTransport {
 public:
  virtual ~DirectoryTransport() = default;

  virtual absl::Status Lookup(const crypto::Handle& handle, directory::v1::EntryProof* proof) = 0;
  // The entries before the handle's newest, from version `from` (at least 1) on, oldest first; a
  // page of them, empty behind the last.
  virtual absl::Status History(const crypto::Handle& handle, std::uint64_t from,
                               std::vector<directory::v1::SignedEntry>* entries) = 0;
  virtual absl::Status Publish(const directory::v1::SignedEntry& entry,
                               directory::v1::EntryProof* proof) = 0;
  virtual absl::StatusOr<std::vector<crypto::Digest>> ConsistencyProof(std::uint64_t old_size,
                                                                       std::uint64_t new_size) = 0;
};

// `token` is a session's, as CreateSession gave it.
class MailTransport {
 public:
  virtual ~MailTransport() = default;

  virtual absl::Status Enroll(const mail::v1::EnrollRequest& request,
                              mail::v1::EnrollResponse* response) = 0;
  virtual absl::Status CreateChallenge(const mail::v1::CreateChallengeRequest& request,
                                       mail::v1::CreateChallengeResponse* response) = 0;
  virtual absl::Status CreateSession(const mail::v1::CreateSessionRequest& request,
                                     mail::v1::CreateSessionResponse* response) = 0;
  virtual absl::Status Send(std::string_view token, const mail::v1::SendRequest& request,
                            mail::v1::SendResponse* response) = 0;
  virtual absl::Status BatchGet(std::string_view token, const mail::v1::BatchGetRequest& request,
                                mail::v1::BatchGetResponse* response) = 0;
  virtual absl::Status Sync(std::string_view token, const mail::v1::SyncRequest& request,
                            mail::v1::SyncResponse* response) = 0;

  // A transport that does not speak these says UNIMPLEMENTED.
  virtual absl::Status Update(std::string_view token, const mail::v1::UpdateRequest& request,
                              mail::v1::UpdateResponse* response);
  virtual absl::Status Delete(std::string_view token, const mail::v1::DeleteRequest& request,
                              mail::v1::DeleteResponse* response);
  virtual absl::Status Import(std::string_view token, const mail::v1::ImportRequest& request,
                              mail::v1::ImportResponse* response);
  virtual absl::Status Respond(std::string_view token, const mail::v1::RespondRequest& request,
                               mail::v1::RespondResponse* response);
  virtual absl::Status Block(std::string_view token, const mail::v1::BlockRequest& request,
                             mail::v1::BlockResponse* response);
  virtual absl::Status Unblock(std::string_view token, const mail::v1::UnblockRequest& request,
                               mail::v1::UnblockResponse* response);
  virtual absl::Status ListBlocks(std::string_view token,
                                  const mail::v1::ListBlocksRequest& request,
                                  mail::v1::ListBlocksResponse* response);
  virtual absl::Status GetLimits(std::string_view token, const mail::v1::GetLimitsRequest& request,
                                 mail::v1::GetLimitsResponse* response);
  virtual absl::Status ListDevices(std::string_view token,
                                   const mail::v1::ListDevicesRequest& request,
                                   mail::v1::ListDevicesResponse* response);
  virtual absl::Status RevokeDevice(std::string_view token,
                                    const mail::v1::RevokeDeviceRequest& request,
                                    mail::v1::RevokeDeviceResponse* response);
  virtual absl::Status PutKeyring(std::string_view token,
                                  const mail::v1::PutKeyringRequest& request,
                                  mail::v1::PutKeyringResponse* response);
  // Without a session: the recovery key's signature is in the request.
  virtual absl::Status RecoverKeyring(const mail::v1::RecoverKeyringRequest& request,
                                      mail::v1::RecoverKeyringResponse* response);

  virtual absl::Status Report(std::string_view token, const mail::v1::ReportRequest& request,
                              mail::v1::ReportResponse* response);
  virtual absl::Status ListReports(std::string_view token,
                                   const mail::v1::ListReportsRequest& request,
                                   mail::v1::ListReportsResponse* response);
  virtual absl::Status DeleteReport(std::string_view token,
                                    const mail::v1::DeleteReportRequest& request,
                                    mail::v1::DeleteReportResponse* response);

  // Blocks while the stream lasts; calls `notice` for each notice, and ends the stream when that
  // says false or when no more than `most` has passed. OK where the server ended it, too.
  virtual absl::Status Watch(std::string_view token, const mail::v1::WatchRequest& request,
                             absl::Duration most, absl::FunctionRef<bool()> notice);

  // The name that was dialled and that the certificate was checked for.
  virtual const std::string& server_name() const = 0;
};

// Over TLS 1.3 to the one server that the endpoint names. INVALID_ARGUMENT where its files won't
// do.
absl::StatusOr<std::unique_ptr<DirectoryTransport>> ConnectDirectory(const Endpoint& endpoint);
absl::StatusOr<std::unique_ptr<MailTransport>> ConnectMail(const Endpoint& endpoint);

}  // namespace letterlock::client
