#include "send/send_together.h"

#include <utility>
#include <vector>

namespace letterlock::mail {

TogetherSend::TogetherSend(Sender::Context& context, Mailbox sender, const v1::Envelope& envelope,
                           const Routing& routing, std::vector<crypto::Digest> attachments,
                           absl::Time deadline, Sender::Answer answer)
    // Nothing goes on behind the answer, so the request's envelope needs no copy.
    : SendOperation(context, std::move(sender),
                    std::shared_ptr<const v1::Envelope>(std::shared_ptr<void>(), &envelope),
                    RequestDigest(envelope, attachments), routing, attachments, deadline,
                    std::move(answer)) {}

absl::StatusOr<SendOperation::Step> TogetherSend::Commit(const Looked& sender,
                                                         const Looked& recipient) {
  const bool files = !files_.empty();
  if (files) {
    if (absl::Status prepared = PrepareFiles(sender, recipient); !prepared.ok()) {
      files_.Release();
      return prepared;
    }
  }
  const absl::Time start = absl::Now();
  absl::StatusOr<Step> step = Queue(sender, recipient);
  context_.Took(SendStage::kSeal, start);
  if (files && !step.ok()) files_.DropCopies(recipient_lane());
  if (files && (!step.ok() || *step == Step::kAgain)) files_.Release();
  if (step.ok() && *step == Step::kOver) context_.Reached(point::kSendQueued);
  return step;
}

absl::Status TogetherSend::CheckRules(const Lane::View& sent, const Contact& recipient,
                                      const Lane::View& received, const Contact* sender) const {
  if (absl::Status keys = CheckSenderKeys(sent.profile); !keys.ok()) return keys;
  if (absl::Status key = CheckRecipientKey(received.profile); !key.ok()) return key;
  if (sender != nullptr) {
    absl::Status may = MayReceive(received, *sender, files_.bytes());
    if (!may.ok()) return may;
  }
  return MaySend(sent, recipient);
}

absl::Status TogetherSend::PrepareFiles(const Looked& sender, const Looked& recipient) {
  const bool deliver = !recipient.known;
  if (absl::Status held = files_.HoldSenders(sender_lane(), deadline_); !held.ok()) return held;
  {
    TwoLanes lock(*sender_lane(), *recipient_lane());
    const Lane::View* const sent = sender_lane()->view();
    const Lane::View* const received = recipient_lane()->view();
    if (sent != nullptr && received != nullptr) {
      const auto* to_whom = EntryOf(*sender_lane(), routing_.recipient, sender.contact);
      const auto* from_whom = EntryOf(*recipient_lane(), routing_.sender, recipient.contact);
      if (to_whom != nullptr && from_whom != nullptr) {
        absl::Status rules =
            CheckRules(*sent, to_whom->contact, *received, deliver ? &from_whom->contact : nullptr);
        if (!rules.ok()) return rules;
      }
    }
  }
  files_.Release();  // not while copying: that takes its time
  if (deliver) {
    absl::Status copied = files_.CopyAndHold(sender_lane(), recipient_lane(), deadline_);
    if (!copied.ok()) return copied;
  }
  return files_.HoldSenders(sender_lane(), deadline_);
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
  // Delivered before: the sender's rows went back to an older state since. They are made up for.
  const bool deliver = !recipient.known;
  if (!files_.SendersAreCurrent(sender.incarnation)) return Step::kAgain;
  if (deliver && !files_.RecipientsAreCurrent(recipient.incarnation)) return Step::kAgain;
  ContactCache::Entry* const to_whom = EntryOf(from, routing_.recipient, sender.contact);
  ContactCache::Entry* const from_whom = EntryOf(to, routing_.sender, recipient.contact);
  if (to_whom == nullptr || from_whom == nullptr) return Step::kAgain;
  absl::Status rules =
      CheckRules(*sent, to_whom->contact, *received, deliver ? &from_whom->contact : nullptr);
  if (!rules.ok()) return rules;
  if (!to_whom->contact.requests.empty()) return Step::kMoveRequests;

  accepted_unix_ms_ = NowMs();
  std::vector<engine::MailboxWrite> writes;
  writes.reserve(2);
  const std::uint64_t sent_sequence = sent->counters.next_sequence;
  writes.push_back(
      {from.tag(), sent->next, SenderRows(*sent, sender, v1::DELIVERY_STATE_DELIVERED, to_whom)});
  const std::uint64_t from_incarnation = from.Queue();
  files_.AddToSenders(*sent, writes.back().batch);
  std::uint64_t to_incarnation = 0;
  if (deliver) {
    writes.push_back(
        {to.tag(), received->next,
         RecipientRows(*received, recipient, sent_sequence, files_.bytes(), from_whom)});
    files_.AddToRecipients(*received, writes.back().batch);
    to_incarnation = to.Queue();
  }
  context_.engine.ApplyTogether(
      std::move(writes),
      [this, self = shared_from_this(), from_incarnation, to_incarnation, deliver,
       queued = absl::Now()](const absl::StatusOr<std::vector<engine::Generation>>& answer) {
        sender_lane()->Answer(from_incarnation, answer.status());
        if (deliver) recipient_lane()->Answer(to_incarnation, answer.status());
        files_.Release();
        if (!answer.ok()) return AfterFailure(answer.status());
        context_.Took(SendStage::kCommit, queued);
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
