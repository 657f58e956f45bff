// The methods of MailService: what of a request is refused before a mailbox is opened, and how
// results become responses. Private to api.
#pragma once

#include "absl/status/status.h"
#include "letterlock/mail/v1/mail_service.pb.h"
#include "server/mail/mailbox/mailboxes.h"
#include "server/mail/send/sender.h"
#include "server/rpc/service.h"

namespace letterlock::mail {

void Send(Sender& sender, const MemberGrant& grant, rpc::CallContext& call,
          const v1::SendRequest& request, v1::SendResponse* response, rpc::Done done);

absl::Status BatchGet(Mailboxes& mailboxes, Sender& sender, const MemberGrant& grant,
                      rpc::CallContext& call, const v1::BatchGetRequest& request,
                      v1::BatchGetResponse* response);

absl::Status List(Mailboxes& mailboxes, Sender& sender, const MemberGrant& grant,
                  rpc::CallContext& call, const v1::ListRequest& request,
                  v1::ListResponse* response);

}  // namespace letterlock::mail
