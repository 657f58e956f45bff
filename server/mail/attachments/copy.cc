#include "attachments/copy.h"

#include <algorithm>
#include <string>
#include <vector>

#include "attachments/chunks.h"
#include "attachments/hold.h"
#include "attachments/removal.h"
#include "letterlock/common/v1/errors.pb.h"
#include "mailbox/sealing.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

constexpr std::uint32_t kChunksPerWrite = 14;  // below the engine's 1 MiB

absl::Status Vanished() {
  return rpc::Fail(absl::StatusCode::kFailedPrecondition,
                   common::v1::ERROR_REASON_ATTACHMENT_MISSING,
                   "an attachment is not in the sender's mailbox any more");
}

// The sender's record, if messages may name it.
absl::StatusOr<AttachmentRecord> ReadSource(Lane& from, const vault::MailboxKeys& keys,
                                            const std::string& row_key, absl::Time deadline) {
  const engine::RowKey place = AttachmentPlace(row_key);
  auto rows = ReadRows(from.engine(), from.tag(), {place}, deadline);
  if (!rows.ok()) return rows.status();
  if (!rows->values[0]) return Vanished();
  auto row = OpenRow(keys, place, *rows->values[0]);
  if (!row.ok()) return row.status();
  auto record = DecodeAttachment(*row);
  if (record.ok() && !record->Usable()) return Vanished();
  return record;
}

absl::StatusOr<KeyRing::Keys> KeysOf(Lane& lane, absl::Time deadline) {
  while (true) {
    if (absl::Status loaded = lane.Load(deadline); !loaded.ok()) return loaded;
    if (KeyRing::Keys keys = lane.keys()) return keys;
  }
}

// A record of nothing received, or the one of a copy that was begun. What the owner uploads herself
// is not hers to be taken over as it is: nobody has checked those bytes.
absl::Status Begin(const Attachments::Shared& shared, const std::shared_ptr<AttachmentHold>& hold,
                   const AttachmentRecord& source, absl::Time deadline) {
  AttachmentHold::Item& item = hold->items().front();
  if (absl::Status removed = RemoveLetGo(hold, deadline); !removed.ok()) return removed;
  if (item.record && item.record->holder == v1::ATTACHMENT_HOLDER_DELIVERY &&
      item.record->size == source.size) {
    return absl::OkStatus();
  }
  return AttachmentHold::Write(
      hold, deadline, [&](Lane::View& view, engine::Batch& batch) -> absl::Status {
        const std::uint64_t before = item.record ? item.record->size : 0;
        const std::uint64_t others =
            view.counters.byte_count - std::min(view.counters.byte_count, before);
        if (!shared.CheckRoom(others, source.size).ok()) {
          return rpc::Fail(absl::StatusCode::kResourceExhausted,
                           common::v1::ERROR_REASON_MAILBOX_FULL,
                           "the recipient's mailbox is full");
        }
        view.counters.byte_count = others + source.size;
        AttachmentHold::Put(item,
                            {.hash = source.hash,
                             .size = source.size,
                             .holder = v1::ATTACHMENT_HOLDER_DELIVERY,
                             .expires_unix_ms = shared.ExpiryIn(kDeliveryCopyLifetime)},
                            *view.keys, batch);
        AttachmentHold::PutCounters(view, batch);
        return absl::OkStatus();
      });
}

// A few chunks from one mailbox, sealed for the other.
absl::Status CopyPart(const Lane& from, const vault::MailboxKeys& from_keys,
                      const std::string& from_row_key, const AttachmentRecord& source,
                      const std::shared_ptr<AttachmentHold>& hold,
                      const vault::MailboxKeys& to_keys, absl::Time deadline) {
  AttachmentHold::Item& item = hold->items().front();
  const auto first = static_cast<std::uint32_t>(item.record->received / kChunkSize);
  const std::uint32_t until = std::min(source.Chunks(), first + kChunksPerWrite);
  std::vector<engine::Row> chunks;
  std::uint64_t bytes = 0;
  const absl::Status read = ReadChunks(
      from, from_keys, from_row_key, source, first, until, deadline, [&](std::string_view chunk) {
        const auto index = first + static_cast<std::uint32_t>(chunks.size());
        chunks.push_back(SealRow(to_keys, ChunkPlace(item.row_key, index), chunk));
        bytes += chunk.size();
        return absl::OkStatus();
      });
  if (absl::IsNotFound(read)) return Vanished();
  if (!read.ok()) return read;
  return AttachmentHold::Write(hold, deadline, [&](Lane::View& view, engine::Batch& batch) {
    batch.puts = std::move(chunks);
    AttachmentRecord changed = *item.record;
    changed.received += bytes;
    AttachmentHold::Put(item, changed, *view.keys, batch);
    return absl::OkStatus();
  });
}

}  // namespace

absl::Status CopyAttachment(const Attachments::Shared& shared, const std::shared_ptr<Lane>& from,
                            const std::shared_ptr<Lane>& to, const crypto::Digest& hash,
                            absl::Time deadline) {
  const auto from_keys = KeysOf(*from, deadline);
  if (!from_keys.ok()) return from_keys.status();
  const std::string from_row_key = (*from_keys)->AttachmentRowKey(hash);
  const auto source = ReadSource(*from, **from_keys, from_row_key, deadline);
  if (!source.ok()) return source.status();

  auto hold = AttachmentHold::Take(to, {hash}, deadline);
  if (!hold.ok()) return hold.status();
  AttachmentHold::Item& item = (*hold)->items().front();
  if (item.record && item.record->Usable()) return absl::OkStatus();
  if (absl::Status begun = Begin(shared, *hold, *source, deadline); !begun.ok()) return begun;
  const auto to_keys = KeysOf(*to, deadline);
  if (!to_keys.ok()) return to_keys.status();
  while (item.record->received < item.record->size) {
    absl::Status part =
        CopyPart(*from, **from_keys, from_row_key, *source, *hold, **to_keys, deadline);
    if (!part.ok()) return part;
  }
  // Over what is stored: the copy may have been begun by an earlier call, from an upload that was
  // replaced since.
  const auto digest = HashChunks(*to, **to_keys, item.row_key, *item.record, deadline);
  if (!digest.ok()) return digest.status();
  const bool right = *digest == hash;
  absl::Status written =
      AttachmentHold::Write(*hold, deadline, [&](Lane::View& view, engine::Batch& batch) {
        if (!right) {
          (*hold)->LetGo(item, view, batch);
          return absl::OkStatus();
        }
        AttachmentRecord changed = *item.record;
        changed.complete = true;
        AttachmentHold::Put(item, changed, *view.keys, batch);
        return absl::OkStatus();
      });
  if (!written.ok()) return written;
  return right ? absl::OkStatus() : AttachmentBusy();
}

absl::Status DropCopy(const std::shared_ptr<Lane>& lane, const crypto::Digest& hash,
                      absl::Time deadline) {
  auto hold = AttachmentHold::Take(lane, {hash}, deadline);
  if (!hold.ok()) return hold.status();
  AttachmentHold::Item& item = (*hold)->items().front();
  if (!item.record || item.record->holder != v1::ATTACHMENT_HOLDER_DELIVERY) {
    return absl::OkStatus();
  }
  absl::Status let_go =
      AttachmentHold::Write(*hold, deadline, [&](Lane::View& view, engine::Batch& batch) {
        (*hold)->LetGo(item, view, batch);
        return absl::OkStatus();
      });
  if (!let_go.ok()) return let_go;
  return RemoveLetGo(*hold, deadline);
}

}  // namespace letterlock::mail
