// Leaves, trees and tile stores that the tests of attest share.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "attest/merkle.h"
#include "attest/tile_edge.h"
#include "attest/tile_hashes.h"
#include "attest/tiles.h"

namespace letterlock::attest {

inline std::string TestLeaf(uint64_t index) { return "leaf " + std::to_string(index); }

inline std::vector<crypto::Digest> TestLeafHashes(uint64_t count) {
  std::vector<crypto::Digest> hashes;
  for (uint64_t i = 0; i < count; ++i) hashes.push_back(LeafHash(TestLeaf(i)));
  return hashes;
}

// Tiles in memory, by path, as a log directory holds them.
class MemoryTiles final : public TileSource {
 public:
  absl::StatusOr<std::string> ReadTile(const TileId& tile) override {
    ++reads;
    const auto found = files.find(TilePath(tile));
    if (found == files.end()) return absl::NotFoundError("tile");
    return found->second;
  }

  void Write(const std::vector<TileBytes>& tiles) {
    for (const TileBytes& tile : tiles) files[TilePath(tile.id)] = tile.bytes;
  }

  std::map<std::string, std::string> files;
  int reads = 0;
};

// The tiles of a log of TestLeaf(0 .. size - 1), all written at once.
inline MemoryTiles TestTiles(uint64_t size) {
  TileEdge edge;
  for (uint64_t i = 0; i < size; ++i) edge.Append(LeafHash(TestLeaf(i)));
  MemoryTiles tiles;
  tiles.Write(edge.TakeChanged());
  return tiles;
}

}  // namespace letterlock::attest
