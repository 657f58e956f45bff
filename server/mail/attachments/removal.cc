#include "attachments/removal.h"

#include <algorithm>
#include <vector>

#include "attachments/attachment_rows.h"
#include "mailbox/sealing.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/mail/mailbox/rows.h"

namespace letterlock::mail {
namespace {

constexpr std::uint32_t kDeletesPerWrite = 60;  // beside the attachment's own rows
constexpr std::size_t kMostOfAHolder = 4;

absl::Status RemoveRows(const std::shared_ptr<AttachmentHold>& hold, AttachmentHold::Item& item,
                        absl::Time deadline) {
  const std::uint32_t chunks = item.record->Chunks();
  std::uint32_t next = 0;
  do {
    const std::uint32_t end = std::min(chunks, next + kDeletesPerWrite);
    const absl::Status written =
        AttachmentHold::Write(hold, deadline, [&](Lane::View&, engine::Batch& batch) {
          for (std::uint32_t i = next; i < end; ++i) {
            batch.deletes.push_back(ChunkPlace(item.row_key, i));
          }
          if (end == chunks) {  // last, so that what is left of it can be found
            batch.deletes.push_back(ExpiryPlace(*item.record, item.row_key));
            batch.deletes.push_back(AttachmentPlace(item.row_key));
          }
          return absl::OkStatus();
        });
    if (!written.ok()) return written;
    next = end;
  } while (next < chunks);
  item.record.reset();
  return absl::OkStatus();
}

// An expiry row says where to look; what is done is decided by what stands there.
absl::Status RemoveOne(const std::shared_ptr<Lane>& lane, const crypto::Digest& hash,
                       std::uint64_t now_unix_ms, absl::Time deadline) {
  auto hold = AttachmentHold::Take(lane, {hash}, deadline);
  if (!hold.ok()) return hold.status();
  AttachmentHold::Item& item = (*hold)->items().front();
  if (!item.record || item.record->holder == v1::ATTACHMENT_HOLDER_MESSAGES) {
    return absl::OkStatus();
  }
  if (item.record->holder != v1::ATTACHMENT_HOLDER_NOBODY) {
    if (item.record->expires_unix_ms > now_unix_ms) return absl::OkStatus();
    const absl::Status let_go =
        AttachmentHold::Write(*hold, deadline, [&](Lane::View& view, engine::Batch& batch) {
          (*hold)->LetGo(item, view, batch);
          return absl::OkStatus();
        });
    if (!let_go.ok()) return let_go;
  }
  return RemoveRows(*hold, item, deadline);
}

}  // namespace

absl::Status RemoveLetGo(const std::shared_ptr<AttachmentHold>& hold, absl::Time deadline) {
  for (AttachmentHold::Item& item : hold->items()) {
    if (!item.record || item.record->holder != v1::ATTACHMENT_HOLDER_NOBODY) continue;
    if (absl::Status removed = RemoveRows(hold, item, deadline); !removed.ok()) return removed;
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> RemoveExpired(const std::shared_ptr<Lane>& lane, std::uint64_t now_unix_ms,
                                   absl::Time deadline) {
  KeyRing::Keys keys;
  while (keys == nullptr) {
    if (absl::Status loaded = lane->Load(deadline); !loaded.ok()) return loaded;
    keys = lane->keys();
  }
  bool more = false;
  for (engine::Range range : {AllExpiries(v1::ATTACHMENT_HOLDER_NOBODY),
                              ExpiriesUntil(v1::ATTACHMENT_HOLDER_UPLOAD, now_unix_ms),
                              ExpiriesUntil(v1::ATTACHMENT_HOLDER_DELIVERY, now_unix_ms)}) {
    range.limit = kMostOfAHolder;
    auto page = ScanRows(lane->engine(), lane->tag(), table::kAttachmentExpiries, range, deadline);
    if (!page.ok()) return page.status();
    more = more || page->more;
    for (const engine::Row& row : page->rows) {
      auto opened = OpenRow(*keys, row.key, row.value);
      if (!opened.ok()) return opened.status();
      const auto hash = DecodeAttachmentExpiry(*opened);
      if (!hash.ok()) return hash.status();
      absl::Status removed = RemoveOne(lane, *hash, now_unix_ms, deadline);
      // Somebody is at this one: it waits.
      if (!removed.ok() && !absl::IsAborted(removed)) return removed;
    }
  }
  return more;
}

}  // namespace letterlock::mail
