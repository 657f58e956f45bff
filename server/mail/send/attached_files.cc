#include "send/attached_files.h"

#include <utility>

#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

// A copy may be let go between its end and our hold (its time, or another message that was
// refused): rarely once.
constexpr int kMostCopies = 3;

absl::Status Missing(std::size_t index) {
  return rpc::FailField(
      absl::StatusCode::kFailedPrecondition, rpc::FieldPath("attachments").At(index),
      common::v1::ERROR_REASON_ATTACHMENT_MISSING, "was not uploaded, or not wholly");
}

}  // namespace

absl::Status AttachedFiles::HoldSenders(const std::shared_ptr<Lane>& from, absl::Time deadline) {
  from_.reset();
  auto hold = AttachmentHold::Take(from, hashes_, deadline);
  if (!hold.ok()) return hold.status();
  for (std::size_t i = 0; i < hashes_.size(); ++i) {
    const auto& record = (*hold)->items()[i].record;
    if (!record || !record->Usable()) return Missing(i);
  }
  from_ = *std::move(hold);
  return absl::OkStatus();
}

absl::Status AttachedFiles::CopyAndHold(const std::shared_ptr<Lane>& from,
                                        const std::shared_ptr<Lane>& to, absl::Time deadline) {
  to_.reset();
  for (int i = 0; i < kMostCopies; ++i) {
    if (absl::Status copied = attachments_->Copy(from, to, hashes_, deadline); !copied.ok()) {
      return copied;
    }
    auto hold = AttachmentHold::Take(to, hashes_, deadline);
    if (!hold.ok()) return hold.status();
    bool all = true;
    for (const AttachmentHold::Item& item : (*hold)->items()) {
      all = all && item.record && item.record->Usable();
    }
    if (!all) continue;
    to_ = *std::move(hold);
    return absl::OkStatus();
  }
  return AttachmentBusy();
}

void AttachedFiles::DropCopies(const std::shared_ptr<Lane>& to) {
  to_.reset();
  if (!empty()) attachments_->DropCopies(to, hashes_);
}

std::uint64_t AttachedFiles::bytes() const {
  const AttachmentHold* const held = to_ != nullptr ? to_.get() : from_.get();
  std::uint64_t bytes = 0;
  if (held == nullptr) return bytes;
  for (const AttachmentHold::Item& item : held->items()) {
    if (item.record) bytes += item.record->size;
  }
  return bytes;
}

}  // namespace letterlock::mail
