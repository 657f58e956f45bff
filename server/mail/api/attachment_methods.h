// The methods of AttachmentService: streams of requests and responses to calls on attachments.
// Private to api.
#pragma once

#include "absl/status/status.h"
#include "letterlock/mail/v1/attachment_service.pb.h"
#include "server/mail/attachments/attachments.h"
#include "server/rpc/service.h"

namespace letterlock::mail {

void UploadAttachment(Attachments& attachments, const MemberGrant& grant,
                      const rpc::Incoming<v1::UploadRequest, v1::UploadResponse>& incoming);

absl::Status GetUpload(Attachments& attachments, const MemberGrant& grant, rpc::CallContext& call,
                       const v1::GetUploadRequest& request, v1::GetUploadResponse* response);

void DownloadAttachment(Attachments& attachments, const MemberGrant& grant, rpc::CallContext& call,
                        const v1::DownloadRequest& request,
                        const rpc::Stream<v1::DownloadResponse>& stream);

}  // namespace letterlock::mail
