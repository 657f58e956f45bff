#include "attest/tiles.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "attest/merkle.h"
#include "bytes.h"
#include "crypto/base/bytes.h"
#include "text.h"

namespace letterlock::attest {
namespace {

constexpr std::string_view kTilePrefix = "tile/";
constexpr std::string_view kBundlePrefix = "tile/entries/";
constexpr uint64_t kPathBase = 1000;

absl::Status BadPath() { return absl::InvalidArgumentError("malformed tile path"); }

// "x001/x234/067", with ".p/W" for a partial one.
std::string IndexAndWidth(uint64_t index, uint64_t width) {
  std::string path = absl::StrCat(absl::Dec(index % kPathBase, absl::kZeroPad3));
  while (index >= kPathBase) {
    index /= kPathBase;
    path = absl::StrCat("x", absl::Dec(index % kPathBase, absl::kZeroPad3), "/", path);
  }
  if (width != kTileWidth) absl::StrAppend(&path, ".p/", width);
  return path;
}

// Three digits as a number.
std::optional<uint64_t> ThreeDigits(std::string_view text) {
  if (text.size() != 3) return std::nullopt;
  uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  return value;
}

absl::StatusOr<BundleId> ParseIndexAndWidth(std::string_view path) {
  BundleId id;
  if (const size_t dot = path.find(".p/"); dot != std::string_view::npos) {
    const std::optional<uint64_t> width = ParseDecimal(path.substr(dot + 3));
    if (!width || *width == 0 || *width >= kTileWidth) return BadPath();
    id.width = *width;
    path = path.substr(0, dot);
  }
  for (bool first = true;; first = false) {
    const bool last = path.size() == 3;
    if (!last && (path.size() < 5 || path[0] != 'x' || path[4] != '/')) return BadPath();
    const std::optional<uint64_t> digits = ThreeDigits(path.substr(last ? 0 : 1, 3));
    // A leading x000 would be a second spelling.
    if (!digits || (first && !last && *digits == 0)) return BadPath();
    if (id.index > (std::numeric_limits<uint64_t>::max() - *digits) / kPathBase) return BadPath();
    id.index = id.index * kPathBase + *digits;
    if (last) return id;
    path.remove_prefix(5);
  }
}

// How many hashes level `level` of the tiling has in a tree of `size` leaves.
uint64_t HashesAtLevel(uint64_t size, unsigned level) {
  return level * kTileHeight >= 64 ? 0 : size >> (level * kTileHeight);
}

}  // namespace

std::string TilePath(const TileId& tile) {
  return absl::StrCat("tile/", tile.level, "/", IndexAndWidth(tile.index, tile.width));
}

std::string BundlePath(const BundleId& bundle) {
  return absl::StrCat("tile/entries/", IndexAndWidth(bundle.index, bundle.width));
}

absl::StatusOr<TileId> ParseTilePath(std::string_view path) {
  if (!path.starts_with(kTilePrefix)) return BadPath();
  path.remove_prefix(kTilePrefix.size());
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos) return BadPath();
  const std::optional<uint64_t> level = ParseDecimal(path.substr(0, slash));
  if (!level || *level > kMaxTileLevel) return BadPath();
  absl::StatusOr<BundleId> rest = ParseIndexAndWidth(path.substr(slash + 1));
  if (!rest.ok()) return rest.status();
  return TileId{static_cast<unsigned>(*level), rest->index, rest->width};
}

absl::StatusOr<BundleId> ParseBundlePath(std::string_view path) {
  if (!path.starts_with(kBundlePrefix)) return BadPath();
  return ParseIndexAndWidth(path.substr(kBundlePrefix.size()));
}

uint64_t TileWidthAt(uint64_t size, unsigned level, uint64_t index) {
  const uint64_t hashes = HashesAtLevel(size, level);
  if (index > hashes / kTileWidth) return 0;
  return std::min(kTileWidth, hashes - index * kTileWidth);
}

std::vector<TileId> TilesToWrite(uint64_t old_size, uint64_t new_size) {
  std::vector<TileId> tiles;
  for (unsigned level = 0; HashesAtLevel(new_size, level) > 0; ++level) {
    const uint64_t old_hashes = HashesAtLevel(old_size, level);
    const uint64_t new_hashes = HashesAtLevel(new_size, level);
    if (old_hashes == new_hashes) break;
    for (uint64_t index = old_hashes / kTileWidth; index * kTileWidth < new_hashes; ++index) {
      tiles.push_back({level, index, TileWidthAt(new_size, level, index)});
    }
  }
  return tiles;
}

std::vector<BundleId> BundlesToWrite(uint64_t old_size, uint64_t new_size) {
  std::vector<BundleId> bundles;
  if (old_size == new_size) return bundles;
  for (uint64_t index = old_size / kTileWidth; index * kTileWidth < new_size; ++index) {
    bundles.push_back({index, TileWidthAt(new_size, 0, index)});
  }
  return bundles;
}

std::string EncodeTile(absl::Span<const crypto::Digest> hashes) {
  std::string bytes;
  bytes.reserve(hashes.size() * kHashSize);
  for (const crypto::Digest& hash : hashes) Append(bytes, hash);
  return bytes;
}

absl::StatusOr<std::vector<crypto::Digest>> ParseTile(std::string_view bytes, uint64_t width) {
  if (width == 0 || width > kTileWidth || bytes.size() != width * kHashSize) {
    return absl::InvalidArgumentError("tile has the wrong size");
  }
  std::vector<crypto::Digest> hashes(width);
  for (size_t i = 0; i < width; ++i) hashes[i] = DigestAt(bytes.substr(i * kHashSize, kHashSize));
  return hashes;
}

crypto::Digest FoldHashes(absl::Span<const crypto::Digest> hashes) { return TreeRoot(hashes); }

absl::StatusOr<std::string> EncodeBundle(absl::Span<const std::string> leaves) {
  if (leaves.empty() || leaves.size() > kTileWidth) {
    return absl::InvalidArgumentError("an entry bundle holds 1 to 256 leaves");
  }
  std::string bytes;
  for (const std::string& leaf : leaves) {
    if (leaf.size() > kMaxLeafSize) return absl::InvalidArgumentError("leaf above 65,535 bytes");
    crypto::AppendU16(&bytes, static_cast<uint16_t>(leaf.size()));
    bytes.append(leaf);
  }
  return bytes;
}

absl::StatusOr<std::vector<std::string>> ParseBundle(std::string_view bytes, uint64_t width) {
  if (width == 0 || width > kTileWidth) {
    return absl::InvalidArgumentError("an entry bundle holds 1 to 256 leaves");
  }
  std::vector<std::string> leaves;
  leaves.reserve(width);
  crypto::ByteReader reader(bytes);
  while (leaves.size() < width) leaves.emplace_back(reader.Bytes(reader.U16()));
  if (absl::Status status = reader.Finish(); !status.ok()) return status;
  return leaves;
}

}  // namespace letterlock::attest
