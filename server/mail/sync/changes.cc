#include "server/mail/sync/changes.h"

#include <algorithm>
#include <set>
#include <utility>

#include "attachments/hold.h"
#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/mail/v1/envelope.pb.h"
#include "mailbox/contacts.h"
#include "mailbox/found_messages.h"
#include "mailbox/lane.h"
#include "mailbox/sealing.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/mail/mailbox/rows.h"
#include "server/rpc/status.h"
#include "sync/write_each.h"

namespace letterlock::mail {
namespace {

// Deletions that one call forgets at most.
constexpr std::size_t kForgottenAtOnce = 8;
// How often a mailbox without deletions is looked at for old ones.
constexpr absl::Duration kForgetInterval = absl::Hours(1);

Flags Updated(Flags flags, const MessageUpdate& update) {
  flags.read = update.read.value_or(flags.read);
  flags.archived = update.archived.value_or(flags.archived);
  std::set<std::string> labels(flags.labels.begin(), flags.labels.end());
  for (const std::string& label : update.remove_labels) labels.erase(label);
  labels.insert(update.add_labels.begin(), update.add_labels.end());
  flags.labels.assign(labels.begin(), labels.end());
  return flags;
}

template <typename Range>
std::vector<std::string> RowKeysOf(const vault::MailboxKeys& keys, const Range& names) {
  std::vector<std::string> row_keys;
  for (const MessageName& name : names)
    row_keys.push_back(keys.MessageRowKey(name.sender, name.id));
  return row_keys;
}

// The outbox row of a message that is still on its way; nothing where there is none.
absl::StatusOr<std::optional<OutboxItem>> ReadOutbox(Lane& lane, std::uint64_t sequence,
                                                     absl::Time deadline) {
  auto keys = KeysOf(lane, deadline);
  if (!keys.ok()) return keys.status();
  const engine::RowKey place{table::kOutbox, SequenceKey(sequence)};
  auto rows = ReadRows(lane.engine(), lane.tag(), {place}, deadline);
  if (!rows.ok()) return rows.status();
  if (!rows->values[0]) return std::optional<OutboxItem>();
  auto row = OpenRow(**keys, place, *rows->values[0]);
  if (!row.ok()) return row.status();
  auto item = DecodeOutbox(*row);
  if (!item.ok()) return item.status();
  return std::optional<OutboxItem>(*std::move(item));
}

// What a message and its attachments take of the sender's share.
std::uint64_t SizeOf(const v1::MailboxMessage& message, const AttachmentHold* files) {
  std::uint64_t size = message.ciphertext().size();
  if (files == nullptr) return size;
  for (const std::string& hash : message.state().attachments()) {
    for (const AttachmentHold::Item& item : files->items()) {
      if (item.record && crypto::ToString(item.hash) == hash) size += item.record->size;
    }
  }
  return size;
}

// What deletes one message. Its delivery row stays, so that the same envelope again is no second
// message; what an outbox row needs of it goes there.
engine::Batch Deletion(Lane::View& view, const std::string& row_key, const FoundMessage& found,
                       const Destroyed& destroyed, std::optional<OutboxItem> outbox,
                       AttachmentHold* files) {
  const vault::MailboxKeys& keys = *view.keys;
  const std::uint64_t sequence = found.delivery.sequence;
  const v1::MailboxMessage& message = *found.message;
  v1::EnvelopeHeader header;
  header.ParseFromString(message.header());

  engine::Batch batch;
  batch.deletes = {{table::kMessages, SequenceKey(sequence)},
                   {table::kFlags, SequenceKey(sequence)},
                   ThreadRowKey(keys, header.thread_id(), sequence)};
  if (found.flags.change != 0) {
    batch.deletes.push_back(ChangeKey(ChangeKind::kChanged, found.flags.change));
  }
  Delivery delivery = found.delivery;
  delivery.deleted = true;
  batch.puts.push_back(SealRow(keys, {table::kDeliveries, row_key}, EncodeDelivery(delivery)));
  if (outbox) {
    outbox->sender_wrap = message.wrap();
    outbox->ciphertext = message.ciphertext();
    batch.puts.push_back(
        SealRow(keys, {table::kOutbox, SequenceKey(sequence)}, EncodeOutbox(*outbox)));
  }
  const std::uint64_t number = view.counters.next_sequence++;
  view.counters.message_count -= 1;
  view.counters.byte_count -= message.ciphertext().size();
  if (files != nullptr) {
    const auto& hashes = message.state().attachments();
    files->DropReferences({hashes.begin(), hashes.end()}, view, batch);
  }
  batch.puts.push_back(SealRow(keys, ChangeKey(ChangeKind::kDestroyed, number),
                               EncodeDestroyed(sequence, destroyed)));
  batch.puts.push_back(SealRow(keys, {table::kCounters, ""}, EncodeCounters(view.counters)));
  return batch;
}

// Each attachment that the messages name, once; held as long as they are changed. nullptr where
// they name none.
absl::StatusOr<std::shared_ptr<AttachmentHold>> HoldFiles(const std::shared_ptr<Lane>& lane,
                                                          const FoundMessages& found,
                                                          absl::Time deadline) {
  std::set<crypto::Digest> hashes;
  for (const FoundMessage& one : found.messages) {
    if (!one.message) continue;
    for (const std::string& bytes : one.message->state().attachments()) {
      const auto hash = crypto::DigestFromBytes(bytes);
      if (!hash.ok()) return absl::DataLossError("an attachment's hash is none");
      hashes.insert(*hash);
    }
  }
  if (hashes.empty()) return nullptr;
  auto hold = AttachmentHold::Take(lane, std::vector<crypto::Digest>(hashes.begin(), hashes.end()),
                                   deadline);
  // Read later than the messages: a write failed in between.
  if (hold.ok() && (*hold)->incarnation() != found.incarnation) return AttachmentBusy();
  return hold;
}

}  // namespace

absl::StatusOr<std::vector<std::optional<v1::MessageState>>> Changes::Update(
    const Mailbox& mailbox, absl::Span<const MessageUpdate> updates, absl::Time deadline) const {
  const std::shared_ptr<Lane>& lane = mailbox.lane_;
  auto keys = KeysOf(*lane, deadline);
  if (!keys.ok()) return keys.status();
  std::vector<MessageName> names;
  for (const MessageUpdate& update : updates) names.push_back(update.name);

  std::vector<std::optional<v1::MessageState>> states(updates.size());
  EachWrite each;
  each.check = [&](std::size_t i, const FoundMessage& found) -> absl::Status {
    states[i] = std::nullopt;
    if (!found.message || Updated(found.flags, updates[i]).labels.size() <= kMaxLabels) {
      return absl::OkStatus();
    }
    return rpc::InvalidField(rpc::FieldPath("updates").At(i).Then("add_labels"),
                             common::v1::ERROR_REASON_TOO_MANY,
                             "would make more than 16 labels of one message");
  };
  each.write = [&](std::size_t i, const FoundMessage& found,
                   Lane::View& view) -> std::optional<engine::Batch> {
    if (!found.message) return std::nullopt;
    Flags flags = Updated(found.flags, updates[i]);
    states[i] = found.message->state();
    ApplyFlags(flags, &*states[i]);
    if (flags == found.flags) return std::nullopt;
    engine::Batch batch;
    PutChange(view, found.delivery.sequence, std::move(flags), &batch);
    return batch;
  };
  each.queued = [this] { Reached(point::kUpdateQueued); };
  each.durable = [this] { Reached(point::kUpdateDurable); };
  absl::Status written = WriteEach(lane, RowKeysOf(**keys, names), each, deadline);
  if (!written.ok()) return written;
  Forget(lane, deadline);
  return states;
}

absl::StatusOr<std::vector<bool>> Changes::Delete(const Mailbox& mailbox,
                                                  absl::Span<const MessageName> names,
                                                  absl::Time deadline) const {
  const std::shared_ptr<Lane>& lane = mailbox.lane_;
  auto keys = KeysOf(*lane, deadline);
  if (!keys.ok()) return keys.status();
  const std::vector<std::string> row_keys = RowKeysOf(**keys, names);
  const auto now_ms = static_cast<std::uint64_t>(absl::ToUnixMillis(clock_.Now()));

  std::vector<bool> deleted(names.size());
  std::vector<std::optional<OutboxItem>> outbox(names.size());
  std::vector<FoundContact> senders(names.size());
  EachWrite each;
  each.check = [&](std::size_t i, const FoundMessage& found) -> absl::Status {
    // Once it was seen it is this call that deleted it, also where the answer to a write was lost.
    if (found.message) deleted[i] = true;
    if (found.message && names[i].sender != lane->member()) {
      auto sender = FindContact(*lane, names[i].sender, deadline);
      if (!sender.ok()) return sender.status();
      senders[i] = *std::move(sender);
    }
    if (!found.message || found.delivery.state != v1::DELIVERY_STATE_PENDING) {
      outbox[i] = std::nullopt;
      return absl::OkStatus();
    }
    auto item = ReadOutbox(*lane, found.delivery.sequence, deadline);
    if (item.ok()) outbox[i] = *std::move(item);
    return item.status();
  };
  // Held until the engine has answered, which may be after this call: `durable` has a part in it.
  const auto files = std::make_shared<std::shared_ptr<AttachmentHold>>();
  bool had_files = false;
  each.prepare = [&](const FoundMessages& found) {
    files->reset();
    auto held = HoldFiles(lane, found, deadline);
    if (!held.ok()) return held.status();
    *files = *std::move(held);
    had_files = had_files || *files != nullptr;
    return absl::OkStatus();
  };
  // The lane may have written the sender's contact, and forgotten it, since it was read.
  each.current = [&](std::size_t i, const FoundMessage& found)
                     ABSL_EXCLUSIVE_LOCKS_REQUIRED(lane->mu) -> bool {
    if (!found.message || names[i].sender == lane->member()) return true;
    return senders[i].incarnation == lane->incarnation() &&
           EntryOf(*lane, names[i].sender, senders[i]) != nullptr;
  };
  each.write = [&](std::size_t i, const FoundMessage& found, Lane::View& view)
                   ABSL_EXCLUSIVE_LOCKS_REQUIRED(lane->mu) -> std::optional<engine::Batch> {
    if (!found.message) return std::nullopt;
    engine::Batch batch =
        Deletion(view, row_keys[i], found, {names[i], now_ms}, outbox[i], files->get());
    if (names[i].sender != lane->member()) {
      PutContactWithout(*lane, names[i].sender, SizeOf(*found.message, files->get()), &batch);
    }
    return batch;
  };
  each.queued = [this] { Reached(point::kDeleteQueued); };
  each.durable = [this, files] { Reached(point::kDeleteDurable); };
  absl::Status written = WriteEach(lane, row_keys, each, deadline);
  if (had_files && options_.attachments != nullptr) options_.attachments->RemoveSoon(mailbox);
  if (!written.ok()) return written;
  Forget(lane, deadline);
  return deleted;
}

void Changes::Forget(const std::shared_ptr<Lane>& lane, absl::Time deadline) const {
  const absl::Time now = clock_.Now();
  {
    absl::MutexLock lock(&lane->mu);
    if (now < lane->forget_at) return;
    lane->forget_at = now + kForgetInterval;
  }
  auto keys = KeysOf(*lane, deadline);
  if (!keys.ok()) return;
  engine::Range range = ChangeRange(ChangeKind::kDestroyed, 0, UINT64_MAX - 1);
  range.limit = kForgottenAtOnce + 1;
  auto page = ScanRows(lane->engine(), lane->tag(), table::kChanges, range, deadline);
  if (!page.ok()) return;

  engine::Batch batch;
  std::uint64_t through = 0;
  absl::Time next = now + kForgetInterval;
  for (const engine::Row& row : page->rows) {
    auto opened = OpenRow(**keys, row.key, row.value);
    if (!opened.ok()) return;  // whoever reads it says so
    auto destroyed = DecodeDestroyed(*opened);
    auto number = ParseChangeKey(ChangeKind::kDestroyed, row.key.key);
    if (!destroyed.ok() || !number.ok()) return;
    const absl::Time old_at =
        absl::FromUnixMillis(static_cast<std::int64_t>(destroyed->unix_ms)) + options_.retention;
    if (old_at > now || batch.deletes.size() == kForgottenAtOnce) {
      next = std::min(next, old_at);
      break;
    }
    batch.deletes.push_back(row.key);
    through = *number;
  }

  absl::MutexLock lock(&lane->mu);
  lane->forget_at = next;
  Lane::View* const view = lane->view();
  if (batch.deletes.empty() || view == nullptr) return;
  view->counters.forgotten_through = std::max(view->counters.forgotten_through, through);
  batch.puts.push_back(
      SealRow(*view->keys, {table::kCounters, ""}, EncodeCounters(view->counters)));
  const engine::Generation expected = view->next;
  const std::uint64_t incarnation = lane->Queue();
  lane->engine().Apply(lane->tag(), expected, std::move(batch),
                       [lane, incarnation](const absl::StatusOr<engine::Generation>& answer) {
                         lane->Answer(incarnation, answer.status());
                       });
}

}  // namespace letterlock::mail
