#include "send/send_steps.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "letterlock/common/v1/errors.pb.h"
#include "mailbox/found_messages.h"
#include "mailbox/reservation.h"
#include "mailbox/sealing.h"
#include "server/mail/mailbox/change_rows.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

// Attempts in a row before an operation waits for a while.
constexpr int kMostTries = 8;
// What one attempt waits for the disk.
constexpr absl::Duration kPatience = absl::Seconds(10);
constexpr absl::Duration kFirstDelay = absl::Seconds(1);
constexpr absl::Duration kLongestDelay = absl::Minutes(1);
constexpr std::size_t kMostPostponed = 1000;  // each holds its envelope: 33 MiB together

// When the caller is told PENDING: a little before she stops waiting.
absl::Time LastMoment(absl::Time deadline) {
  const absl::Time now = absl::Now();
  return deadline -
         std::clamp((deadline - now) / 10, absl::Milliseconds(1), absl::Milliseconds(200));
}

}  // namespace

StepwiseSend::StepwiseSend(Sender::Context& context, Mailbox sender,
                           std::shared_ptr<const v1::Envelope> envelope,
                           const crypto::Digest& digest, const Routing& routing,
                           std::vector<crypto::Digest> attachments, absl::Time deadline,
                           std::optional<Sender::Answer> answer)
    : SendOperation(context, std::move(sender), std::move(envelope), digest, routing,
                    std::move(attachments), deadline, std::move(answer)) {}

StepwiseSend::~StepwiseSend() {
  if (counted_) context_.postponed.fetch_sub(1, std::memory_order_relaxed);
}

std::shared_ptr<StepwiseSend> StepwiseSend::New(Sender::Context& context, Mailbox sender,
                                                const v1::Envelope& envelope,
                                                const Routing& routing,
                                                std::vector<crypto::Digest> attachments,
                                                absl::Time deadline, Sender::Answer answer) {
  const crypto::Digest digest = RequestDigest(envelope, attachments);
  return std::shared_ptr<StepwiseSend>(
      new StepwiseSend(context, std::move(sender), std::make_shared<const v1::Envelope>(envelope),
                       digest, routing, std::move(attachments), deadline, std::move(answer)));
}

// --- Step 1
// -----------------------------------------------------------------------------------------

absl::StatusOr<SendOperation::Step> StepwiseSend::Commit(const Looked& sender,
                                                         const Looked& recipient) {
  if (resumed_) return absl::DataLossError("an outbox row without its delivery row");
  if (!files_.empty()) {
    absl::Status held = files_.HoldSenders(sender_lane(), deadline_);
    if (!held.ok()) return held;
  }
  {
    Lane& to = *recipient_lane();
    absl::MutexLock lock(&to.mu);
    const Lane::View* received = to.view();
    if (received == nullptr || to.incarnation() != recipient.incarnation) return Step::kAgain;
    if (absl::Status key = CheckRecipientKey(received->profile); !key.ok()) return key;
    const ContactCache::Entry* from_whom = EntryOf(to, routing_.sender, recipient.contact);
    if (from_whom == nullptr) return Step::kAgain;
    // It may be otherwise when step 2 comes: then the message is REFUSED.
    if (!recipient.known) {
      if (absl::Status may = MayReceive(*received, from_whom->contact, files_.bytes()); !may.ok())
        return may;
    }
  }
  Lane& from = *sender_lane();
  absl::MutexLock lock(&from.mu);
  Lane::View* sent = from.view();
  if (sent == nullptr || from.incarnation() != sender.incarnation) return Step::kAgain;
  if (!files_.SendersAreCurrent(sender.incarnation)) return Step::kAgain;
  if (absl::Status keys = CheckSenderKeys(sent->profile); !keys.ok()) return keys;
  ContactCache::Entry* const to_whom = EntryOf(from, routing_.recipient, sender.contact);
  if (to_whom == nullptr) return Step::kAgain;
  if (absl::Status may = MaySend(*sent, to_whom->contact); !may.ok()) return may;
  if (!to_whom->contact.requests.empty()) return Step::kMoveRequests;

  accepted_unix_ms_ = NowMs();
  const Delivery pending{.request_digest = digest_,
                         .sequence = sent->counters.next_sequence,
                         .accepted_unix_ms = accepted_unix_ms_,
                         .state = v1::DELIVERY_STATE_PENDING};
  const engine::Generation expected = sent->next;
  engine::Batch batch = SenderRows(*sent, sender, pending.state, to_whom);
  batch.puts.push_back(SealRow(*sent->keys, {table::kOutbox, SequenceKey(pending.sequence)},
                               EncodeOutbox({.header = envelope_->header(),
                                             .recipient_wrap = envelope_->recipient_wrap(),
                                             .attachments = files_.hashes()})));
  files_.AddToSenders(*sent, batch);
  const std::uint64_t incarnation = from.Queue();
  context_.engine.Apply(from.tag(), expected, std::move(batch),
                        [this, self = shared_from_this(), incarnation,
                         pending](const absl::StatusOr<engine::Generation>& answer) {
                          sender_lane()->Answer(incarnation, answer.status());
                          files_.Release();
                          if (!answer.ok()) return AfterFailure(answer.status());
                          context_.Reached(point::kStepOne);
                          Accepted(pending);
                          WorkSoon();
                        });
  return Step::kOver;
}

void StepwiseSend::GoOn(const Delivery& pending) {
  Accepted(pending);
  Work();
}

void StepwiseSend::Accepted(const Delivery& pending) {
  delivery_ = pending;
  accepted_unix_ms_ = pending.accepted_unix_ms;
  const SendResult result{v1::DELIVERY_STATE_PENDING, accepted_unix_ms_};
  context_.timers.At(LastMoment(deadline_), [weak = weak_from_this(), result] {
    const auto self = std::static_pointer_cast<StepwiseSend>(weak.lock());
    if (self != nullptr) self->TellAll(result);
  });
}

// --- Steps 2 and 3
// ------------------------------------------------------------------------------------

void StepwiseSend::WorkSoon() {
  const auto work = [this, self = shared_from_this()](const absl::Status&) { Work(); };
  const bool queued = files_.empty() ? context_.background.TrySubmit(absl::InfiniteFuture(), work)
                                     : files_.attachments().Submit(absl::InfiniteFuture(), work);
  if (!queued) Postpone();
}

void StepwiseSend::Work() {
  while (tries_++ < kMostTries) {
    const Step step = fate_ == v1::DELIVERY_STATE_PENDING ? TryDeliver() : TrySettle();
    if (step == Step::kOver) return;
  }
  Postpone();
}

void StepwiseSend::AfterTrouble(const absl::Status& status) {
  MayRetry(status) && tries_ < kMostTries ? WorkSoon() : Postpone();
}

SendOperation::Step StepwiseSend::BringFiles(absl::Time deadline) {
  const absl::Status brought = files_.CopyAndHold(sender_lane(), recipient_lane(), deadline);
  if (brought.ok()) return Step::kAgain;
  const std::optional<rpc::ErrorReason> reason = rpc::ReasonOf(brought);
  if (reason == common::v1::ERROR_REASON_MAILBOX_FULL ||
      reason == common::v1::ERROR_REASON_ATTACHMENT_MISSING) {
    files_.DropCopies(recipient_lane());
    SetFate(v1::DELIVERY_STATE_REFUSED);
    return Step::kAgain;
  }
  Postpone();
  return Step::kOver;
}

SendOperation::Step StepwiseSend::TryDeliver() {
  const absl::Time deadline = absl::Now() + kPatience;
  const auto trouble = [this](const absl::Status&) {
    Postpone();
    return Step::kOver;
  };
  absl::Status opened = OpenRecipient(deadline);
  if (absl::IsNotFound(opened)) {
    SetFate(v1::DELIVERY_STATE_REFUSED);
    return Step::kAgain;
  }
  if (!opened.ok()) return trouble(opened);
  auto looked = Look(*recipient_lane(), {}, routing_.sender, deadline);
  if (!looked.ok()) return trouble(looked.status());
  if (looked->known) {
    SetFate(looked->known->request_digest == digest_ ? v1::DELIVERY_STATE_DELIVERED
                                                     : v1::DELIVERY_STATE_REFUSED);
    return Step::kAgain;
  }

  if (!files_.empty()) {
    if (BringFiles(deadline) == Step::kOver) return Step::kOver;
    if (fate_ != v1::DELIVERY_STATE_PENDING) return Step::kAgain;
  }
  const Step queued = QueueDelivery(*looked);
  if (queued == Step::kAgain) {
    files_.ReleaseRecipients();
    if (fate_ == v1::DELIVERY_STATE_REFUSED) files_.DropCopies(recipient_lane());
  }
  return queued;
}

SendOperation::Step StepwiseSend::QueueDelivery(const Looked& looked) {
  Lane& to = *recipient_lane();
  absl::MutexLock lock(&to.mu);
  Lane::View* received = to.view();
  if (received == nullptr || to.incarnation() != looked.incarnation) return Step::kAgain;
  if (!files_.RecipientsAreCurrent(looked.incarnation)) return Step::kAgain;
  ContactCache::Entry* const from_whom = EntryOf(to, routing_.sender, looked.contact);
  if (from_whom == nullptr) return Step::kAgain;
  if (!MayReceive(*received, from_whom->contact, files_.bytes()).ok()) {
    SetFate(v1::DELIVERY_STATE_REFUSED);
    return Step::kAgain;
  }
  const engine::Generation expected = received->next;
  engine::Batch batch =
      RecipientRows(*received, looked, delivery_.sequence, files_.bytes(), from_whom);
  files_.AddToRecipients(*received, batch);
  const std::uint64_t incarnation = to.Queue();
  context_.engine.Apply(to.tag(), expected, std::move(batch),
                        [this, self = shared_from_this(),
                         incarnation](const absl::StatusOr<engine::Generation>& answer) {
                          recipient_lane()->Answer(incarnation, answer.status());
                          files_.Release();
                          if (!answer.ok()) return AfterTrouble(answer.status());
                          context_.Reached(point::kStepTwo);
                          SetFate(v1::DELIVERY_STATE_DELIVERED);
                          TellAll(SendResult{fate_, accepted_unix_ms_});
                          WorkSoon();
                        });
  return Step::kOver;
}

void StepwiseSend::SetFate(v1::DeliveryState state) {
  fate_ = state;
  tries_ = 0;
}

SendOperation::Step StepwiseSend::TrySettle() {
  const absl::Time deadline = absl::Now() + kPatience;
  const auto trouble = [this] {
    Postpone();
    return Step::kOver;
  };
  // The owner may be marking or deleting her copy: one at a time.
  auto reserved = Reservation::Take(sender_lane(), {sender_row_key()}, deadline);
  if (!reserved.ok()) return trouble();
  auto found = FindMessages(*sender_lane(), {sender_row_key()}, deadline);
  if (!found.ok() || !found->messages[0].known) return trouble();
  const FoundMessage& mine = found->messages[0];

  // An attempt whose answer was lost: what a refusal gives back is given once.
  if (mine.delivery.state != v1::DELIVERY_STATE_PENDING) {
    Conclude(SendResult{mine.delivery.state, accepted_unix_ms_});
    return Step::kOver;
  }
  const bool refused = fate_ == v1::DELIVERY_STATE_REFUSED;
  FoundContact contact;
  if (refused) {
    auto looked = FindContact(*sender_lane(), routing_.recipient, deadline);
    if (!looked.ok()) return trouble();
    contact = *std::move(looked);
  }

  Lane& from = *sender_lane();
  absl::MutexLock lock(&from.mu);
  Lane::View* sent = from.view();
  if (sent == nullptr || from.incarnation() != found->incarnation) return Step::kAgain;
  Delivery settled = mine.delivery;
  settled.state = fate_;
  engine::Batch batch;
  batch.puts.push_back(
      SealRow(*sent->keys, {table::kDeliveries, sender_row_key()}, EncodeDelivery(settled)));
  batch.deletes.push_back({table::kOutbox, SequenceKey(settled.sequence)});
  if (refused) {
    ContactCache::Entry* const to_whom = EntryOf(from, routing_.recipient, contact);
    if (contact.incarnation != from.incarnation() || to_whom == nullptr) return Step::kAgain;
    TakeBackSending(context_.options.limits, NowMs(), &to_whom->contact, &sent->counters.account);
    PutContact(*sent, to_whom, &batch);
  }
  if (!settled.deleted) {
    Flags flags = mine.flags;
    flags.delivery = fate_;
    PutFlags(*sent, settled.sequence, flags, &batch);
  }
  if (refused || !settled.deleted) {
    batch.puts.push_back(
        SealRow(*sent->keys, {table::kCounters, ""}, EncodeCounters(sent->counters)));
  }
  const engine::Generation expected = sent->next;
  const std::uint64_t incarnation = from.Queue();
  context_.engine.Apply(from.tag(), expected, std::move(batch),
                        [this, self = shared_from_this(), incarnation, held = *std::move(reserved)](
                            const absl::StatusOr<engine::Generation>& answer) mutable {
                          sender_lane()->Answer(incarnation, answer.status());
                          held = nullptr;
                          if (!answer.ok()) return AfterTrouble(answer.status());
                          context_.Reached(point::kStepThree);
                          Conclude(SendResult{fate_, accepted_unix_ms_});
                        });
  return Step::kOver;
}

// --- Later
// ----------------------------------------------------------------------------------------------

void StepwiseSend::Postpone() {
  // What is delivered is delivered, whether or not the sender's mailbox says so already.
  const bool delivered = fate_ == v1::DELIVERY_STATE_DELIVERED;
  TellAll(SendResult{delivered ? fate_ : v1::DELIVERY_STATE_PENDING, accepted_unix_ms_});
  if (!counted_) {
    counted_ = context_.postponed.fetch_add(1, std::memory_order_relaxed) < kMostPostponed;
    if (!counted_) {
      context_.postponed.fetch_sub(1, std::memory_order_relaxed);
      return GiveUp();
    }
  }
  tries_ = 0;
  const absl::Duration delay =
      std::min(kFirstDelay * (1 << std::min(postponed_++, 6)), kLongestDelay);
  context_.timers.At(absl::Now() + delay, [this, self = shared_from_this()] {
    const bool queued = context_.background.TrySubmit(
        absl::InfiniteFuture(), [this, self](const absl::Status&) { Work(); });
    if (!queued) GiveUp();
  });
}

void StepwiseSend::GiveUp() {
  Release();
  absl::MutexLock lock(&sender_lane()->mu);
  sender_lane()->outbox_checked = false;
}

// --- What the outbox holds
// --------------------------------------------------------------------------------

absl::StatusOr<std::shared_ptr<StepwiseSend>> StepwiseSend::FromOutbox(Sender::Context& context,
                                                                       const Mailbox& sender,
                                                                       std::uint64_t sequence,
                                                                       absl::Time deadline) {
  Lane& lane = *LaneOf(sender);
  if (absl::Status loaded = lane.Load(deadline); !loaded.ok()) return loaded;
  const KeyRing::Keys keys = lane.keys();
  if (keys == nullptr) return absl::UnavailableError("a write failed");
  const engine::RowKey outbox_place{table::kOutbox, SequenceKey(sequence)};
  const engine::RowKey message_place{table::kMessages, SequenceKey(sequence)};
  auto rows = ReadRows(context.engine, lane.tag(), {outbox_place, message_place}, deadline);
  if (!rows.ok()) return rows.status();
  if (!rows->values[0]) return nullptr;
  auto outbox_row = OpenRow(*keys, outbox_place, *rows->values[0]);
  if (!outbox_row.ok()) return outbox_row.status();
  auto item = DecodeOutbox(*outbox_row);
  if (!item.ok()) return item.status();
  if (rows->values[1]) {
    auto message_row = OpenRow(*keys, message_place, *rows->values[1]);
    if (!message_row.ok()) return message_row.status();
    auto message = DecodeMessage(*message_row);
    if (!message.ok()) return message.status();
    item->sender_wrap = std::move(*message->mutable_wrap());
    item->ciphertext = std::move(*message->mutable_ciphertext());
  }
  if (item->ciphertext.empty()) return absl::DataLossError("an outbox row without its message");
  auto routing = ReadStoredHeader(item->header);
  if (!routing.ok()) return routing.status();

  auto envelope = std::make_shared<v1::Envelope>();
  envelope->set_header(std::move(item->header));
  envelope->set_recipient_wrap(std::move(item->recipient_wrap));
  envelope->set_sender_wrap(std::move(item->sender_wrap));
  envelope->set_ciphertext(std::move(item->ciphertext));
  auto attachments = item->attachments;
  if (!attachments.empty() && context.options.attachments == nullptr) return nullptr;
  const crypto::Digest digest = RequestDigest(*envelope, attachments);
  std::shared_ptr<StepwiseSend> resumed(new StepwiseSend(context, sender, std::move(envelope),
                                                         digest, *routing, std::move(attachments),
                                                         deadline, std::nullopt));
  resumed->resumed_ = true;
  return resumed;
}

void StepwiseSend::Resume(Sender::Context& context, const Mailbox& sender, std::uint64_t sequence,
                          absl::Time deadline) {
  auto operation = FromOutbox(context, sender, sequence, deadline);
  // What does not open stays where it is: reading the mailbox says so, too.
  if (operation.ok() && *operation != nullptr) (*operation)->Begin();
}

}  // namespace letterlock::mail
