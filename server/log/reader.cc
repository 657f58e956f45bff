#include "server/log/reader.h"

#include <algorithm>
#include <utility>

#include "attest/stored_log.h"
#include "attest/subtree_hashes.h"
#include "attest/tile_hashes.h"
#include "attest/tiles.h"

namespace letterlock::log {
namespace {

absl::Status Beyond() { return absl::OutOfRangeError("beyond the signed checkpoint"); }

absl::Status Unsound(const char* what) { return absl::InvalidArgumentError(what); }

}  // namespace

LogReader::LogReader(const LogStorage* storage, std::shared_ptr<const SignedTree> tree)
    : storage_(storage), tree_(std::move(tree)) {}

absl::StatusOr<std::string> LogReader::ReadTile(std::string_view path) const {
  attest::StoredTiles tiles(storage_, tree_->size);
  if (absl::StatusOr<attest::BundleId> bundle = attest::ParseBundlePath(path); bundle.ok()) {
    if (bundle->width > attest::TileWidthAt(tree_->size, 0, bundle->index)) return Beyond();
    absl::StatusOr<std::vector<std::string>> leaves = tiles.ReadBundle(*bundle);
    if (!leaves.ok()) return leaves.status();
    return attest::EncodeBundle(*leaves);
  }
  absl::StatusOr<attest::TileId> tile = attest::ParseTilePath(path);
  if (!tile.ok()) return tile.status();
  if (tile->width > attest::TileWidthAt(tree_->size, tile->level, tile->index)) return Beyond();
  return tiles.ReadTile(*tile);
}

absl::StatusOr<std::vector<std::string>> LogReader::ReadEntries(uint64_t first,
                                                                uint32_t count) const {
  if (count < 1 || count > kMaxEntriesPerRead)
    return Unsound("1 to 256 entries are read at a time");
  if (first >= tree_->size) return Beyond();
  const uint64_t end = first + std::min<uint64_t>(count, tree_->size - first);
  attest::StoredTiles tiles(storage_, tree_->size);
  std::vector<std::string> entries;
  size_t bytes = 0;
  for (uint64_t next = first; next < end;) {
    const uint64_t index = next / attest::kTileWidth;
    absl::StatusOr<std::vector<std::string>> leaves =
        tiles.ReadBundle({index, attest::TileWidthAt(tree_->size, 0, index)});
    if (!leaves.ok()) return leaves.status();
    for (uint64_t at = next % attest::kTileWidth; at < leaves->size() && next < end; ++at, ++next) {
      bytes += (*leaves)[at].size();
      if (bytes > kMaxEntryBytesPerRead && !entries.empty()) return entries;
      entries.push_back(std::move((*leaves)[at]));
    }
  }
  return entries;
}

absl::StatusOr<std::vector<crypto::Digest>> LogReader::ProveInclusion(uint64_t index,
                                                                      uint64_t size) const {
  if (index >= size) return Unsound("the index is outside the tree");
  if (size > tree_->size) return Beyond();
  attest::StoredTiles tiles(storage_, tree_->size);
  attest::TileHashes hashes = attest::TileHashes::Unchecked(tiles, tree_->size);
  return attest::ProveInclusion(hashes, index, size);
}

absl::StatusOr<std::vector<crypto::Digest>> LogReader::ProveConsistency(uint64_t old_size,
                                                                        uint64_t new_size) const {
  if (old_size == 0 || old_size > new_size) return Unsound("0 < old size <= new size");
  if (new_size > tree_->size) return Beyond();
  attest::StoredTiles tiles(storage_, tree_->size);
  attest::TileHashes hashes = attest::TileHashes::Unchecked(tiles, tree_->size);
  return attest::ProveConsistency(hashes, old_size, new_size);
}

}  // namespace letterlock::log
