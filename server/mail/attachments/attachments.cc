#include "server/mail/attachments/attachments.h"

#include <algorithm>
#include <utility>

#include "attachments/attachment_rows.h"
#include "attachments/chunks.h"
#include "attachments/copy.h"
#include "attachments/hold.h"
#include "attachments/removal.h"
#include "attachments/shared.h"
#include "attachments/upload.h"
#include "letterlock/common/v1/errors.pb.h"
#include "mailbox/lane.h"
#include "mailbox/sealing.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

// What one round of removing in the background may take.
constexpr absl::Duration kPatience = absl::Seconds(10);
constexpr int kMostRounds = 8;
constexpr std::size_t kPieceSize = kChunkSize;

struct Read {
  std::string row_key;
  std::optional<AttachmentRecord> record;
  KeyRing::Keys keys;
};

absl::StatusOr<Read> ReadOne(Lane& lane, const crypto::Digest& hash, absl::Time deadline) {
  Read found;
  while (found.keys == nullptr) {
    if (absl::Status loaded = lane.Load(deadline); !loaded.ok()) return loaded;
    found.keys = lane.keys();
  }
  found.row_key = found.keys->AttachmentRowKey(hash);
  const engine::RowKey place = AttachmentPlace(found.row_key);
  auto rows = ReadRows(lane.engine(), lane.tag(), {place}, deadline);
  if (!rows.ok()) return rows.status();
  if (!rows->values[0]) return found;
  auto row = OpenRow(*found.keys, place, *rows->values[0]);
  if (!row.ok()) return row.status();
  auto record = DecodeAttachment(*row);
  if (!record.ok()) return record.status();
  found.record = *record;
  return found;
}

class StoredDownload final : public Download {
 public:
  StoredDownload(std::shared_ptr<Lane> lane, Read found, std::uint64_t offset, std::uint64_t end)
      : lane_(std::move(lane)), found_(std::move(found)), at_(offset), end_(end) {}

  absl::StatusOr<std::string> Next(absl::Time deadline) override {
    if (at_ == end_) return std::string();
    const auto index = static_cast<std::uint32_t>(at_ / kChunkSize);
    std::string piece;
    const absl::Status read =
        ReadChunks(*lane_, *found_.keys, found_.row_key, *found_.record, index, index + 1, deadline,
                   [&](std::string_view chunk) {
                     const std::size_t from = at_ % kChunkSize;
                     const auto size = static_cast<std::size_t>(
                         std::min<std::uint64_t>({kPieceSize, chunk.size() - from, end_ - at_}));
                     piece = std::string(chunk.substr(from, size));
                     return absl::OkStatus();
                   });
    if (absl::IsNotFound(read)) return AttachmentNotFound();
    if (!read.ok()) return read;
    at_ += piece.size();
    return piece;
  }

 private:
  const std::shared_ptr<Lane> lane_;
  const Read found_;
  std::uint64_t at_;
  const std::uint64_t end_;
};

}  // namespace

absl::Status AttachmentNotFound() {
  return rpc::FailField(absl::StatusCode::kNotFound, rpc::FieldPath("ciphertext_hash"),
                        common::v1::ERROR_REASON_NOT_FOUND, "is no attachment of this mailbox");
}

absl::Status WrongOffset() {
  return rpc::FailField(absl::StatusCode::kOutOfRange, rpc::FieldPath("start").Then("offset"),
                        common::v1::ERROR_REASON_UPLOAD_OFFSET, "is not where the upload stands");
}

absl::Status Attachments::Shared::CheckRoom(std::uint64_t used, std::uint64_t more) const {
  if (used + more <= options.quota_bytes) return absl::OkStatus();
  return rpc::Fail(absl::StatusCode::kResourceExhausted, common::v1::ERROR_REASON_MAILBOX_FULL,
                   "the mailbox is full");
}

Attachments::Attachments(const Options& options, Mailboxes& mailboxes, const crypto::Clock& clock)
    : shared_(std::make_shared<Shared>(options, mailboxes, clock)) {}
Attachments::~Attachments() { Drain(); }

void Attachments::Drain() { shared_->pool.Drain(); }

absl::StatusOr<Attachments::Standing> Attachments::GetUpload(const MemberGrant& grant,
                                                             const crypto::Digest& hash,
                                                             absl::Time deadline) {
  auto mailbox = shared_->mailboxes.Open(grant, deadline);
  if (!mailbox.ok()) return mailbox.status();
  RemoveSoon(*mailbox);
  const auto found = ReadOne(*mailbox->lane_, hash, deadline);
  if (!found.ok()) return found.status();
  if (!found->record || found->record->holder == v1::ATTACHMENT_HOLDER_NOBODY) {
    return AttachmentNotFound();
  }
  return Standing{.stored = found->record->received,
                  .size = found->record->size,
                  .complete = found->record->complete,
                  .expires_unix_ms = found->record->expires_unix_ms};
}

absl::StatusOr<std::shared_ptr<Upload>> Attachments::StartUpload(const MemberGrant& grant,
                                                                 const crypto::Digest& hash,
                                                                 std::uint64_t size,
                                                                 std::uint64_t offset,
                                                                 absl::Time deadline) {
  const rpc::FieldPath field = rpc::FieldPath("start").Then("size");
  if (size > kMaxAttachmentCiphertext) {
    return rpc::InvalidField(field, common::v1::ERROR_REASON_TOO_LARGE, "is over 25 MiB of file");
  }
  if (!IsAttachmentSize(size)) {
    return rpc::InvalidField(field, common::v1::ERROR_REASON_FIELD_RANGE,
                             "is no size that a sealed attachment has");
  }
  auto mailbox = shared_->mailboxes.Open(grant, deadline);
  if (!mailbox.ok()) return mailbox.status();
  // Before the pending ones are counted.
  auto more = RemoveExpired(mailbox->lane_, shared_->NowMs(), deadline);
  if (!more.ok()) return more.status();
  return StoredUpload::Start(shared_, mailbox->lane_, hash, size, offset, deadline);
}

absl::StatusOr<std::shared_ptr<Download>> Attachments::OpenDownload(const MemberGrant& grant,
                                                                    const crypto::Digest& hash,
                                                                    std::uint64_t offset,
                                                                    std::uint64_t length,
                                                                    absl::Time deadline) {
  auto mailbox = shared_->mailboxes.Open(grant, deadline);
  if (!mailbox.ok()) return mailbox.status();
  auto found = ReadOne(*mailbox->lane_, hash, deadline);
  if (!found.ok()) return found.status();
  if (!found->record || !found->record->Usable()) return AttachmentNotFound();
  const std::uint64_t size = found->record->size;
  const auto beyond = [](rpc::Literal name) {
    return rpc::FailField(absl::StatusCode::kOutOfRange, rpc::FieldPath(name),
                          common::v1::ERROR_REASON_FIELD_RANGE, "goes beyond the attachment");
  };
  if (offset > size) return beyond("offset");
  if (length > size - offset) return beyond("length");
  const std::uint64_t end = length == 0 ? size : offset + length;
  return std::shared_ptr<Download>(
      std::make_shared<StoredDownload>(mailbox->lane_, *std::move(found), offset, end));
}

absl::Status Attachments::CheckDevice(const MemberGrant& grant, absl::Time deadline) {
  return shared_->mailboxes.Open(grant, deadline).status();
}

void Attachments::RemoveSoon(const Mailbox& mailbox) { RemoveSoon(mailbox.lane_); }

void Attachments::RemoveSoon(std::shared_ptr<Lane> lane) {
  // A full pool: the owner's next call comes to it.
  (void)shared_->pool.TrySubmit(
      absl::InfiniteFuture(), [shared = shared_, lane = std::move(lane)](const absl::Status&) {
        const absl::Time deadline = absl::Now() + kPatience;
        for (int round = 0; round < kMostRounds; ++round) {
          const auto more = RemoveExpired(lane, shared->NowMs(), deadline);
          if (!more.ok() || !*more) return;
        }
      });
}

bool Attachments::Submit(absl::Time deadline, rpc::WorkerPool::Task task) {
  return shared_->pool.TrySubmit(deadline, std::move(task));
}

absl::Status Attachments::Copy(const std::shared_ptr<Lane>& from, const std::shared_ptr<Lane>& to,
                               absl::Span<const crypto::Digest> hashes, absl::Time deadline) {
  for (const crypto::Digest& hash : hashes) {
    absl::Status copied = CopyAttachment(*shared_, from, to, hash, deadline);
    if (!copied.ok()) return copied;
  }
  return absl::OkStatus();
}

void Attachments::DropCopies(std::shared_ptr<Lane> lane, std::vector<crypto::Digest> hashes) {
  (void)shared_->pool.TrySubmit(
      absl::InfiniteFuture(),
      [lane = std::move(lane), hashes = std::move(hashes)](const absl::Status&) {
        for (const crypto::Digest& hash : hashes) {
          // One that stays expires.
          DropCopy(lane, hash, absl::Now() + kPatience).IgnoreError();
        }
      });
}

}  // namespace letterlock::mail
