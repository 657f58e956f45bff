// MoveRequests: how first contacts get from the requests to the inbox.
#include <string>
#include <utility>
#include <vector>

#include "mailbox/contacts.h"
#include "mailbox/found_messages.h"
#include "mailbox/reservation.h"
#include "server/mail/mailbox/engine_calls.h"

namespace letterlock::mail {
namespace {

constexpr int kMostAttempts = 8;

}  // namespace

absl::Status MoveRequests(const std::shared_ptr<Lane>& lane, const crypto::MemberId& member,
                          bool archive, absl::Time deadline) {
  for (int look_again = 0; look_again < kMostAttempts; ++look_again) {
    std::vector<std::string> row_keys;
    const auto look = [&](Lane::View&, Contact& contact, engine::Batch&) -> absl::StatusOr<bool> {
      row_keys = contact.requests;
      return false;
    };
    auto looked = EditContact(lane, member, deadline, look);
    if (!looked.ok()) return looked.status();
    if (row_keys.empty()) return absl::OkStatus();
    // The owner may be marking or deleting some: one at a time.
    auto reserved = Reservation::Take(lane, row_keys, deadline);
    if (!reserved.ok()) return reserved.status();

    FoundMessages found;
    const auto move = [&](Lane::View& view, Contact& contact, engine::Batch& batch)
                          ABSL_EXCLUSIVE_LOCKS_REQUIRED(lane->mu) -> absl::StatusOr<bool> {
      if (contact.requests != row_keys) return false;
      if (lane->incarnation() != found.incarnation) return absl::AbortedError("read again");
      for (const FoundMessage& message : found.messages) {
        if (!message.known || message.delivery.deleted) continue;
        Flags flags = message.flags;
        flags.folder = v1::FOLDER_INBOX;
        flags.archived |= archive;
        PutFlags(view, message.delivery.sequence, std::move(flags), &batch);
      }
      contact.requests.clear();
      return true;
    };
    // An earlier attempt may have been written: each one reads anew.
    for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
      auto read = FindMessages(*lane, row_keys, deadline);
      if (!read.ok()) return read.status();
      found = *std::move(read);
      auto moved = EditContact(lane, member, deadline, move);
      if (absl::IsAborted(moved.status())) continue;
      if (!moved.ok()) return moved.status();
      if (*moved) return absl::OkStatus();
      break;  // other requests than those: look again
    }
  }
  return WriteError(absl::AbortedError("too many attempts"));
}

}  // namespace letterlock::mail
