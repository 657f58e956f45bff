#include "server/mail/api/services.h"

#include <utility>

#include "api/attachment_methods.h"
#include "api/change_methods.h"
#include "api/contact_methods.h"
#include "api/device_methods.h"
#include "api/mail_methods.h"
#include "api/report_methods.h"
#include "letterlock/mail/v1/attachment_service.pb.h"
#include "letterlock/mail/v1/device_service.pb.h"
#include "letterlock/mail/v1/enrollment_service.pb.h"
#include "letterlock/mail/v1/mail_service.pb.h"
#include "letterlock/mail/v1/session_service.pb.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

// Streams of Fetch at a time, each with one message on its way; and what a reader may take over
// one.
constexpr std::size_t kMostFetches = 256;
constexpr absl::Duration kFetchStall = absl::Seconds(30);

std::unique_ptr<rpc::Service> Enrollment(const Parts& parts, const rpc::Service::Options& options) {
  auto service = std::make_unique<rpc::Service>("letterlock.mail.v1.EnrollmentService", options);
  service->Proof<v1::EnrollRequest, v1::EnrollResponse>(
      "Enroll",
      [parts](rpc::CallContext& call, const v1::EnrollRequest& request,
              v1::EnrollResponse* response) -> absl::Status {
        auto grant = parts.enrollment->Verify(request);
        if (!grant.ok()) return grant.status();
        if (absl::Status alive = call.CheckAlive(); !alive.ok()) return alive;
        auto enrolled = parts.mailboxes->Enroll(*grant, call.deadline());
        if (!enrolled.ok()) return enrolled.status();
        response->set_created(enrolled->created);
        response->set_entry_version(enrolled->entry_version);
        return absl::OkStatus();
      });
  return service;
}

std::unique_ptr<rpc::Service> Session(const Parts& parts, const rpc::Service::Options& options) {
  auto service = std::make_unique<rpc::Service>("letterlock.mail.v1.SessionService", options);
  service->Public<v1::CreateChallengeRequest, v1::CreateChallengeResponse>(
      "CreateChallenge",
      [parts](rpc::CallContext&, const v1::CreateChallengeRequest& request,
              v1::CreateChallengeResponse* response) -> absl::Status {
        auto created = parts.sessions->CreateChallenge(request);
        if (!created.ok()) return created.status();
        *response = *std::move(created);
        return absl::OkStatus();
      });
  service->Proof<v1::CreateSessionRequest, v1::CreateSessionResponse>(
      "CreateSession",
      [parts](rpc::CallContext& call, const v1::CreateSessionRequest& request,
              v1::CreateSessionResponse* response) -> absl::Status {
        auto opened = parts.sessions->Open(request, call.deadline());
        if (!opened.ok()) return opened.status();
        *response = *std::move(opened);
        return absl::OkStatus();
      });
  return service;
}

void BindReports(const Parts& parts, rpc::Service& service) {
  service.Session<v1::ReportRequest, v1::ReportResponse>(
      "Report", parts.authenticator,
      [parts](const MemberGrant& grant, rpc::CallContext& call, const v1::ReportRequest& request,
              v1::ReportResponse*) { return Report(*parts.reports, grant, call, request); });
  service.Session<v1::ListReportsRequest, v1::ListReportsResponse>(
      "ListReports", parts.authenticator,
      [parts](const MemberGrant& grant, rpc::CallContext& call,
              const v1::ListReportsRequest& request, v1::ListReportsResponse* response) {
        return ListReports(*parts.reports, grant, call, request, response);
      });
  service.Session<v1::DeleteReportRequest, v1::DeleteReportResponse>(
      "DeleteReport", parts.authenticator,
      [parts](const MemberGrant& grant, rpc::CallContext& call,
              const v1::DeleteReportRequest& request, v1::DeleteReportResponse*) {
        return DeleteReport(*parts.reports, grant, call, request);
      });
}

void BindContacts(const Parts& parts, rpc::Service& service) {
  service.Session<v1::RespondRequest, v1::RespondResponse>(
      "Respond", parts.authenticator,
      [parts](const MemberGrant& grant, rpc::CallContext& call, const v1::RespondRequest& request,
              v1::RespondResponse*) { return Respond(*parts.sender, grant, call, request); });
  service.Session<v1::BlockRequest, v1::BlockResponse>(
      "Block", parts.authenticator,
      [parts](const MemberGrant& grant, rpc::CallContext& call, const v1::BlockRequest& request,
              v1::BlockResponse*) { return Block(*parts.contacts, grant, call, request); });
  service.Session<v1::UnblockRequest, v1::UnblockResponse>(
      "Unblock", parts.authenticator,
      [parts](const MemberGrant& grant, rpc::CallContext& call, const v1::UnblockRequest& request,
              v1::UnblockResponse*) { return Unblock(*parts.contacts, grant, call, request); });
  service.Session<v1::ListBlocksRequest, v1::ListBlocksResponse>(
      "ListBlocks", parts.authenticator,
      [parts](const MemberGrant& grant, rpc::CallContext& call, const v1::ListBlocksRequest&,
              v1::ListBlocksResponse* response) {
        return ListBlocks(*parts.contacts, grant, call, response);
      });
  service.Session<v1::GetLimitsRequest, v1::GetLimitsResponse>(
      "GetLimits", parts.authenticator,
      [parts](const MemberGrant& grant, rpc::CallContext& call, const v1::GetLimitsRequest&,
              v1::GetLimitsResponse* response) {
        return GetLimits(*parts.contacts, grant, call, response);
      });
}

std::unique_ptr<rpc::Service> Mail(const Parts& parts, const rpc::Service::Options& options) {
  auto service = std::make_unique<rpc::Service>("letterlock.mail.v1.MailService", options);
  service->Session<v1::SendRequest, v1::SendResponse>(
      "Send", parts.authenticator,
      [parts](const MemberGrant& grant, rpc::CallContext& call, const v1::SendRequest& request,
              v1::SendResponse* response, rpc::Done done) {
        Send(*parts.sender, grant, call, request, response, std::move(done));
      });
  service->Session<v1::BatchGetRequest, v1::BatchGetResponse>(
      "BatchGet", parts.authenticator,
      [parts](const MemberGrant& grant, rpc::CallContext& call, const v1::BatchGetRequest& request,
              v1::BatchGetResponse* response) {
        return BatchGet(*parts.mailboxes, *parts.sender, grant, call, request, response);
      });
  service->Session<v1::ListRequest, v1::ListResponse>(
      "List", parts.authenticator,
      [parts](const MemberGrant& grant, rpc::CallContext& call, const v1::ListRequest& request,
              v1::ListResponse* response) {
        return List(*parts.mailboxes, *parts.sender, grant, call, request, response);
      });
  service->Session<v1::SyncRequest, v1::SyncResponse>(
      "Sync", parts.authenticator,
      [parts](const MemberGrant& grant, rpc::CallContext& call, const v1::SyncRequest& request,
              v1::SyncResponse* response) {
        return Sync(*parts.mailboxes, *parts.sender, *parts.changes, grant, call, request,
                    response);
      });
  service->Session<v1::UpdateRequest, v1::UpdateResponse>(
      "Update", parts.authenticator,
      [parts](const MemberGrant& grant, rpc::CallContext& call, const v1::UpdateRequest& request,
              v1::UpdateResponse* response) {
        return Update(*parts.mailboxes, *parts.changes, grant, call, request, response);
      });
  service->Session<v1::DeleteRequest, v1::DeleteResponse>(
      "Delete", parts.authenticator,
      [parts](const MemberGrant& grant, rpc::CallContext& call, const v1::DeleteRequest& request,
              v1::DeleteResponse* response) {
        return Delete(*parts.mailboxes, *parts.changes, grant, call, request, response);
      });
  service->Session<v1::ImportRequest, v1::ImportResponse>(
      "Import", parts.authenticator,
      [parts](const MemberGrant& grant, rpc::CallContext& call, const v1::ImportRequest& request,
              v1::ImportResponse* response) {
        return Import(*parts.importer, grant, call, request, response);
      });
  service->SessionStream<v1::FetchRequest, v1::FetchResponse>(
      "Fetch", parts.authenticator, {.most = kMostFetches, .stall = kFetchStall},
      [parts](const MemberGrant& grant, rpc::CallContext& call, const v1::FetchRequest& request,
              const Fetches::Stream& stream) {
        parts.fetches->Fetch(grant, call, request, stream);
      });
  service->SessionStream<v1::WatchRequest, v1::WatchResponse>(
      "Watch", parts.authenticator, {.most = parts.most_watches, .ok_at_stop = true},
      [parts](const MemberGrant& grant, rpc::CallContext& call, const v1::WatchRequest& request,
              const Watches::Stream& stream) {
        parts.watches->Watch(grant, call, request, stream);
      });
  BindContacts(parts, *service);
  BindReports(parts, *service);
  return service;
}

std::unique_ptr<rpc::Service> Attachment(const Parts& parts, const rpc::Service::Options& options) {
  auto service = std::make_unique<rpc::Service>("letterlock.mail.v1.AttachmentService", options);
  service->SessionIncoming<v1::UploadRequest, v1::UploadResponse>(
      "Upload", parts.authenticator, {.most = 64, .stall = absl::Seconds(30)},
      [parts](const MemberGrant& grant, rpc::CallContext&,
              const rpc::Incoming<v1::UploadRequest, v1::UploadResponse>& incoming) {
        UploadAttachment(*parts.attachments, grant, incoming);
      });
  service->Session<v1::GetUploadRequest, v1::GetUploadResponse>(
      "GetUpload", parts.authenticator,
      [parts](const MemberGrant& grant, rpc::CallContext& call, const v1::GetUploadRequest& request,
              v1::GetUploadResponse* response) {
        return GetUpload(*parts.attachments, grant, call, request, response);
      });
  service->SessionStream<v1::DownloadRequest, v1::DownloadResponse>(
      "Download", parts.authenticator, {.most = 256, .stall = absl::Seconds(30)},
      [parts](const MemberGrant& grant, rpc::CallContext& call, const v1::DownloadRequest& request,
              const rpc::Stream<v1::DownloadResponse>& stream) {
        DownloadAttachment(*parts.attachments, grant, call, request, stream);
      });
  return service;
}

std::unique_ptr<rpc::Service> Devices(const Parts& parts, const rpc::Service::Options& options) {
  auto service = std::make_unique<rpc::Service>("letterlock.mail.v1.DeviceService", options);
  service->Session<v1::ListDevicesRequest, v1::ListDevicesResponse>(
      "ListDevices", parts.authenticator,
      [parts](const MemberGrant& grant, rpc::CallContext& call, const v1::ListDevicesRequest&,
              v1::ListDevicesResponse* response) {
        return ListDevices(*parts.devices, grant, call, response);
      });
  service->Session<v1::RevokeDeviceRequest, v1::RevokeDeviceResponse>(
      "RevokeDevice", parts.authenticator,
      [parts](const MemberGrant& grant, rpc::CallContext& call,
              const v1::RevokeDeviceRequest& request, v1::RevokeDeviceResponse*) {
        return RevokeDevice(*parts.devices, grant, call, request);
      });
  service->Session<v1::PutKeyringRequest, v1::PutKeyringResponse>(
      "PutKeyring", parts.authenticator,
      [parts](const MemberGrant& grant, rpc::CallContext& call,
              const v1::PutKeyringRequest& request, v1::PutKeyringResponse*) {
        return PutKeyring(*parts.devices, grant, call, request);
      });
  service->Proof<v1::RecoverKeyringRequest, v1::RecoverKeyringResponse>(
      "RecoverKeyring",
      [parts](rpc::CallContext& call, const v1::RecoverKeyringRequest& request,
              v1::RecoverKeyringResponse* response) -> absl::Status {
        auto recovered = parts.sessions->Recover(request, call.deadline());
        if (!recovered.ok()) return recovered.status();
        *response = *std::move(recovered);
        return absl::OkStatus();
      });
  return service;
}

}  // namespace

std::vector<std::unique_ptr<rpc::Service>> MakeServices(const Parts& parts,
                                                        const rpc::Service::Options& options) {
  std::vector<std::unique_ptr<rpc::Service>> services;
  services.push_back(Enrollment(parts, options));
  services.push_back(Session(parts, options));
  services.push_back(Mail(parts, options));
  services.push_back(Attachment(parts, options));
  services.push_back(Devices(parts, options));
  return services;
}

}  // namespace letterlock::mail
