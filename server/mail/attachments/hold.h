// Some attachments of one mailbox, read in order to be changed: while a hold lives, nobody else
// changes these (docs/mail-server.md, "Attachments"). Private to server/mail.
//
//   auto hold = AttachmentHold::Take(lane, hashes, deadline);
//   ... under the lane's lock, where IsCurrent(): hold->AddReferences(*view, batch); ...
//   ... the callback of the write keeps the hold until the engine has answered ...
//
// A hold is for one write of these rows after the other, each answered before the next. Not
// thread-safe; the lane is.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "attachments/attachment_rows.h"
#include "crypto/base/hash.h"
#include "engine/row.h"
#include "mailbox/lane.h"

namespace letterlock::mail {

class AttachmentHold {
 public:
  // Blocks on disk, and for a moment on another's hold. ABORTED, BUSY where that lasts; errors of
  // reading. REQUIRES: each hash once.
  static absl::StatusOr<std::shared_ptr<AttachmentHold>> Take(
      std::shared_ptr<Lane> lane, absl::Span<const crypto::Digest> hashes, absl::Time deadline);
  ~AttachmentHold();
  AttachmentHold(const AttachmentHold&) = delete;
  AttachmentHold& operator=(const AttachmentHold&) = delete;

  // One for each hash, in order.
  struct Item {
    crypto::Digest hash{};
    std::string row_key;
    std::optional<AttachmentRecord> record;  // as stored, or as the last write made it
  };
  std::vector<Item>& items() { return items_; }
  const std::vector<Item>& items() const { return items_; }
  Lane& lane() const { return *lane_; }

  std::uint64_t incarnation() const { return incarnation_; }
  // Whether what was read still holds: no write of the mailbox failed since. If not, take it again.
  bool IsCurrent() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(lane_->mu) {
    return lane_->view() != nullptr && lane_->incarnation() == incarnation_;
  }

  // Adds to a batch that the mailbox's `view` is about to queue what another message that names all
  // of these changes. REQUIRES: each Usable().
  void AddReferences(Lane::View& view, engine::Batch& batch);
  // ... what the end of a message that names these of them (their hashes' bytes) changes: what no
  // message holds any more is let go, to be removed then (removal.h). Those that are not there are
  // left out. The counters' row is the caller's to put. Such writes may be queued one behind the
  // other.
  void DropReferences(const std::vector<std::string>& hashes, Lane::View& view,
                      engine::Batch& batch);
  // Lets one go that no message holds: from here on it counts no more. The counters' row is put.
  // REQUIRES: the record is there and is not held by messages or NOBODY.
  void LetGo(Item& item, Lane::View& view, engine::Batch& batch);

  // Puts a record, in its new form, with its expiry; the old one's expiry goes.
  static void Put(Item& item, const AttachmentRecord& changed, const vault::MailboxKeys& keys,
                  engine::Batch& batch);
  // The counters' row, after they were changed.
  static void PutCounters(const Lane::View& view, engine::Batch& batch);

  // Makes a batch under the lane's lock; an error ends the write before anything is changed.
  using Fill = absl::FunctionRef<absl::Status(Lane::View&, engine::Batch&)>;
  // Queues one write. `then` gets the answer, which the hold outlives: ABORTED, BUSY where it is
  // not current; an error of `fill`; as WriteError (engine_calls.h). At once, or on a thread of the
  // engine, where it must not block. After an error the hold is of no use any more.
  static void WriteThen(const std::shared_ptr<AttachmentHold>& hold, Fill fill,
                        absl::AnyInvocable<void(absl::Status) &&> then);
  // The same, waiting.
  static absl::Status Write(const std::shared_ptr<AttachmentHold>& hold, absl::Time deadline,
                            Fill fill);

 private:
  AttachmentHold(std::shared_ptr<Lane> lane) : lane_(std::move(lane)) {}
  // Takes `then` where the answer is OK.
  absl::Status Queue(const std::shared_ptr<AttachmentHold>& hold, Fill fill,
                     absl::AnyInvocable<void(absl::Status) &&>& then);
  absl::Status Reserve(absl::Time deadline);
  absl::Status Read(const vault::MailboxKeys& keys, absl::Time deadline);

  const std::shared_ptr<Lane> lane_;
  std::vector<Item> items_;
  std::uint64_t incarnation_ = 0;
  bool reserved_ = false;
};

absl::Status AttachmentBusy();

}  // namespace letterlock::mail
