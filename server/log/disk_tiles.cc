#include "disk_tiles.h"

#include <utility>

namespace letterlock::log {

absl::StatusOr<std::string> DiskTiles::ReadTile(const attest::TileId& tile) {
  const uint64_t stored = attest::TileWidthAt(size_, tile.level, tile.index);
  if (tile.width > stored) return absl::NotFoundError("tile beyond the end of the log");
  absl::StatusOr<std::string> bytes =
      storage_->Read(attest::TilePath({tile.level, tile.index, stored}));
  if (absl::IsNotFound(bytes.status()) && stored != attest::kTileWidth) {
    // Filled by a later append, its partial ones removed.
    bytes = storage_->Read(attest::TilePath({tile.level, tile.index, attest::kTileWidth}));
  }
  if (!bytes.ok()) return bytes.status();
  const size_t wanted = tile.width * attest::kHashSize;
  if (bytes->size() < wanted || bytes->size() % attest::kHashSize != 0) {
    return absl::DataLossError("stored tile has the wrong size");
  }
  bytes->resize(wanted);
  return bytes;
}

absl::StatusOr<std::vector<std::string>> DiskTiles::ReadBundle(const attest::BundleId& bundle) {
  const uint64_t stored = attest::TileWidthAt(size_, 0, bundle.index);
  if (bundle.width > stored) return absl::NotFoundError("entries beyond the end of the log");
  absl::StatusOr<std::string> bytes = storage_->Read(attest::BundlePath({bundle.index, stored}));
  uint64_t width = stored;
  if (absl::IsNotFound(bytes.status()) && stored != attest::kTileWidth) {
    bytes = storage_->Read(attest::BundlePath({bundle.index, attest::kTileWidth}));
    width = attest::kTileWidth;
  }
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<std::vector<std::string>> leaves = attest::ParseBundle(*bytes, width);
  if (!leaves.ok()) return absl::DataLossError("stored entry bundle is damaged");
  leaves->resize(bundle.width);
  return leaves;
}

}  // namespace letterlock::log
