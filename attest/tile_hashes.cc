#include "attest/tile_hashes.h"

#include <utility>

#include "absl/types/span.h"
#include "attest/merkle.h"

namespace letterlock::attest {

TileHashes TileHashes::Unchecked(TileSource& source, uint64_t size) {
  return TileHashes(source, size, /*checked=*/false);
}

absl::StatusOr<TileHashes> TileHashes::Open(TileSource& source, uint64_t size,
                                            const crypto::Digest& root) {
  TileHashes reader(source, size, /*checked=*/true);
  for (unsigned level = 0; level * kTileHeight < 64; ++level) {
    const uint64_t index = (size >> (level * kTileHeight)) / kTileWidth;
    const TileId tile{level, index, TileWidthAt(size, level, index)};
    if (tile.width == 0) continue;
    absl::StatusOr<Hashes> hashes = reader.Fetch(tile);
    if (!hashes.ok()) return hashes.status();
    reader.partial_.emplace(tile, *std::move(hashes));
  }
  // Folds partial tiles only: they alone hold the complete subtrees of the root's decomposition.
  absl::StatusOr<crypto::Digest> fold = RootOf(reader, size);
  if (!fold.ok()) return fold.status();
  if (*fold != root) return absl::UnauthenticatedError("tiles do not fold to the root");
  return reader;
}

absl::StatusOr<crypto::Digest> TileHashes::Read(unsigned level, uint64_t index) {
  if (level >= 64 || index >= size_ >> level) {
    return absl::InvalidArgumentError("subtree is beyond the tree");
  }
  const unsigned in_tile = level % kTileHeight;
  const uint64_t first = index << in_tile;  // of the hashes of its tile level
  absl::StatusOr<const Hashes*> tile = Tile(level / kTileHeight, first / kTileWidth);
  if (!tile.ok()) return tile.status();
  return FoldHashes(absl::MakeConstSpan(**tile).subspan(first % kTileWidth, size_t{1} << in_tile));
}

absl::StatusOr<std::vector<crypto::Digest>> TileHashes::ReadWholeTile(unsigned level,
                                                                      uint64_t index) {
  if (TileWidthAt(size_, level, index) == 0) {
    return absl::InvalidArgumentError("tile is beyond the tree");
  }
  absl::StatusOr<const Hashes*> tile = Tile(level, index);
  if (!tile.ok()) return tile.status();
  return **tile;
}

absl::StatusOr<const TileHashes::Hashes*> TileHashes::Tile(unsigned level, uint64_t index) {
  const TileId id{level, index, TileWidthAt(size_, level, index)};
  std::map<TileId, Hashes>& kept = id.partial() ? partial_ : full_;
  if (auto found = kept.find(id); found != kept.end()) return &found->second;

  absl::StatusOr<Hashes> hashes = Fetch(id);
  if (!hashes.ok()) return hashes.status();
  // A checked reader holds all partial tiles from the start, so this one is full and has a parent.
  if (checked_) {
    if (absl::Status status = CheckAgainstParent(id, *hashes); !status.ok()) return status;
  }
  if (full_.size() >= kMaxCachedTiles) full_.clear();
  return &kept.emplace(id, *std::move(hashes)).first->second;
}

absl::StatusOr<TileHashes::Hashes> TileHashes::Fetch(const TileId& tile) {
  absl::StatusOr<std::string> bytes = source_->ReadTile(tile);
  if (!bytes.ok()) return bytes.status();
  return ParseTile(*bytes, tile.width);
}

absl::Status TileHashes::CheckAgainstParent(const TileId& tile, const Hashes& hashes) {
  absl::StatusOr<crypto::Digest> parent = Read((tile.level + 1) * kTileHeight, tile.index);
  if (!parent.ok()) return parent.status();
  if (FoldHashes(hashes) != *parent) {
    return absl::UnauthenticatedError("tile does not fold to its parent's hash");
  }
  return absl::OkStatus();
}

}  // namespace letterlock::attest
