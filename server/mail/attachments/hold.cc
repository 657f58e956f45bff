#include "attachments/hold.h"

#include <algorithm>
#include <utility>

#include "letterlock/common/v1/errors.pb.h"
#include "mailbox/sealing.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

// What a call waits for another's hold before it tells its caller to come back.
constexpr absl::Duration kPatience = absl::Seconds(1);

}  // namespace

absl::Status AttachmentBusy() {
  return rpc::FailUntil(absl::StatusCode::kAborted, common::v1::ERROR_REASON_BUSY,
                        absl::Milliseconds(200), "another call changes this attachment");
}

absl::StatusOr<std::shared_ptr<AttachmentHold>> AttachmentHold::Take(
    std::shared_ptr<Lane> lane, absl::Span<const crypto::Digest> hashes, absl::Time deadline) {
  std::shared_ptr<AttachmentHold> hold(new AttachmentHold(std::move(lane)));
  KeyRing::Keys keys;
  while (keys == nullptr) {
    if (absl::Status loaded = hold->lane_->Load(deadline); !loaded.ok()) return loaded;
    keys = hold->lane_->keys();
  }
  for (const crypto::Digest& hash : hashes) {
    hold->items_.push_back({hash, keys->AttachmentRowKey(hash), std::nullopt});
  }
  if (absl::Status reserved = hold->Reserve(deadline); !reserved.ok()) return reserved;
  // Loaded anew behind the reservation: whoever had these before has been answered.
  do {
    if (absl::Status loaded = hold->lane_->Load(deadline); !loaded.ok()) return loaded;
    absl::MutexLock lock(&hold->lane_->mu);
    keys = hold->lane_->view() == nullptr ? nullptr : hold->lane_->view()->keys;
    hold->incarnation_ = hold->lane_->incarnation();
  } while (keys == nullptr);
  if (absl::Status read = hold->Read(*keys, deadline); !read.ok()) return read;
  return hold;
}

absl::Status AttachmentHold::Reserve(absl::Time deadline) {
  absl::MutexLock lock(&lane_->mu);
  const auto free = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(lane_->mu) {
    return std::ranges::none_of(items_, [this](const Item& item) ABSL_NO_THREAD_SAFETY_ANALYSIS {
      return lane_->attachments_held.contains(item.row_key);
    });
  };
  if (!lane_->mu.AwaitWithDeadline(absl::Condition(&free),
                                   std::min(deadline, absl::Now() + kPatience))) {
    return AttachmentBusy();
  }
  for (const Item& item : items_) lane_->attachments_held.insert(item.row_key);
  reserved_ = true;
  return absl::OkStatus();
}

absl::Status AttachmentHold::Read(const vault::MailboxKeys& keys, absl::Time deadline) {
  for (std::size_t from = 0; from < items_.size(); from += engine::kMaxReadKeys) {
    const auto some = absl::MakeSpan(items_).subspan(from, engine::kMaxReadKeys);
    std::vector<engine::RowKey> places;
    for (const Item& item : some) places.push_back(AttachmentPlace(item.row_key));
    auto rows = ReadRows(lane_->engine(), lane_->tag(), places, deadline);
    if (!rows.ok()) return rows.status();
    for (std::size_t i = 0; i < some.size(); ++i) {
      if (!rows->values[i]) continue;
      auto row = OpenRow(keys, places[i], *rows->values[i]);
      if (!row.ok()) return row.status();
      auto record = DecodeAttachment(*row);
      if (!record.ok()) return record.status();
      if (record->hash != some[i].hash) return absl::DataLossError("an attachment is another");
      some[i].record = *record;
    }
  }
  return absl::OkStatus();
}

AttachmentHold::~AttachmentHold() {
  if (!reserved_) return;
  absl::MutexLock lock(&lane_->mu);
  for (const Item& item : items_) lane_->attachments_held.erase(item.row_key);
}

void AttachmentHold::Put(Item& item, const AttachmentRecord& changed,
                         const vault::MailboxKeys& keys, engine::Batch& batch) {
  const auto expiry = [&](const AttachmentRecord& record) -> std::optional<engine::RowKey> {
    if (record.holder == v1::ATTACHMENT_HOLDER_MESSAGES) return std::nullopt;
    return ExpiryPlace(record, item.row_key);
  };
  const auto before = item.record ? expiry(*item.record) : std::nullopt;
  const auto after = expiry(changed);
  if (before && before != after) batch.deletes.push_back(*before);
  if (after && before != after) {
    batch.puts.push_back(SealRow(keys, *after, EncodeAttachmentExpiry(changed.hash)));
  }
  batch.puts.push_back(SealRow(keys, AttachmentPlace(item.row_key), EncodeAttachment(changed)));
  item.record = changed;
}

void AttachmentHold::PutCounters(const Lane::View& view, engine::Batch& batch) {
  batch.puts.push_back(SealRow(*view.keys, {table::kCounters, ""}, EncodeCounters(view.counters)));
}

void AttachmentHold::AddReferences(Lane::View& view, engine::Batch& batch) {
  for (Item& item : items_) {
    AttachmentRecord changed = *item.record;
    changed.references += 1;
    changed.holder = v1::ATTACHMENT_HOLDER_MESSAGES;
    changed.expires_unix_ms = 0;
    Put(item, changed, *view.keys, batch);
  }
}

void AttachmentHold::DropReferences(const std::vector<std::string>& hashes, Lane::View& view,
                                    engine::Batch& batch) {
  for (Item& item : items_) {
    if (std::ranges::find(hashes, crypto::ToString(item.hash)) == hashes.end()) continue;
    if (!item.record || item.record->references == 0) continue;
    AttachmentRecord changed = *item.record;
    changed.references -= 1;
    if (changed.references == 0) {
      changed.holder = v1::ATTACHMENT_HOLDER_NOBODY;
      changed.complete = false;
      view.counters.byte_count -= std::min(view.counters.byte_count, changed.size);
    }
    Put(item, changed, *view.keys, batch);
  }
}

void AttachmentHold::LetGo(Item& item, Lane::View& view, engine::Batch& batch) {
  AttachmentRecord changed = *item.record;
  changed.holder = v1::ATTACHMENT_HOLDER_NOBODY;
  changed.complete = false;
  changed.expires_unix_ms = 0;
  view.counters.byte_count -= std::min(view.counters.byte_count, changed.size);
  Put(item, changed, *view.keys, batch);
  PutCounters(view, batch);
}

absl::Status AttachmentHold::Queue(const std::shared_ptr<AttachmentHold>& hold, Fill fill,
                                   absl::AnyInvocable<void(absl::Status) &&>& then) {
  absl::MutexLock lock(&lane_->mu);
  if (!IsCurrent()) return AttachmentBusy();
  engine::Batch batch;
  if (absl::Status filled = fill(*lane_->view(), batch); !filled.ok()) return filled;
  const engine::Generation expected = lane_->view()->next;
  const std::uint64_t incarnation = lane_->Queue();
  lane_->engine().Apply(
      lane_->tag(), expected, std::move(batch),
      [hold, incarnation,
       then = std::move(then)](const absl::StatusOr<engine::Generation>& answer) mutable {
        hold->lane_->Answer(incarnation, answer.status());
        std::move(then)(answer.ok() ? absl::OkStatus() : WriteError(answer.status()));
      });
  return absl::OkStatus();
}

void AttachmentHold::WriteThen(const std::shared_ptr<AttachmentHold>& hold, Fill fill,
                               absl::AnyInvocable<void(absl::Status) &&> then) {
  const absl::Status queued = hold->Queue(hold, fill, then);
  // `then` was not given away.
  if (!queued.ok()) std::move(then)(queued);
}

absl::Status AttachmentHold::Write(const std::shared_ptr<AttachmentHold>& hold, absl::Time deadline,
                                   Fill fill) {
  auto pending = PendingAnswer<bool>::Make();
  WriteThen(hold, fill, [pending](const absl::Status& status) {
    pending->Fill(status.ok() ? absl::StatusOr<bool>(true) : absl::StatusOr<bool>(status));
  });
  auto answer = pending->WaitUntil(deadline);
  if (!answer) return WriteError(absl::UnavailableError("the store has not answered yet"));
  return answer->status();
}

}  // namespace letterlock::mail
