// The methods of MailService that change messages and follow changes: what of a request is refused
// before a mailbox is opened, and how results become responses. Private to api.
#pragma once

#include "absl/status/status.h"
#include "letterlock/mail/v1/mail_service.pb.h"
#include "server/mail/mailbox/mailboxes.h"
#include "server/mail/send/importer.h"
#include "server/mail/send/sender.h"
#include "server/mail/sync/changes.h"
#include "server/rpc/call_context.h"

namespace letterlock::mail {

absl::Status Update(Mailboxes& mailboxes, const Changes& changes, const MemberGrant& grant,
                    rpc::CallContext& call, const v1::UpdateRequest& request,
                    v1::UpdateResponse* response);

absl::Status Delete(Mailboxes& mailboxes, const Changes& changes, const MemberGrant& grant,
                    rpc::CallContext& call, const v1::DeleteRequest& request,
                    v1::DeleteResponse* response);

absl::Status Sync(Mailboxes& mailboxes, Sender& sender, const Changes& changes,
                  const MemberGrant& grant, rpc::CallContext& call, const v1::SyncRequest& request,
                  v1::SyncResponse* response);

absl::Status Import(Importer& importer, const MemberGrant& grant, rpc::CallContext& call,
                    const v1::ImportRequest& request, v1::ImportResponse* response);

}  // namespace letterlock::mail
