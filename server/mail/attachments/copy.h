// Private to the attachments part: an attachment on its way into the recipient's mailbox.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "attachments/shared.h"
#include "mailbox/lane.h"

namespace letterlock::mail {

// As Attachments::Copy, of one. Blocks on disk.
absl::Status CopyAttachment(const Attachments::Shared& shared, const std::shared_ptr<Lane>& from,
                            const std::shared_ptr<Lane>& to, const crypto::Digest& hash,
                            absl::Time deadline);

// Lets go and removes what CopyAttachment left in the mailbox, unless a message holds it.
absl::Status DropCopy(const std::shared_ptr<Lane>& lane, const crypto::Digest& hash,
                      absl::Time deadline);

}  // namespace letterlock::mail
