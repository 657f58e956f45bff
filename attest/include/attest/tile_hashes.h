// Subtree hashes read from a log's tiles, unchecked from one's own disk or authenticated against a
// checkpoint's root.
//
// Authenticated: the partial tiles of a tree are exactly the complete subtrees that fold to its
// root, so Open reads them all (at most 8) and compares the fold with the root; any other tile is
// full and is accepted only if its fold equals the hash that its parent tile, authenticated the
// same way, holds for it. No hash that did not pass this way is ever returned.
//
// Not thread-safe: one reader per task. Memory: the partial tiles and at most kMaxCachedTiles full
// ones.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "attest/subtree_hashes.h"
#include "attest/tiles.h"
#include "crypto/base/hash.h"

namespace letterlock::attest {

// Where tiles are read from: a directory, a server, memory.
class TileSource {
 public:
  virtual ~TileSource() = default;

  // The bytes of that very tile, 32 * width of them (a source that has only a wider one cuts it).
  // NotFound if there is no such tile. The caller checks length and content; the source need not be
  // trusted.
  virtual absl::StatusOr<std::string> ReadTile(const TileId& tile) = 0;
};

class TileHashes final : public SubtreeHashes {
 public:
  static constexpr size_t kMaxCachedTiles = 512;

  // Trusts `source`. For a log that reads back what it wrote; errors only for a missing or
  // misshapen tile. `source` must outlive the reader.
  static TileHashes Unchecked(TileSource& source, uint64_t size);

  // Authenticates everything against `root`. Unauthenticated if the tiles do not fold to it.
  static absl::StatusOr<TileHashes> Open(TileSource& source, uint64_t size,
                                         const crypto::Digest& root);

  uint64_t size() const { return size_; }

  // InvalidArgument for a subtree outside the tree; Unauthenticated for a tile that does not belong
  // to it.
  absl::StatusOr<crypto::Digest> Read(unsigned level, uint64_t index) override;

  // All hashes of tile (level, index), as wide as the tree makes it; authenticated as above.
  absl::StatusOr<std::vector<crypto::Digest>> ReadWholeTile(unsigned level, uint64_t index);

 private:
  using Hashes = std::vector<crypto::Digest>;

  TileHashes(TileSource& source, uint64_t size, bool checked)
      : source_(&source), size_(size), checked_(checked) {}

  absl::StatusOr<const Hashes*> Tile(unsigned level, uint64_t index);
  absl::StatusOr<Hashes> Fetch(const TileId& tile);
  absl::Status CheckAgainstParent(const TileId& tile, const Hashes& hashes);

  TileSource* source_;  // not owned
  uint64_t size_;
  bool checked_;
  std::map<TileId, Hashes> partial_;
  std::map<TileId, Hashes> full_;
};

}  // namespace letterlock::attest
