// What changed in the own mailbox since a token, in one piece (docs/client.md, "The local cache").
// Private to the library.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "cache/message_table.h"
#include "client/mail_client.h"
#include "letterlock/mail/v1/mail_service.pb.h"

namespace letterlock::client {

struct MailboxChanges {
  std::map<MessageKey, mail::v1::MessageSummary> present;  // as they are now
  std::set<MessageKey> destroyed;
  std::string token;
  // The server could not tell the changes: `present` is all that there is, and what is not in it is
  // no more.
  bool from_start = false;
  std::size_t nonsense = 0;  // what the server listed that is no message
};

// Follows Sync to its end. Verification failed where it does not end.
absl::StatusOr<MailboxChanges> CollectChanges(MailClient& mail, const std::string& token);

}  // namespace letterlock::client
