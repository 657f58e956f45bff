#include "attest/stored_log.h"

#include <utility>

#include "attest/merkle.h"
#include "attest/tile_edge.h"

namespace letterlock::attest {

absl::StatusOr<std::string> StoredTiles::ReadTile(const TileId& tile) {
  const uint64_t stored = TileWidthAt(size_, tile.level, tile.index);
  if (tile.width > stored) return absl::NotFoundError("tile beyond the end of the log");
  absl::StatusOr<std::string> bytes = files_->Read(TilePath({tile.level, tile.index, stored}));
  if (absl::IsNotFound(bytes.status()) && stored != kTileWidth) {
    // Filled by a later append, its partial ones removed.
    bytes = files_->Read(TilePath({tile.level, tile.index, kTileWidth}));
  }
  if (!bytes.ok()) return bytes.status();
  const size_t wanted = tile.width * kHashSize;
  if (bytes->size() < wanted || bytes->size() % kHashSize != 0) {
    return absl::DataLossError("stored tile has the wrong size");
  }
  bytes->resize(wanted);
  return bytes;
}

absl::StatusOr<std::vector<std::string>> StoredTiles::ReadBundle(const BundleId& bundle) {
  const uint64_t stored = TileWidthAt(size_, 0, bundle.index);
  if (bundle.width > stored) return absl::NotFoundError("entries beyond the end of the log");
  absl::StatusOr<std::string> bytes = files_->Read(BundlePath({bundle.index, stored}));
  uint64_t width = stored;
  if (absl::IsNotFound(bytes.status()) && stored != kTileWidth) {
    bytes = files_->Read(BundlePath({bundle.index, kTileWidth}));
    width = kTileWidth;
  }
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<std::vector<std::string>> leaves = ParseBundle(*bytes, width);
  if (!leaves.ok()) return absl::DataLossError("stored entry bundle is damaged");
  leaves->resize(bundle.width);
  return leaves;
}

absl::Status HashStoredLog(
    const LogFiles& files, uint64_t size, const crypto::Digest& root,
    absl::FunctionRef<absl::Status(uint64_t index, std::string_view leaf)> on_leaf) {
  StoredTiles tiles(&files, size);
  TileEdge rebuilt;
  for (uint64_t index = 0; rebuilt.size() < size; ++index) {
    absl::StatusOr<std::vector<std::string>> leaves =
        tiles.ReadBundle({index, TileWidthAt(size, 0, index)});
    if (!leaves.ok()) return leaves.status();
    for (const std::string& leaf : *leaves) {
      absl::Status taken = on_leaf(rebuilt.size(), leaf);
      if (!taken.ok()) return taken;
      rebuilt.Append(LeafHash(leaf));
    }
    for (const TileBytes& tile : rebuilt.TakeChanged()) {
      // On the way there are narrower ones; the signed tree has this tile at one width.
      if (tile.id.width != TileWidthAt(size, tile.id.level, tile.id.index)) continue;
      absl::StatusOr<std::string> stored = tiles.ReadTile(tile.id);
      if (!stored.ok()) return stored.status();
      if (*stored != tile.bytes) return absl::DataLossError("a stored tile has another hash");
    }
  }
  if (rebuilt.Root() != root) return absl::DataLossError("its root is another");
  return absl::OkStatus();
}

}  // namespace letterlock::attest
