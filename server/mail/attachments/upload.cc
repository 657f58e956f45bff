#include "attachments/upload.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "attachments/chunks.h"
#include "attachments/removal.h"
#include "letterlock/common/v1/errors.pb.h"
#include "mailbox/sealing.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

constexpr std::size_t kBufferedChunks = 8;
constexpr std::size_t kMostOpenCalls = 4;  // of a mailbox

absl::Status TakenOver() {
  return rpc::FailUntil(absl::StatusCode::kAborted, common::v1::ERROR_REASON_BUSY, absl::Seconds(1),
                        "another call goes on with this upload");
}

}  // namespace

StoredUpload::StoredUpload(std::shared_ptr<Attachments::Shared> shared, std::shared_ptr<Lane> lane,
                           const crypto::Digest& hash, std::uint64_t size)
    : shared_(std::move(shared)),
      lane_(std::move(lane)),
      hash_(hash),
      size_(size),
      call_(shared_->next_call.fetch_add(1, std::memory_order_relaxed)) {}

StoredUpload::~StoredUpload() {
  if (counted_) shared_->uploads.fetch_sub(1, std::memory_order_relaxed);
  if (!registered_) return;
  absl::MutexLock lock(&lane_->mu);
  const auto open = lane_->uploading.find(row_key_);
  if (open != lane_->uploading.end() && open->second == call_) lane_->uploading.erase(open);
}

absl::StatusOr<std::shared_ptr<Upload>> StoredUpload::Start(
    std::shared_ptr<Attachments::Shared> shared, std::shared_ptr<Lane> lane,
    const crypto::Digest& hash, std::uint64_t size, std::uint64_t offset, absl::Time deadline) {
  std::shared_ptr<StoredUpload> upload(
      new StoredUpload(std::move(shared), std::move(lane), hash, size));
  if (absl::Status begun = upload->Begin(offset, deadline); !begun.ok()) return begun;
  return std::shared_ptr<Upload>(std::move(upload));
}

absl::Status StoredUpload::Begin(std::uint64_t offset, absl::Time deadline) {
  const std::size_t open = shared_->uploads.fetch_add(1, std::memory_order_relaxed);
  counted_ = true;
  if (open >= shared_->options.most_uploads) {
    return rpc::Exhausted(absl::Seconds(1), "too many uploads are open");
  }
  auto hold = AttachmentHold::Take(lane_, {hash_}, deadline);
  if (!hold.ok()) return hold.status();
  AttachmentHold::Item& item = (*hold)->items().front();
  row_key_ = item.row_key;
  if (absl::Status removed = RemoveLetGo(*hold, deadline); !removed.ok()) return removed;
  // All that this call has wrong comes before it takes the upload from another one.
  if (absl::Status fits = CheckStanding(item, offset); !fits.ok()) return fits;
  if (absl::Status known = Register(row_key_); !known.ok()) return known;
  stored_ = offset;
  return item.record ? GoOn(*hold, deadline) : BeginNew(*hold, deadline);
}

absl::Status StoredUpload::Register(const std::string& row_key) {
  absl::MutexLock lock(&lane_->mu);
  auto& open = lane_->uploading;
  if (open.size() >= kMostOpenCalls && !open.contains(row_key)) {
    return rpc::Exhausted(absl::Seconds(1), "too many uploads of this mailbox are open");
  }
  open[row_key] = call_;
  registered_ = true;
  return absl::OkStatus();
}

absl::Status StoredUpload::CheckPending(absl::Time deadline) const {
  engine::Range range = AllExpiries(v1::ATTACHMENT_HOLDER_UPLOAD);
  range.limit = kMaxPendingUploads;
  auto page = ScanRows(lane_->engine(), lane_->tag(), table::kAttachmentExpiries, range, deadline);
  if (!page.ok()) return page.status();
  if (page->rows.size() < kMaxPendingUploads) return absl::OkStatus();
  return rpc::Fail(absl::StatusCode::kResourceExhausted, common::v1::ERROR_REASON_TOO_MANY,
                   "no message names the last 16 uploads yet");
}

absl::Status StoredUpload::BeginNew(const std::shared_ptr<AttachmentHold>& hold,
                                    absl::Time deadline) {
  if (absl::Status room = CheckPending(deadline); !room.ok()) return room;
  return AttachmentHold::Write(
      hold, deadline, [&](Lane::View& view, engine::Batch& batch) -> absl::Status {
        absl::Status room = shared_->CheckRoom(view.counters.byte_count, size_);
        if (!room.ok()) return room;
        view.counters.byte_count += size_;
        AttachmentHold::Put(hold->items().front(),
                            {.hash = hash_,
                             .size = size_,
                             .holder = v1::ATTACHMENT_HOLDER_UPLOAD,
                             .expires_unix_ms = shared_->ExpiryIn(kUploadLifetime)},
                            *view.keys, batch);
        AttachmentHold::PutCounters(view, batch);
        return absl::OkStatus();
      });
}

absl::Status StoredUpload::CheckStanding(const AttachmentHold::Item& item,
                                         std::uint64_t offset) const {
  if (item.record && item.record->size != size_) {
    return rpc::InvalidField(rpc::FieldPath("start").Then("size"),
                             common::v1::ERROR_REASON_FIELD_RANGE,
                             "is not what the upload began with");
  }
  const std::uint64_t stands_at = item.record ? item.record->received : 0;
  return offset == stands_at ? absl::OkStatus() : WrongOffset();
}

absl::Status StoredUpload::GoOn(const std::shared_ptr<AttachmentHold>& hold, absl::Time deadline) {
  AttachmentHold::Item& item = hold->items().front();
  const AttachmentRecord& known = *item.record;
  if (known.holder == v1::ATTACHMENT_HOLDER_MESSAGES) return absl::OkStatus();
  if (known.holder == v1::ATTACHMENT_HOLDER_DELIVERY) {
    if (absl::Status room = CheckPending(deadline); !room.ok()) return room;
  }
  return AttachmentHold::Write(hold, deadline, [&](Lane::View& view, engine::Batch& batch) {
    AttachmentRecord changed = known;
    changed.holder = v1::ATTACHMENT_HOLDER_UPLOAD;
    changed.expires_unix_ms = shared_->ExpiryIn(kUploadLifetime);
    AttachmentHold::Put(item, changed, *view.keys, batch);
    return absl::OkStatus();
  });
}

void StoredUpload::Append(std::string_view data, absl::Time deadline, Answer then) {
  if (data.size() > size_ - stored_ - buffer_.size()) {
    return std::move(then)(rpc::InvalidField("data", common::v1::ERROR_REASON_FIELD_RANGE,
                                             "goes beyond the size that was named"));
  }
  buffer_.append(data);
  const bool all = stored_ + buffer_.size() == size_;
  if (!all && buffer_.size() < kBufferedChunks * kChunkSize) {
    return std::move(then)(absl::OkStatus());
  }
  Flush(deadline, std::move(then));
}

absl::Status StoredUpload::CheckOwn(const AttachmentHold::Item& item) const {
  {
    absl::MutexLock lock(&lane_->mu);
    const auto open = lane_->uploading.find(row_key_);
    if (open == lane_->uploading.end() || open->second != call_) return TakenOver();
  }
  if (!item.record || item.record->holder != v1::ATTACHMENT_HOLDER_UPLOAD ||
      item.record->complete || item.record->received != stored_) {
    return WrongOffset();
  }
  return absl::OkStatus();
}

void StoredUpload::Flush(absl::Time deadline, Answer then) {
  const bool all = stored_ + buffer_.size() == size_;
  const std::size_t bytes = all ? buffer_.size() : buffer_.size() / kChunkSize * kChunkSize;
  if (bytes == 0) return std::move(then)(absl::OkStatus());
  auto hold = AttachmentHold::Take(lane_, {hash_}, deadline);
  if (!hold.ok()) return std::move(then)(hold.status());
  AttachmentHold::Item& item = (*hold)->items().front();
  if (absl::Status own = CheckOwn(item); !own.ok()) return std::move(then)(own);
  const KeyRing::Keys keys = lane_->keys();
  if (keys == nullptr) return std::move(then)(AttachmentBusy());

  // Sealed here and not under the lane's lock.
  std::vector<engine::Row> chunks;
  for (std::size_t at = 0; at < bytes; at += kChunkSize) {
    const auto index = static_cast<std::uint32_t>((stored_ + at) / kChunkSize);
    chunks.push_back(SealRow(
        *keys, ChunkPlace(row_key_, index),
        std::string_view(buffer_).substr(at, std::min<std::size_t>(kChunkSize, bytes - at))));
  }
  const auto fill = [&](Lane::View& view, engine::Batch& batch) {
    batch.puts = std::move(chunks);
    AttachmentRecord changed = *item.record;
    changed.received += bytes;
    AttachmentHold::Put(item, changed, *view.keys, batch);
    return absl::OkStatus();
  };
  AttachmentHold::WriteThen(*hold, fill,
                            [self = std::static_pointer_cast<StoredUpload>(shared_from_this()),
                             bytes, then = std::move(then)](absl::Status status) mutable {
                              if (status.ok()) {
                                self->stored_ += bytes;
                                self->buffer_.erase(0, bytes);
                              }
                              std::move(then)(std::move(status));
                            });
}

absl::StatusOr<std::uint64_t> StoredUpload::Finish(absl::Time deadline) {
  if (stored_ + buffer_.size() < size_) {
    Abandon(deadline);
    return rpc::FailField(absl::StatusCode::kOutOfRange, rpc::FieldPath("data"),
                          common::v1::ERROR_REASON_UPLOAD_OFFSET, "ends before the size named");
  }
  return Complete(deadline);
}

void StoredUpload::Abandon(absl::Time deadline) {
  absl::Notification over;
  Flush(deadline, [&over](const absl::Status&) { over.Notify(); });
  over.WaitForNotification();
}

absl::StatusOr<std::uint64_t> StoredUpload::Complete(absl::Time deadline) {
  auto hold = AttachmentHold::Take(lane_, {hash_}, deadline);
  if (!hold.ok()) return hold.status();
  AttachmentHold::Item& item = (*hold)->items().front();
  if (item.record && item.record->Usable()) return item.record->expires_unix_ms;
  if (!item.record || item.record->holder == v1::ATTACHMENT_HOLDER_NOBODY ||
      item.record->received != item.record->size) {
    return WrongOffset();
  }
  const KeyRing::Keys keys = lane_->keys();
  if (keys == nullptr) return AttachmentBusy();
  const auto digest = HashChunks(*lane_, *keys, row_key_, *item.record, deadline);
  if (!digest.ok()) return digest.status();
  const bool right = *digest == hash_;
  absl::Status written =
      AttachmentHold::Write(*hold, deadline, [&](Lane::View& view, engine::Batch& batch) {
        if (!right) {
          (*hold)->LetGo(item, view, batch);
          return absl::OkStatus();
        }
        AttachmentRecord changed = *item.record;
        changed.complete = true;
        changed.holder = v1::ATTACHMENT_HOLDER_UPLOAD;
        changed.expires_unix_ms = shared_->ExpiryIn(kUploadLifetime);
        AttachmentHold::Put(item, changed, *view.keys, batch);
        return absl::OkStatus();
      });
  if (!written.ok()) return written;
  if (right) return item.record->expires_unix_ms;
  // What can't be removed now goes with a later call.
  RemoveLetGo(*hold, deadline).IgnoreError();
  return rpc::FailField(absl::StatusCode::kDataLoss,
                        rpc::FieldPath("start").Then("ciphertext_hash"),
                        common::v1::ERROR_REASON_UPLOAD_HASH, "is not that of the bytes that came");
}

}  // namespace letterlock::mail
