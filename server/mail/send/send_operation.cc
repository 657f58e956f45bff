#include "send/send_operation.h"

#include <utility>

#include "letterlock/common/v1/errors.pb.h"
#include "mailbox/lane.h"
#include "mailbox/sealing.h"
#include "server/mail/mailbox/change_rows.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

// Lost races and failed writes that one send makes up for before it tells its caller to try later.
constexpr int kMostAttempts = 8;

rpc::FieldPath InHeader(rpc::Literal name) {
  return rpc::FieldPath("envelope").Then("header").Then(name);
}

absl::Status DeadlinePassed() {
  return rpc::Fail(absl::StatusCode::kDeadlineExceeded, common::v1::ERROR_REASON_DEADLINE,
                   "the deadline passed");
}

absl::Status IdReused() {
  return rpc::FailField(absl::StatusCode::kAlreadyExists, InHeader("message_id"),
                        common::v1::ERROR_REASON_ID_REUSED, "was used for another message");
}

}  // namespace

SendOperation::SendOperation(Sender::Context& context, Mailbox sender,
                             std::shared_ptr<const v1::Envelope> envelope,
                             const crypto::Digest& digest, const Routing& routing,
                             std::vector<crypto::Digest> attachments, absl::Time deadline,
                             std::optional<Sender::Answer> answer)
    : context_(context),
      sender_(std::move(sender)),
      envelope_(std::move(envelope)),
      digest_(digest),
      routing_(routing),
      deadline_(deadline),
      files_(context.options.attachments, std::move(attachments)),
      answer_(std::move(answer)) {
  context_.in_flight.fetch_add(1, std::memory_order_relaxed);
}

SendOperation::~SendOperation() {
  // Dropped on the way (a pool that drains at the end): whoever waits is told so.
  Conclude(WriteError(absl::UnavailableError("stopped")));
  context_.in_flight.fetch_sub(1, std::memory_order_relaxed);
}

void SendOperation::Begin() {
  auto reserved = Reserve();
  if (!reserved.ok()) return Conclude(reserved.status());
  if (*reserved) Run();
}

void SendOperation::Begin(const absl::Status& admission) {
  if (admission.ok()) return Begin();
  Conclude(absl::IsDeadlineExceeded(admission) ? DeadlinePassed() : admission);
}

absl::StatusOr<bool> SendOperation::Reserve() {
  Lane& lane = *sender_.lane_;
  KeyRing::Keys keys;
  while (keys == nullptr) {
    if (absl::Status loaded = lane.Load(deadline_); !loaded.ok()) return loaded;
    keys = lane.keys();
  }
  sender_row_key_ = keys->MessageRowKey(routing_.sender, routing_.message_id);
  std::shared_ptr<SendOperation> earlier;
  {
    absl::MutexLock lock(&lane.mu);
    std::weak_ptr<SendOperation>& place = lane.sending[sender_row_key_];
    earlier = place.lock();
    if (earlier == nullptr) {
      place = weak_from_this();
      reserved_ = true;
      return true;
    }
  }
  earlier->Join(shared_from_this());
  return false;
}

void SendOperation::Release() {
  if (!reserved_) return;
  reserved_ = false;
  absl::MutexLock lock(&sender_.lane_->mu);
  auto& sending = sender_.lane_->sending;
  const auto place = sending.find(sender_row_key_);
  if (place == sending.end()) return;
  // Seen from the destructor, somebody else may have the place already.
  const std::weak_ptr<SendOperation> self = weak_from_this();
  if (place->second.owner_before(self) || self.owner_before(place->second)) return;
  sending.erase(place);
}

void SendOperation::Join(std::shared_ptr<SendOperation> waiter) {
  std::optional<Outcome> outcome;
  {
    absl::MutexLock lock(&mu_);
    if (!outcome_) {
      waiters_.push_back(std::move(waiter));
      return;
    }
    outcome = outcome_;
  }
  waiter->TellAll(OutcomeFor(*waiter, *outcome));
}

SendOperation::Outcome SendOperation::OutcomeFor(const SendOperation& waiter,
                                                 const Outcome& outcome) const {
  if (outcome.ok()) return waiter.digest_ == digest_ ? outcome : Outcome(IdReused());
  // The first one's failure may be its own (its deadline): nobody looked at the waiter's yet.
  return WriteError(absl::AbortedError("the first call failed"));
}

void SendOperation::TellAll(const Outcome& outcome) {
  std::optional<Sender::Answer> answer;
  std::vector<std::shared_ptr<SendOperation>> waiters;
  {
    absl::MutexLock lock(&mu_);
    if (outcome_) return;
    outcome_ = outcome;
    answer = std::exchange(answer_, std::nullopt);
    waiters.swap(waiters_);
  }
  if (answer) std::move (*answer)(outcome);
  for (const auto& waiter : waiters) waiter->TellAll(OutcomeFor(*waiter, outcome));
}

void SendOperation::Conclude(const Outcome& outcome) {
  files_.Release();
  Release();
  TellAll(outcome);
}

void SendOperation::Run() {
  while (attempts_++ < kMostAttempts) {
    if (Try() == Step::kOver) return;
  }
  Conclude(WriteError(absl::AbortedError("too many attempts")));
}

SendOperation::Step SendOperation::Try() {
  const auto over = [this](const Outcome& outcome) {
    Conclude(outcome);
    return Step::kOver;
  };
  const absl::Time start = absl::Now();
  if (start >= deadline_) return over(DeadlinePassed());

  auto sender = Look(*sender_lane(), sender_row_key_, routing_.recipient, deadline_);
  if (!sender.ok()) return over(sender.status());
  if (const std::optional<Delivery>& known = sender->known) {
    if (known->request_digest != digest_) return over(IdReused());
    if (known->state != v1::DELIVERY_STATE_PENDING) {
      return over(SendResult{known->state, known->accepted_unix_ms});
    }
    GoOn(*known);
    return Step::kOver;
  }
  if (absl::Status opened = OpenRecipient(deadline_); !opened.ok()) return over(opened);
  auto recipient = Look(*recipient_lane(), {}, routing_.sender, deadline_);
  if (!recipient.ok()) return over(recipient.status());
  if (recipient->known && recipient->known->request_digest != digest_) return over(IdReused());

  context_.Took(SendStage::kRead, start);
  absl::StatusOr<Step> step = Commit(*sender, *recipient);
  if (!step.ok()) return over(step.status());
  if (*step != Step::kMoveRequests) return *step;
  // Nothing else stands in this message's way.
  absl::Status moved = MoveRequests(sender_lane(), routing_.recipient, false, deadline_);
  if (!moved.ok()) return over(moved);
  return Step::kAgain;
}

absl::Status SendOperation::OpenRecipient(absl::Time deadline) {
  if (recipient_) return absl::OkStatus();
  auto opened =
      context_.mailboxes.Open(DeliveryGrant(DeliveryGrant::Maker(), routing_.recipient), deadline);
  if (!opened.ok()) return opened.status();
  recipient_ = *std::move(opened);
  return absl::OkStatus();
}

absl::StatusOr<SendOperation::Looked> SendOperation::Look(Lane& lane, std::string row_key,
                                                          const crypto::MemberId& contact,
                                                          absl::Time deadline) const {
  Looked looked;
  looked.row_key = std::move(row_key);
  KeyRing::Keys keys;
  bool remembered = false;  // the contact
  while (keys == nullptr) {
    if (absl::Status loaded = lane.Load(deadline); !loaded.ok()) return loaded;
    absl::MutexLock lock(&lane.mu);
    if (lane.view() == nullptr) continue;
    keys = lane.view()->keys;
    looked.incarnation = lane.incarnation();
    remembered = lane.view()->contacts.Find(contact) != nullptr;
  }
  if (looked.row_key.empty()) {
    looked.row_key = keys->MessageRowKey(routing_.sender, routing_.message_id);
  }
  const engine::RowKey place{table::kDeliveries, looked.row_key};
  looked.contact.incarnation = looked.incarnation;
  std::optional<std::string> stored;
  if (remembered) {
    auto row = ReadRow(context_.engine, lane.tag(), place, deadline);
    if (!row.ok()) return row.status();
    stored = *std::move(row);
  } else {
    looked.contact.row_key = keys->ContactRowKey(contact);
    auto rows = ReadRows(context_.engine, lane.tag(),
                         {place, {table::kContacts, looked.contact.row_key}}, deadline);
    if (!rows.ok()) return rows.status();
    auto read = OpenContact(*keys, looked.contact.row_key, contact, rows->values[1]);
    if (!read.ok()) return read.status();
    looked.contact.read = *std::move(read);
    looked.contact.read_at = rows->generation;
    stored = std::move(rows->values[0]);
  }
  if (!stored) return looked;
  auto row = OpenRow(*keys, place, *stored);
  if (!row.ok()) return row.status();
  auto known = DecodeDelivery(*row);
  if (!known.ok()) return known.status();
  looked.known = *std::move(known);
  return looked;
}

bool SendOperation::MayRetry(const absl::Status& status) const {
  return absl::IsAborted(status) ||
         (absl::IsUnavailable(status) && context_.engine.Writable().ok());
}

void SendOperation::AfterFailure(const absl::Status& status) {
  if (MayRetry(status) && attempts_ < kMostAttempts) {
    // Not here: this is a thread of the engine, and the next attempt reads.
    const auto run = [self = shared_from_this()](const absl::Status& admission) {
      admission.ok() ? self->Run() : self->Conclude(DeadlinePassed());
    };
    if (context_.background.TrySubmit(deadline_, run)) return;
  }
  Conclude(WriteError(status));
}

absl::Status SendOperation::CheckSenderKeys(const Profile& profile) const {
  const auto stale = [](rpc::Literal field) {
    return rpc::FailField(absl::StatusCode::kFailedPrecondition, InHeader(field),
                          common::v1::ERROR_REASON_SENDER_KEY,
                          "is not of the sender's current key");
  };
  if (routing_.sender_identity_key_id != profile.identity_key_id) {
    return stale("sender_identity_key_id");
  }
  if (routing_.sender_encryption_key_id != profile.encryption_key_id) {
    return stale("sender_encryption_key_id");
  }
  return absl::OkStatus();
}

absl::Status SendOperation::CheckRecipientKey(const Profile& profile) const {
  if (routing_.recipient_encryption_key_id == profile.encryption_key_id) return absl::OkStatus();
  return rpc::FailField(
      absl::StatusCode::kFailedPrecondition, InHeader("recipient_encryption_key_id"),
      common::v1::ERROR_REASON_RECIPIENT_KEY, "is not of the recipient's current key");
}

bool SendOperation::HasRoom(const Counters& counters) const {
  const Quota& quota = context_.options.quota;
  return counters.message_count < quota.messages &&
         counters.byte_count + envelope_->ciphertext().size() <= quota.bytes;
}

absl::Status SenderFull() {
  return rpc::Fail(absl::StatusCode::kResourceExhausted, common::v1::ERROR_REASON_MAILBOX_FULL,
                   "the sender's mailbox is full");
}

absl::Status RecipientFull() {
  return rpc::Fail(absl::StatusCode::kResourceExhausted, common::v1::ERROR_REASON_MAILBOX_FULL,
                   "the recipient's mailbox is full");
}

std::uint64_t SendOperation::NowMs() const {
  return static_cast<std::uint64_t>(absl::ToUnixMillis(context_.clock.Now()));
}

absl::Status SendOperation::MaySend(const Lane::View& view, const Contact& recipient) const {
  absl::Status allowed =
      CheckSending(context_.options.limits, recipient, view.counters.account, NowMs());
  if (!allowed.ok()) return allowed;
  return HasRoom(view.counters) ? absl::OkStatus() : SenderFull();
}

absl::Status SendOperation::MayReceive(const Lane::View& view, const Contact& sender,
                                       std::uint64_t file_bytes) const {
  absl::Status allowed = CheckReceiving(context_.options.limits, context_.options.quota, sender,
                                        envelope_->ciphertext().size() + file_bytes);
  // A mailbox that is full says so, whoever filled it; one that takes nothing from her says only
  // that.
  const bool share = rpc::ReasonOf(allowed) == common::v1::ERROR_REASON_SENDER_SHARE;
  if ((allowed.ok() || share) && !HasRoom(view.counters)) return RecipientFull();
  return allowed;
}

engine::Batch SendOperation::SenderRows(Lane::View& view, const Looked& looked,
                                        v1::DeliveryState state,
                                        ContactCache::Entry* recipient) const {
  const bool changed = CountSending(context_.options.limits, accepted_unix_ms_, &recipient->contact,
                                    &view.counters.account);
  engine::Batch batch =
      MessageRows(view, looked.row_key, v1::FOLDER_SENT, state, envelope_->sender_wrap());
  if (changed) PutContact(view, recipient, &batch);
  return batch;
}

engine::Batch SendOperation::RecipientRows(Lane::View& view, const Looked& looked,
                                           std::uint64_t sent_sequence, std::uint64_t file_bytes,
                                           ContactCache::Entry* sender) const {
  const bool request = CountReceiving(context_.options.limits, NowMs(), sent_sequence,
                                      looked.row_key, envelope_->ciphertext().size() + file_bytes,
                                      &sender->contact, &view.counters.account);
  engine::Batch batch =
      MessageRows(view, looked.row_key, request ? v1::FOLDER_REQUESTS : v1::FOLDER_INBOX,
                  v1::DELIVERY_STATE_DELIVERED, envelope_->recipient_wrap());
  PutContact(view, sender, &batch);
  return batch;
}

engine::Batch SendOperation::MessageRows(Lane::View& view, const std::string& row_key,
                                         v1::Folder folder, v1::DeliveryState state,
                                         std::string_view wrap) const {
  const Delivery delivery{.request_digest = digest_,
                          .sequence = view.counters.next_sequence++,
                          .accepted_unix_ms = accepted_unix_ms_,
                          .state = state};
  view.counters.message_count += 1;
  view.counters.byte_count += envelope_->ciphertext().size();
  v1::MessageState kept;
  kept.set_folder(folder);
  kept.set_sequence(delivery.sequence);
  kept.set_accepted_unix_ms(delivery.accepted_unix_ms);
  if (folder == v1::FOLDER_SENT) kept.set_delivery(delivery.state);
  for (const crypto::Digest& hash : files_.hashes()) kept.add_attachments(crypto::ToString(hash));
  engine::Batch batch;
  batch.puts.reserve(6);
  const vault::MailboxKeys& keys = *view.keys;
  batch.puts.push_back(SealRow(keys, {table::kDeliveries, row_key}, EncodeDelivery(delivery)));
  batch.puts.push_back(
      SealRow(keys, {table::kMessages, SequenceKey(delivery.sequence)},
              EncodeMessage(envelope_->header(), wrap, envelope_->ciphertext(), kept)));
  batch.puts.push_back(SealRow(
      keys, ThreadRowKey(keys, routing_.thread_id.bytes(), delivery.sequence), EncodeThread()));
  batch.puts.push_back(SealRow(keys, {table::kCounters, ""}, EncodeCounters(view.counters)));
  return batch;
}

}  // namespace letterlock::mail
