#include "check.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "attest/merkle.h"
#include "attest/stored_log.h"
#include "attest/subtree_hashes.h"
#include "attest/tile_hashes.h"
#include "attest/tiles.h"
#include "crypto/base/strings.h"

namespace letterlock::log {
namespace {

// Trouble with the disk keeps its code; everything else says that the bytes are not the signed
// ones.
absl::Status Damage(const absl::Status& status) {
  if (absl::IsUnavailable(status) || absl::IsResourceExhausted(status)) return status;
  return absl::DataLossError(
      absl::StrCat("the log on disk is not what was signed: ", status.message()));
}

absl::Status Damage(std::string_view what) {
  return Damage(absl::DataLossError(crypto::Absl(what)));
}

std::vector<crypto::Digest> HashesOf(const std::vector<std::string>& leaves) {
  std::vector<crypto::Digest> hashes;
  hashes.reserve(leaves.size());
  for (const std::string& leaf : leaves) hashes.push_back(attest::LeafHash(leaf));
  return hashes;
}

absl::StatusOr<attest::TileHashes> OpenHashes(attest::StoredTiles& tiles, const TreeHead& tree) {
  absl::StatusOr<attest::TileHashes> hashes = attest::TileHashes::Open(tiles, tree.size, tree.root);
  if (!hashes.ok()) return Damage(hashes.status());
  return hashes;
}

absl::Status CheckBundle(attest::StoredTiles& tiles, attest::TileHashes& hashes,
                         const attest::BundleId& id) {
  absl::StatusOr<std::vector<std::string>> leaves = tiles.ReadBundle(id);
  if (!leaves.ok()) return Damage(leaves.status());
  absl::StatusOr<std::vector<crypto::Digest>> level0 = hashes.ReadWholeTile(0, id.index);
  if (!level0.ok()) return Damage(level0.status());
  if (HashesOf(*leaves) != *level0) return Damage("a stored leaf has another hash");
  return absl::OkStatus();
}

absl::Status CheckExtends(attest::TileHashes& hashes, const TreeHead& before,
                          const TreeHead& after) {
  if (before.size == 0) return absl::OkStatus();
  absl::StatusOr<std::vector<crypto::Digest>> proof =
      attest::ProveConsistency(hashes, before.size, after.size);
  if (!proof.ok()) return Damage(proof.status());
  absl::Status extends =
      attest::VerifyConsistency(before.size, after.size, before.root, after.root, *proof);
  return extends.ok() ? extends : Damage(extends);
}

}  // namespace

absl::Status CheckGrowth(const LogStorage& storage, const TreeHead& before, const TreeHead& after) {
  attest::StoredTiles tiles(&storage, after.size);
  absl::StatusOr<attest::TileHashes> hashes = OpenHashes(tiles, after);
  if (!hashes.ok()) return hashes.status();
  for (const attest::BundleId& id : attest::BundlesToWrite(before.size, after.size)) {
    absl::Status good = CheckBundle(tiles, *hashes, id);
    if (!good.ok()) return good;
  }
  for (const attest::TileId& id : attest::TilesToWrite(before.size, after.size)) {
    absl::StatusOr<std::vector<crypto::Digest>> tile = hashes->ReadWholeTile(id.level, id.index);
    if (!tile.ok()) return Damage(tile.status());
  }
  return CheckExtends(*hashes, before, after);
}

absl::Status CheckEdge(const LogStorage& storage, const TreeHead& tree) {
  if (tree.size == 0) return absl::OkStatus();
  attest::StoredTiles tiles(&storage, tree.size);
  absl::StatusOr<attest::TileHashes> hashes = OpenHashes(tiles, tree);
  if (!hashes.ok()) return hashes.status();
  const uint64_t last = (tree.size - 1) / attest::kTileWidth;
  return CheckBundle(tiles, *hashes, {last, attest::TileWidthAt(tree.size, 0, last)});
}

absl::Status CheckAll(const LogStorage& storage, const TreeHead& tree) {
  absl::Status same = attest::HashStoredLog(
      storage, tree.size, tree.root, [](uint64_t, std::string_view) { return absl::OkStatus(); });
  return same.ok() ? same : Damage(same);
}

absl::StatusOr<crypto::Digest> RootAt(const LogStorage& storage, const TreeHead& tree,
                                      uint64_t size) {
  attest::StoredTiles tiles(&storage, tree.size);
  absl::StatusOr<attest::TileHashes> hashes = OpenHashes(tiles, tree);
  if (!hashes.ok()) return hashes.status();
  return attest::RootOf(*hashes, size);
}

}  // namespace letterlock::log
