#include "send/send_together.h"

#include <utility>
#include <vector>

namespace letterlock::mail {

TogetherSend::TogetherSend(Sender::Context& context, Mailbox sender, const v1::Envelope& envelope,
                           const Routing& routing, absl::Time deadline, Sender::Answer answer)
    // Nothing goes on behind the answer, so the request's envelope needs no copy.
    : SendOperation(context, std::move(sender),
                    std::shared_ptr<const v1::Envelope>(std::shared_ptr<void>(), &envelope),
                    RequestDigest(envelope), routing, deadline, std::move(answer)) {}

absl::StatusOr<SendOperation::Step> TogetherSend::Commit(const Looked& sender,
                                                         const Looked& recipient) {
  absl::StatusOr<Step> step = Queue(sender, recipient);
  if (step.ok() && *step == Step::kOver) context_.Reached(point::kSendQueued);
  return step;
}

absl::StatusOr<SendOperation::Step> TogetherSend::Queue(const Looked& sender,
                                                        const Looked& recipient) {
  Lane& from = *sender_lane();
  Lane& to = *recipient_lane();
  TwoLanes lock(from, to);
  Lane::View* const sent = from.view();
  Lane::View* const received = to.view();
  // Somebody's write failed since we looked.
  if (sent == nullptr || from.incarnation() != sender.incarnation) return Step::kAgain;
  if (received == nullptr || to.incarnation() != recipient.incarnation) return Step::kAgain;
  if (absl::Status keys = CheckSenderKeys(sent->profile); !keys.ok()) return keys;
  if (absl::Status key = CheckRecipientKey(received->profile); !key.ok()) return key;
  if (!HasRoom(sent->counters)) return SenderFull();
  if (!HasRoom(received->counters)) return RecipientFull();

  accepted_unix_ms_ = NowMs();
  std::vector<engine::MailboxWrite> writes;
  writes.reserve(2);
  writes.push_back({from.tag(), sent->next,
                    MessageRows(*sent, sender.row_key, v1::FOLDER_SENT,
                                v1::DELIVERY_STATE_DELIVERED, envelope_->sender_wrap())});
  const std::uint64_t from_incarnation = from.Queue();
  // Delivered before: the sender's rows went back to an older state since. They are made up for.
  const bool deliver = !recipient.known;
  std::uint64_t to_incarnation = 0;
  if (deliver) {
    writes.push_back({to.tag(), received->next,
                      MessageRows(*received, recipient.row_key, v1::FOLDER_INBOX,
                                  v1::DELIVERY_STATE_DELIVERED, envelope_->recipient_wrap())});
    to_incarnation = to.Queue();
  }
  context_.engine.ApplyTogether(
      std::move(writes), [this, self = shared_from_this(), from_incarnation, to_incarnation,
                          deliver](const absl::StatusOr<std::vector<engine::Generation>>& answer) {
        sender_lane()->Answer(from_incarnation, answer.status());
        if (deliver) recipient_lane()->Answer(to_incarnation, answer.status());
        if (!answer.ok()) return AfterFailure(answer.status());
        context_.Reached(point::kSendDurable);
        Conclude(SendResult{v1::DELIVERY_STATE_DELIVERED, accepted_unix_ms_});
      });
  return Step::kOver;
}

// This engine leaves nothing pending; the store was another one's before. The outbox settles it.
void TogetherSend::GoOn(const Delivery& pending) {
  Conclude(SendResult{pending.state, pending.accepted_unix_ms});
}

}  // namespace letterlock::mail
