// The growing right edge of a log: what a sequencer keeps in memory to append leaves and to write
// tiles.
//
// Holds one unfinished tile per level (at most 8 KiB each). Appending n leaves costs about n
// hashes; the root costs at most 64 more. The edge of a log of any size loads from its partial
// tiles alone.
//
// Not thread-safe: the sequencer owns it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "attest/tile_hashes.h"
#include "attest/tiles.h"
#include "crypto/base/hash.h"

namespace letterlock::attest {

struct TileBytes {
  TileId id;
  std::string bytes;
};

class TileEdge {
 public:
  // The edge of an empty log.
  TileEdge() = default;

  // The edge of a log of `size` leaves; reads its partial tiles. Unauthenticated if they do not
  // fold to `root` (the disk changed under a signed checkpoint: do not go on).
  static absl::StatusOr<TileEdge> Load(TileSource& source, uint64_t size,
                                       const crypto::Digest& root);

  void Append(const crypto::Digest& leaf_hash);

  uint64_t size() const { return size_; }
  crypto::Digest Root() const;

  // Every tile that grew since the last call, with its bytes as of now: the full ones in the order
  // in which they filled, then the partial ones, lowest level first. All must be durable before a
  // checkpoint of size() is signed.
  std::vector<TileBytes> TakeChanged();

 private:
  struct Level {
    std::vector<crypto::Digest> hashes;  // of the unfinished tile; fewer than 256
    uint64_t full_tiles = 0;
    bool changed = false;
  };

  void AppendAt(size_t level, const crypto::Digest& hash);

  std::vector<Level> levels_;
  std::vector<TileBytes> filled_;
  uint64_t size_ = 0;
};

}  // namespace letterlock::attest
