// What a mailbox holds of some messages, and how a change of one is written. Private to
// server/mail.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "engine/row.h"
#include "mailbox/lane.h"
#include "server/mail/mailbox/change_rows.h"
#include "server/mail/mailbox/rows.h"

namespace letterlock::mail {

struct FoundMessage {
  bool known = false;  // there is a delivery row
  Delivery delivery;
  Flags flags;
  // Where asked for; nothing where it was deleted. Its state is the present one.
  std::optional<v1::MailboxMessage> message;
};

struct FoundMessages {
  std::uint64_t incarnation = 0;  // of the lane: what was read may be outdated when it has changed
  KeyRing::Keys keys;
  std::vector<FoundMessage> messages;  // in the order asked for
};

// Reads delivery and flags rows of up to engine::kMaxReadKeys messages, by row key, and their
// messages where `with_messages`. Blocks on disk. DATA_LOSS where a message is not there although
// nobody deleted it.
absl::StatusOr<FoundMessages> FindMessages(Lane& lane, absl::Span<const std::string> row_keys,
                                           absl::Time deadline, bool with_messages = false);

// The messages of these sequences in their present state, nothing where there is none. REQUIRES: at
// most engine::kMaxReadKeys.
absl::StatusOr<std::vector<std::optional<v1::MailboxMessage>>> ReadMessages(
    Lane& lane, const vault::MailboxKeys& keys, absl::Span<const std::uint64_t> sequences,
    absl::Time deadline);

// The row as a message, in the state of the row itself. Takes the sequence from the key.
absl::StatusOr<v1::MailboxMessage> OpenMessage(const vault::MailboxKeys& keys,
                                               const engine::Row& row);
v1::MessageSummary SummaryOf(v1::MailboxMessage message);

// Whether a row of table 0x07 was sealed for its place.
absl::Status OpenThread(const vault::MailboxKeys& keys, const engine::Row& row);

// The messages of a page of table 0x04, of either direction, in their present state.
absl::StatusOr<std::vector<v1::MailboxMessage>> OpenMessages(Lane& lane,
                                                             const vault::MailboxKeys& keys,
                                                             const engine::Page& page,
                                                             absl::Time deadline);

// UNSPECIFIED: everything; FOLDER_ARCHIVE: what is archived, which no other folder shows.
bool IsListedUnder(v1::Folder folder, const v1::MessageState& state);

// The keys; loads the lane.
absl::StatusOr<KeyRing::Keys> KeysOf(Lane& lane, absl::Time deadline);

// Adds to a batch what changes a message that is there: its flags, and a change row of the next
// number in the place of an older one. The counters, which count that number, are the caller's to
// add. `flags` as they were read, but for what changes.
// REQUIRES: the lane's lock, a reservation.
void PutFlags(Lane::View& view, std::uint64_t sequence, Flags flags, engine::Batch* batch);
// The same, and the counters.
void PutChange(Lane::View& view, std::uint64_t sequence, Flags flags, engine::Batch* batch);

}  // namespace letterlock::mail
