// A mailbox's contact rows: read, remembered in its lane, changed. Private to server/mail.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mailbox/lane.h"

namespace letterlock::mail {

// What was found of a contact outside the lane's lock.
struct FoundContact {
  std::uint64_t incarnation = 0;  // of the lane: outdated when it has changed
  std::string row_key;
  // What the lane remembers, or the row holds.
  std::optional<Contact> read{};  // absent only where whoever found it knew that the lane has it
  engine::Generation read_at = engine::kNoPartition;
};

// The contact that a row holds, or that there is none of yet. DATA_LOSS where it is another's.
absl::StatusOr<Contact> OpenContact(const vault::MailboxKeys& keys, const std::string& row_key,
                                    const crypto::MemberId& member,
                                    const std::optional<std::string>& sealed);

// Loads the lane and reads what it does not remember. Blocks on disk.
absl::StatusOr<FoundContact> FindContact(Lane& lane, const crypto::MemberId& member,
                                         absl::Time deadline);

// The lane's own entry; nullptr where what was found is outdated: find it anew. REQUIRES:
// lane.view(), which `found` is of.
ContactCache::Entry* EntryOf(Lane& lane, const crypto::MemberId& member, const FoundContact& found)
    ABSL_EXCLUSIVE_LOCKS_REQUIRED(lane.mu);

// A message of hers is deleted: her share shrinks. Adds the row to a batch that is queued under
// this very lock. REQUIRES: EntryOf(lane, member, found) was not nullptr, under this lock.
void PutContactWithout(Lane& lane, const crypto::MemberId& member, std::uint64_t size,
                       engine::Batch* batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(lane.mu);

// Adds the row to a batch that is queued under this very lock, with view()->next still to come.
void PutContact(const Lane::View& view, ContactCache::Entry* entry, engine::Batch* batch);

// One atomic change of a contact and what goes with it. `edit` runs under the lane's lock, perhaps
// several times, each on the state of its time; it changes contact and view and adds rows to the
// batch, or returns false, or an error, and has changed nothing. Contact and counters are added
// behind it. Returns whether anything was written, durably. Errors of writing are those of
// WriteError.
using ContactEdit = absl::FunctionRef<absl::StatusOr<bool>(Lane::View&, Contact&, engine::Batch&)>;
absl::StatusOr<bool> EditContact(const std::shared_ptr<Lane>& lane, const crypto::MemberId& member,
                                 absl::Time deadline, ContactEdit edit);

// Moves her requests to the inbox, archived where `archive`. Idempotent.
absl::Status MoveRequests(const std::shared_ptr<Lane>& lane, const crypto::MemberId& member,
                          bool archive, absl::Time deadline);

}  // namespace letterlock::mail
