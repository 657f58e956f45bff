// The attachments of one message on its way: held in the sender's mailbox, copied into the
// recipient's, held there, while the message's own rows are written. Private to the send part.
//
// Blocks on disk, but for what takes a view. Not thread-safe: it belongs to one operation.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "attachments/hold.h"
#include "crypto/base/hash.h"
#include "engine/row.h"
#include "mailbox/lane.h"
#include "server/mail/attachments/attachments.h"

namespace letterlock::mail {

class AttachedFiles {
 public:
  // `attachments` is not owned and outlives this; it may be nullptr where there are no hashes.
  AttachedFiles(Attachments* attachments, std::vector<crypto::Digest> hashes)
      : attachments_(attachments), hashes_(std::move(hashes)) {}

  bool empty() const { return hashes_.empty(); }
  const std::vector<crypto::Digest>& hashes() const { return hashes_; }
  Attachments& attachments() const { return *attachments_; }

  // FAILED_PRECONDITION, ATTACHMENT_MISSING with the field, unless all are complete there; ABORTED,
  // BUSY. What was held before is let go first.
  absl::Status HoldSenders(const std::shared_ptr<Lane>& from, absl::Time deadline);
  // Copies what is lacking, as Attachments::Copy, and holds all.
  absl::Status CopyAndHold(const std::shared_ptr<Lane>& from, const std::shared_ptr<Lane>& to,
                           absl::Time deadline);
  // Removes in the background what a message that was refused has left in the recipient's mailbox.
  void DropCopies(const std::shared_ptr<Lane>& to);

  // Under the lanes' locks: whether what is held is as it was read, with the lanes' incarnations.
  bool SendersAreCurrent(std::uint64_t incarnation) const {
    return empty() || (from_ != nullptr && from_->incarnation() == incarnation);
  }
  bool RecipientsAreCurrent(std::uint64_t incarnation) const {
    return empty() || (to_ != nullptr && to_->incarnation() == incarnation);
  }
  void AddToSenders(Lane::View& view, engine::Batch& batch) {
    if (!empty()) from_->AddReferences(view, batch);
  }
  void AddToRecipients(Lane::View& view, engine::Batch& batch) {
    if (!empty()) to_->AddReferences(view, batch);
  }

  // Of ciphertext; 0 while none are held.
  std::uint64_t bytes() const;

  // The write was answered, or there is none. Takes the lanes' locks.
  void Release() {
    from_.reset();
    to_.reset();
  }
  void ReleaseRecipients() { to_.reset(); }

 private:
  Attachments* const attachments_;
  const std::vector<crypto::Digest> hashes_;
  std::shared_ptr<AttachmentHold> from_;
  std::shared_ptr<AttachmentHold> to_;
};

}  // namespace letterlock::mail
