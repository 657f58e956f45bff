#include "server/mail/mailbox/mailbox.h"

#include <utility>

#include "mailbox/found_messages.h"
#include "mailbox/lane.h"
#include "server/mail/mailbox/dropbox.h"

namespace letterlock::mail {

const crypto::MemberId& Mailbox::owner() const { return lane_->member(); }
const crypto::MemberId& Dropbox::owner() const { return lane_->member(); }

absl::StatusOr<std::vector<v1::MailboxMessage>> Mailbox::Get(absl::Span<const MessageName> names,
                                                             absl::Time deadline) const {
  auto keys = KeysOf(*lane_, deadline);
  if (!keys.ok()) return keys.status();
  std::vector<std::string> row_keys;
  for (const MessageName& name : names) {
    row_keys.push_back((*keys)->MessageRowKey(name.sender, name.id));
  }
  auto found = FindMessages(*lane_, row_keys, deadline, /*with_messages=*/true);
  if (!found.ok()) return found.status();
  std::vector<v1::MailboxMessage> messages(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (found->messages[i].message) messages[i] = *std::move(found->messages[i].message);
  }
  return messages;
}

}  // namespace letterlock::mail
