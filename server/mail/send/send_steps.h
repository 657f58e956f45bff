// The way of an engine that knows one mailbox at a time: three idempotent steps
// (docs/mail-server.md, "Send"). Goes on behind its answer until the sender's mailbox says what
// became of the message, or gives up and leaves it to the outbox. Private to the send part.
#pragma once

#include <cstdint>
#include <memory>

#include "send/send_operation.h"

namespace letterlock::mail {

class StepwiseSend final : public SendOperation {
 public:
  static std::shared_ptr<StepwiseSend> New(Sender::Context& context, Mailbox sender,
                                           const v1::Envelope& envelope, const Routing& routing,
                                           std::vector<crypto::Digest> attachments,
                                           absl::Time deadline, Sender::Answer answer);

  // Goes on with a message that waits in the outbox of `sender`, on this thread until a write is
  // queued. Nothing where somebody is at it, or it is not there any more.
  static void Resume(Sender::Context& context, const Mailbox& sender, std::uint64_t sequence,
                     absl::Time deadline);

  ~StepwiseSend() override;

 private:
  StepwiseSend(Sender::Context& context, Mailbox sender,
               std::shared_ptr<const v1::Envelope> envelope, const crypto::Digest& digest,
               const Routing& routing, std::vector<crypto::Digest> attachments, absl::Time deadline,
               std::optional<Sender::Answer> answer);
  // An operation with all that the sender's mailbox keeps of the message; nullptr where there is
  // nothing to do.
  static absl::StatusOr<std::shared_ptr<StepwiseSend>> FromOutbox(Sender::Context& context,
                                                                  const Mailbox& sender,
                                                                  std::uint64_t sequence,
                                                                  absl::Time deadline);

  // Step 1: the sender's rows, and the outbox.
  absl::StatusOr<Step> Commit(const Looked& sender, const Looked& recipient) override;
  void GoOn(const Delivery& pending) override;
  // From here on the message is durable, so there is an answer when the caller must have one.
  void Accepted(const Delivery& pending);

  // Steps 2 and 3, on a pool's thread: until a write is queued, or nothing more can be done now.
  void Work();
  Step TryDeliver();
  Step TrySettle();
  // Step 2's write; kAgain where it was not queued.
  Step QueueDelivery(const Looked& looked);
  // The attachments into the recipient's mailbox; kOver where this is not the time to go on.
  Step BringFiles(absl::Time deadline);
  // Goes on with Work on the background pool.
  void WorkSoon();
  // A write or a read failed: works again soon, or later.
  void AfterTrouble(const absl::Status& status);
  void Postpone();
  void GiveUp();

  void SetFate(v1::DeliveryState state);

  bool resumed_ = false;  // its sender's rows are there
  Delivery delivery_;     // the sender's row, as it is in her mailbox
  // What became of it; PENDING until step 2 is over.
  v1::DeliveryState fate_ = v1::DELIVERY_STATE_PENDING;
  int tries_ = 0;         // of Work since it last got on
  int postponed_ = 0;     // times
  bool counted_ = false;  // among the context's postponed ones
};

}  // namespace letterlock::mail
