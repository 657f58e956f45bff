// The static resources of a log: paths, widths and bytes (C2SP tlog-tiles v0.1.0; SHA-256, height
// 8).
//
//   checkpoint                     the newest signed checkpoint
//   tile/<L>/<N>[.p/<W>]           W hashes (256 when not partial) of 32 bytes: level L of the
//   tiling tile/entries/<N>[.p/<W>]       an entry bundle: the leaves 256N, 256N+1, ... each u16
//   length ‖ bytes
//
// Tile (L, N) holds the hashes of the complete subtrees (8L, 256N) ... (8L, 256N + W - 1) in the
// terms of subtree_hashes.h. N is written in groups of three digits, all but the last marked with
// an x: 1234067 is x001/x234/067.
//
// Pure functions; thread-safe. Errors: InvalidArgument for anything but the one canonical form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "crypto/base/hash.h"

namespace letterlock::attest {

inline constexpr unsigned kTileHeight = 8;
inline constexpr uint64_t kTileWidth = 256;
inline constexpr unsigned kMaxTileLevel = 63;
inline constexpr size_t kHashSize = 32;
inline constexpr size_t kMaxLeafSize = 65535;  // the u16 length prefix of an entry bundle
inline constexpr std::string_view kCheckpointPath = "checkpoint";

// A tile of hashes. `width` is 1 to 256; below 256 the tile is partial.
struct TileId {
  unsigned level = 0;
  uint64_t index = 0;
  uint64_t width = kTileWidth;

  bool partial() const { return width != kTileWidth; }
  friend bool operator==(const TileId&, const TileId&) = default;
  friend auto operator<=>(const TileId&, const TileId&) = default;
};

// An entry bundle; the same counts as a level-0 tile.
struct BundleId {
  uint64_t index = 0;
  uint64_t width = kTileWidth;

  bool partial() const { return width != kTileWidth; }
  friend bool operator==(const BundleId&, const BundleId&) = default;
  friend auto operator<=>(const BundleId&, const BundleId&) = default;
};

// "tile/0/x001/234.p/7". REQUIRES: level at most 63, width 1 to 256.
std::string TilePath(const TileId& tile);
std::string BundlePath(const BundleId& bundle);

// The inverse of the two; refuses every spelling but the canonical one.
absl::StatusOr<TileId> ParseTilePath(std::string_view path);
absl::StatusOr<BundleId> ParseBundlePath(std::string_view path);

// The width of tile (level, index) in the tree of `size` leaves, 0 if the tree has no such tile.
uint64_t TileWidthAt(uint64_t size, unsigned level, uint64_t index);

// The tiles that a log must have written before it signs `new_size`, given that those of `old_size`
// are written: full ones and, per level, the partial one of the new size; levels ascending, indices
// ascending. REQUIRES: old_size <= new_size.
std::vector<TileId> TilesToWrite(uint64_t old_size, uint64_t new_size);
std::vector<BundleId> BundlesToWrite(uint64_t old_size, uint64_t new_size);

// Hashes to a tile's bytes and back. Parse refuses a length other than 32 * width.
std::string EncodeTile(absl::Span<const crypto::Digest> hashes);
absl::StatusOr<std::vector<crypto::Digest>> ParseTile(std::string_view bytes, uint64_t width);

// The hash of a power-of-two run of sibling hashes: of a full tile, the hash that stands for it one
// level up. REQUIRES: the count is a power of two.
crypto::Digest FoldHashes(absl::Span<const crypto::Digest> hashes);

// Leaves to an entry bundle and back. Encode refuses an empty bundle, more than 256 leaves or one
// above kMaxLeafSize. Parse demands exactly `width` leaves and no byte more.
absl::StatusOr<std::string> EncodeBundle(absl::Span<const std::string> leaves);
absl::StatusOr<std::vector<std::string>> ParseBundle(std::string_view bytes, uint64_t width);

}  // namespace letterlock::attest
