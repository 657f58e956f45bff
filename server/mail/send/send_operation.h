// One message on its way from the sender's mailbox to the recipient's: looks whether it was sent
// before, writes, writes again after an abort, answers once (docs/mail-server.md, "Send"). Private
// to the send part.
//
// While it runs it holds the message's place in the sender's lane (Lane::sending), so nobody else
// writes this message's rows; a second call with the same id waits here for the first one's
// outcome.
//
// Lives in its own callbacks. Thread-safe: one thread at a time works on it (pool, then engine,
// then pool); only waiters and the PENDING alarm come from elsewhere, and `mu_` is theirs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "crypto/base/hash.h"
#include "engine/row.h"
#include "mailbox/contacts.h"
#include "mailbox/lane.h"
#include "send/attached_files.h"
#include "send/send_context.h"
#include "server/mail/mailbox/dropbox.h"
#include "server/mail/mailbox/mailbox.h"
#include "server/mail/mailbox/rows.h"
#include "server/mail/send/envelope_check.h"
#include "server/mail/send/sender.h"

namespace letterlock::mail {

class SendOperation : public std::enable_shared_from_this<SendOperation> {
 public:
  // On a pool's thread: finds out whether the message was sent before, and if not, sends it.
  void Begin();
  // The same where `admission` is OK; concludes with it otherwise.
  void Begin(const absl::Status& admission);

  virtual ~SendOperation();
  SendOperation(const SendOperation&) = delete;
  SendOperation& operator=(const SendOperation&) = delete;

 protected:
  using Outcome = absl::StatusOr<SendResult>;

  SendOperation(Sender::Context& context, Mailbox sender,
                std::shared_ptr<const v1::Envelope> envelope, const crypto::Digest& digest,
                const Routing& routing, std::vector<crypto::Digest> attachments,
                absl::Time deadline, std::optional<Sender::Answer> answer);

  // What a mailbox knows of this message, as of an incarnation of its lane.
  struct Looked {
    std::uint64_t incarnation = 0;
    std::string row_key;  // of this message in this mailbox
    std::optional<Delivery> known;
    FoundContact contact;  // the other member, as this mailbox stands to her
  };
  enum class Step {
    kAgain,
    kOver,
    kMoveRequests,  // then again: this message answers them
  };

  // Queues the first write, with the keys and the room checked under the lanes' locks. kAgain where
  // a lane's view is not the one that was looked at any more.
  virtual absl::StatusOr<Step> Commit(const Looked& sender, const Looked& recipient) = 0;
  // An earlier call or process left the message PENDING.
  virtual void GoOn(const Delivery& pending) = 0;

  // False where another operation has this message: it answers then, if anybody waits here.
  absl::StatusOr<bool> Reserve();
  void Release();
  // Answers the caller and those who wait, once.
  void TellAll(const Outcome& outcome);
  // Releases, then tells all.
  void Conclude(const Outcome& outcome);

  // `row_key` is the message's in this mailbox, or empty where nobody has computed it yet.
  absl::StatusOr<Looked> Look(Lane& lane, std::string row_key, const crypto::MemberId& contact,
                              absl::Time deadline) const;
  absl::Status OpenRecipient(absl::Time deadline);
  // On a thread of the engine, after a write that failed: tries again on the background pool, or
  // concludes.
  void AfterFailure(const absl::Status& status);
  // Whether another attempt after such a failure may help.
  bool MayRetry(const absl::Status& status) const;

  absl::Status CheckSenderKeys(const Profile& profile) const;
  absl::Status CheckRecipientKey(const Profile& profile) const;
  bool HasRoom(const Counters& counters) const;

  // What the rules say of this message in the sender's and in the recipient's mailbox.
  absl::Status MaySend(const Lane::View& view, const Contact& recipient) const;
  // `file_bytes`: of its attachments.
  absl::Status MayReceive(const Lane::View& view, const Contact& sender,
                          std::uint64_t file_bytes) const;
  // The rows of one mailbox for this message, with all that its view counts from here on. REQUIRES:
  // MaySend, MayReceive; the lane's lock; the write is queued under it.
  engine::Batch SenderRows(Lane::View& view, const Looked& looked, v1::DeliveryState state,
                           ContactCache::Entry* recipient) const;
  engine::Batch RecipientRows(Lane::View& view, const Looked& looked, std::uint64_t sent_sequence,
                              std::uint64_t file_bytes, ContactCache::Entry* sender) const;
  // The rows of one mailbox for this message, which its view counts from here on.
  engine::Batch MessageRows(Lane::View& view, const std::string& row_key, v1::Folder folder,
                            v1::DeliveryState state, std::string_view wrap) const;
  std::uint64_t NowMs() const;

  // Lanes are for this class and what is derived from it only.
  static const std::shared_ptr<Lane>& LaneOf(const Mailbox& mailbox) { return mailbox.lane_; }
  const std::shared_ptr<Lane>& sender_lane() const { return sender_.lane_; }
  // The message's row key in the sender's mailbox. REQUIRES: Reserve.
  const std::string& sender_row_key() const { return sender_row_key_; }
  // REQUIRES: OpenRecipient.
  const std::shared_ptr<Lane>& recipient_lane() const { return recipient_->lane_; }

  Sender::Context& context_;
  const Mailbox sender_;
  const std::shared_ptr<const v1::Envelope> envelope_;
  const crypto::Digest digest_;
  const Routing routing_;
  const absl::Time deadline_;
  std::uint64_t accepted_unix_ms_ = 0;
  AttachedFiles files_;

 private:
  void Join(std::shared_ptr<SendOperation> waiter);
  Outcome OutcomeFor(const SendOperation& waiter, const Outcome& outcome) const;
  void Run();
  Step Try();

  std::optional<Dropbox> recipient_;
  std::string sender_row_key_;
  bool reserved_ = false;
  int attempts_ = 0;

  absl::Mutex mu_;
  std::optional<Sender::Answer> answer_ ABSL_GUARDED_BY(mu_);
  std::optional<Outcome> outcome_ ABSL_GUARDED_BY(mu_);
  std::vector<std::shared_ptr<SendOperation>> waiters_ ABSL_GUARDED_BY(mu_);
};

// What callers are told where a mailbox is full.
absl::Status SenderFull();
absl::Status RecipientFull();

}  // namespace letterlock::mail
