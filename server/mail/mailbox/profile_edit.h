// Changes what a mailbox stands on. Private to server/mail.
#pragma once

#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/vault/mailbox_keys.h"
#include "engine/row.h"
#include "mailbox/lane.h"
#include "server/mail/mailbox/rows.h"

namespace letterlock::mail {

// Changes the profile and adds to the batch what goes with it. Runs under the lane's lock, perhaps
// several times, each on the state of its time; an error ends the edit.
using ProfileEdit = absl::FunctionRef<absl::Status(Profile& profile, const vault::MailboxKeys& keys,
                                                   engine::Batch& batch)>;

// One atomic, durable write of the profile with its batch; none where all is on disk as it should
// be. Gives way to other writers of the mailbox, and tries again after a write that may have
// failed: the edit then finds what it did before, or does not. `queued` is called, without a lock,
// when a write is with the engine. Returns whether anything was written; the edit's error; errors
// of writing as WriteError gives them. Blocks on disk.
absl::StatusOr<bool> EditProfile(const std::shared_ptr<Lane>& lane, absl::Time deadline,
                                 ProfileEdit edit, absl::FunctionRef<void()> queued);

}  // namespace letterlock::mail
