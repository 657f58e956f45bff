// The gRPC services of the mail server over its parts: requests to calls, results to responses.
#pragma once

#include <memory>
#include <vector>

#include "server/mail/attachments/attachments.h"
#include "server/mail/contacts/contacts.h"
#include "server/mail/devices/device_registry.h"
#include "server/mail/enroll/enrollment.h"
#include "server/mail/mailbox/mailboxes.h"
#include "server/mail/reports/reports.h"
#include "server/mail/send/importer.h"
#include "server/mail/send/sender.h"
#include "server/mail/session/sessions.h"
#include "server/mail/sync/changes.h"
#include "server/mail/sync/fetches.h"
#include "server/mail/sync/watches.h"
#include "server/rpc/service.h"

namespace letterlock::mail {

// None is owned; all outlive the services.
struct Parts {
  Mailboxes* mailboxes = nullptr;
  Sender* sender = nullptr;
  const Changes* changes = nullptr;
  Watches* watches = nullptr;
  Fetches* fetches = nullptr;
  Importer* importer = nullptr;
  // Watch streams at a time, of all members.
  std::size_t most_watches = 4096;
  Contacts* contacts = nullptr;
  Reports* reports = nullptr;
  DeviceRegistry* devices = nullptr;
  Sessions* sessions = nullptr;
  TokenAuthenticator* authenticator = nullptr;
  const EnrollmentVerifier* enrollment = nullptr;
  Attachments* attachments = nullptr;
};

// EnrollmentService, SessionService, MailService, AttachmentService and DeviceService, every method
// bound.
std::vector<std::unique_ptr<rpc::Service>> MakeServices(const Parts& parts,
                                                        const rpc::Service::Options& options);

}  // namespace letterlock::mail
