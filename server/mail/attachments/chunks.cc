#include "attachments/chunks.h"

#include <algorithm>
#include <string>

#include "mailbox/sealing.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/mail/mailbox/rows.h"

namespace letterlock::mail {
namespace {

constexpr std::size_t kChunksPerRead = 8;

std::uint64_t ChunkBytes(const AttachmentRecord& record, std::uint32_t index) {
  return std::min<std::uint64_t>(kChunkSize, record.size - std::uint64_t{index} * kChunkSize);
}

}  // namespace

absl::Status ReadChunks(const Lane& lane, const vault::MailboxKeys& keys, std::string_view row_key,
                        const AttachmentRecord& record, std::uint32_t from, std::uint32_t until,
                        absl::Time deadline,
                        absl::FunctionRef<absl::Status(std::string_view chunk)> take) {
  while (from < until) {
    engine::Range range;
    range.from = ChunkPlace(row_key, from).key;
    range.to = ChunkPlace(row_key, until).key;
    range.limit = kChunksPerRead;
    auto page = ScanRows(lane.engine(), lane.tag(), table::kAttachmentChunks, range, deadline);
    if (!page.ok()) return page.status();
    if (page->rows.empty()) return absl::NotFoundError("chunk");
    for (const engine::Row& row : page->rows) {
      if (row.key != ChunkPlace(row_key, from)) return absl::NotFoundError("chunk");
      auto chunk = OpenRow(keys, row.key, row.value);
      if (!chunk.ok()) return chunk.status();
      if (chunk->size() != ChunkBytes(record, from)) {
        return absl::DataLossError("a chunk has another size");
      }
      if (absl::Status taken = take(*chunk); !taken.ok()) return taken;
      ++from;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<crypto::Digest> HashChunks(const Lane& lane, const vault::MailboxKeys& keys,
                                          std::string_view row_key, const AttachmentRecord& record,
                                          absl::Time deadline) {
  crypto::Sha256Hasher hasher;
  const absl::Status read = ReadChunks(lane, keys, row_key, record, 0, record.Chunks(), deadline,
                                       [&](std::string_view chunk) {
                                         hasher.Update(chunk);
                                         return absl::OkStatus();
                                       });
  if (!read.ok()) return read;
  return hasher.Finish();
}

}  // namespace letterlock::mail
