// The methods of MailService about other members and limits, as mail_methods.h. Private to api.
#pragma once

#include "absl/status/status.h"
#include "letterlock/mail/v1/mail_service.pb.h"
#include "server/mail/contacts/contacts.h"
#include "server/mail/send/sender.h"
#include "server/rpc/service.h"

namespace letterlock::mail {

absl::Status Respond(Sender& sender, const MemberGrant& grant, rpc::CallContext& call,
                     const v1::RespondRequest& request);
absl::Status Block(Contacts& contacts, const MemberGrant& grant, rpc::CallContext& call,
                   const v1::BlockRequest& request);
absl::Status Unblock(Contacts& contacts, const MemberGrant& grant, rpc::CallContext& call,
                     const v1::UnblockRequest& request);
absl::Status ListBlocks(Contacts& contacts, const MemberGrant& grant, rpc::CallContext& call,
                        v1::ListBlocksResponse* response);
absl::Status GetLimits(Contacts& contacts, const MemberGrant& grant, rpc::CallContext& call,
                       v1::GetLimitsResponse* response);

}  // namespace letterlock::mail
