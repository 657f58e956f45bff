// Removing attachments that no message holds: those that were let go, and those that expired. Each
// call does a bounded part; what is left waits for the next one. Private to server/mail. Blocks on
// disk.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "attachments/hold.h"
#include "mailbox/lane.h"

namespace letterlock::mail {

// Removes all rows of the hold's attachments that NOBODY holds; others are left alone. Their items
// have no record then.
absl::Status RemoveLetGo(const std::shared_ptr<AttachmentHold>& hold, absl::Time deadline);

// Lets some of what has expired go and removes some of what was let go: at most a dozen
// attachments. True where there may be more.
absl::StatusOr<bool> RemoveExpired(const std::shared_ptr<Lane>& lane, std::uint64_t now_unix_ms,
                                   absl::Time deadline);

}  // namespace letterlock::mail
