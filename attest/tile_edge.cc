#include "attest/tile_edge.h"

#include <bit>
#include <utility>

#include "attest/merkle.h"

namespace letterlock::attest {

absl::StatusOr<TileEdge> TileEdge::Load(TileSource& source, uint64_t size,
                                        const crypto::Digest& root) {
  absl::StatusOr<TileHashes> tiles = TileHashes::Open(source, size, root);
  if (!tiles.ok()) return tiles.status();
  TileEdge edge;
  edge.size_ = size;
  for (unsigned level = 0; level * kTileHeight < 64 && size >> (level * kTileHeight) > 0; ++level) {
    Level& kept = edge.levels_.emplace_back();
    kept.full_tiles = (size >> (level * kTileHeight)) / kTileWidth;
    if (TileWidthAt(size, level, kept.full_tiles) == 0) continue;
    absl::StatusOr<std::vector<crypto::Digest>> hashes =
        tiles->ReadWholeTile(level, kept.full_tiles);
    if (!hashes.ok()) return hashes.status();
    kept.hashes = *std::move(hashes);
  }
  return edge;
}

void TileEdge::Append(const crypto::Digest& leaf_hash) {
  AppendAt(0, leaf_hash);
  ++size_;
}

void TileEdge::AppendAt(size_t level, const crypto::Digest& hash) {
  if (level == levels_.size()) levels_.emplace_back();
  Level& here = levels_[level];
  here.hashes.push_back(hash);
  here.changed = true;
  if (here.hashes.size() < kTileWidth) return;

  const crypto::Digest parent = FoldHashes(here.hashes);
  filled_.push_back(
      {{static_cast<unsigned>(level), here.full_tiles, kTileWidth}, EncodeTile(here.hashes)});
  here.hashes.clear();
  here.changed = false;
  ++here.full_tiles;
  AppendAt(level + 1, parent);
}

crypto::Digest TileEdge::Root() const {
  // Every hash of an unfinished tile stands left of all lower levels; a tile's own fold is the tree
  // over its hashes with what is below as one more, smaller subtree at the right.
  bool empty = true;
  crypto::Digest below = EmptyTreeRoot();
  for (const Level& level : levels_) {
    if (level.hashes.empty()) continue;
    std::vector<crypto::Digest> peaks;  // complete subtrees of the tile, largest first
    for (size_t first = 0; first < level.hashes.size();) {
      const size_t width = std::bit_floor(level.hashes.size() - first);
      peaks.push_back(FoldHashes(absl::MakeConstSpan(level.hashes).subspan(first, width)));
      first += width;
    }
    for (auto peak = peaks.rbegin(); peak != peaks.rend(); ++peak) {
      below = empty ? *peak : NodeHash(*peak, below);
      empty = false;
    }
  }
  return below;
}

std::vector<TileBytes> TileEdge::TakeChanged() {
  std::vector<TileBytes> changed = std::exchange(filled_, {});
  for (size_t i = 0; i < levels_.size(); ++i) {
    Level& level = levels_[i];
    if (!level.changed) continue;
    changed.push_back({{static_cast<unsigned>(i), level.full_tiles, level.hashes.size()},
                       EncodeTile(level.hashes)});
    level.changed = false;
  }
  return changed;
}

}  // namespace letterlock::attest
