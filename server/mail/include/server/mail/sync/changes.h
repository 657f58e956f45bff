// What becomes of messages after they arrived, and how a member's devices follow it
// (docs/mail-server.md, "Changes and devices").
//
// Thread-safe. Methods block on disk; call them from a pool.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "crypto/base/clock.h"
#include "letterlock/mail/v1/mail_service.pb.h"
#include "server/mail/attachments/attachments.h"
#include "server/mail/fault_points.h"
#include "server/mail/mailbox/mailbox.h"

namespace letterlock::mail {

inline constexpr std::size_t kMaxChangesAtOnce = 100;  // messages of one Update or Delete
inline constexpr std::size_t kMaxSyncChanges = 500;
inline constexpr std::size_t kDefaultSyncChanges = 200;

// What is to become of one message; what is not named stays.
struct MessageUpdate {
  MessageName name;
  std::optional<bool> read{};
  std::optional<bool> archived{};
  // Of the form that mailbox.proto says, none in both.
  std::vector<std::string> add_labels{};
  std::vector<std::string> remove_labels{};
};

class Changes {
 public:
  struct Options {
    // Deletions are remembered for so long; then devices that did not hear of them start again.
    absl::Duration retention = absl::Hours(30 * 24);
    // Removes what deleted messages no longer hold; nullptr: that waits for the owner's next
    // upload.
    Attachments* attachments = nullptr;  // neither is owned; both outlive this
    FaultPoints* points = nullptr;       // nullptr: none
  };

  // `clock` is not owned and outlives this.
  Changes(const Options& options, const crypto::Clock& clock) : options_(options), clock_(clock) {}

  // Each message is one atomic change. The new states, in order; nothing where the mailbox holds no
  // such message. INVALID_ARGUMENT, TOO_MANY: a message would have more than kMaxLabels; nothing
  // was changed. After any other error each message may or may not be changed, and repeating is
  // safe: ABORTED, BUSY; RESOURCE_EXHAUSTED, OVERLOADED; UNAVAILABLE; DEADLINE_EXCEEDED. REQUIRES:
  // at most kMaxChangesAtOnce, each message once.
  absl::StatusOr<std::vector<std::optional<v1::MessageState>>> Update(
      const Mailbox& mailbox, absl::Span<const MessageUpdate> updates, absl::Time deadline) const;

  // Likewise. Whether the mailbox held the message.
  absl::StatusOr<std::vector<bool>> Delete(const Mailbox& mailbox,
                                           absl::Span<const MessageName> names,
                                           absl::Time deadline) const;

  struct Page {
    std::vector<v1::Change> changes;  // at most one for each message
    std::string token;
    bool more = false;
  };
  // What changed since `token` (empty: everything), at most `most` of it (1 to kMaxSyncChanges).
  // INVALID_ARGUMENT, PAGE_TOKEN: the token is not this mailbox's. FAILED_PRECONDITION, RESYNC: it
  // is of a state that the mailbox can't tell the way from.
  absl::StatusOr<Page> Sync(const Mailbox& mailbox, std::string_view token, std::size_t most,
                            absl::Time deadline) const;

 private:
  void Reached(std::string_view where) const {
    if (options_.points != nullptr) options_.points->Reached(where);
  }
  // Forgets a few deletions that are old enough, behind the caller's back: no answer waits for it.
  void Forget(const std::shared_ptr<Lane>& lane, absl::Time deadline) const;

  const Options options_;
  const crypto::Clock& clock_;
};

}  // namespace letterlock::mail
