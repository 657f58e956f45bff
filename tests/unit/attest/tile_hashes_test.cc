#include "attest/tile_hashes.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "attest/merkle.h"
#include "unit/attest/test_trees.h"

namespace letterlock::attest {
namespace {

using crypto::Digest;

constexpr uint64_t kBig = 66000;  // three levels of tiles, all partial at the edge

const MemoryTiles& BigTiles() {
  static const MemoryTiles& tiles = *new MemoryTiles(TestTiles(kBig));
  return tiles;
}
const std::vector<Digest>& BigLeaves() {
  static const std::vector<Digest>& leaves = *new std::vector<Digest>(TestLeafHashes(kBig));
  return leaves;
}
Digest BigRoot() {
  static const Digest root = TreeRoot(BigLeaves());
  return root;
}

TEST(TileHashes, ProofsFromTilesAreThoseFromLeaves) {
  MemoryTiles tiles = BigTiles();
  auto hashes = TileHashes::Open(tiles, kBig, BigRoot());
  ASSERT_TRUE(hashes.ok());
  for (uint64_t index : {0ul, 255ul, 256ul, 65535ul, 65536ul, kBig - 1}) {
    const auto proof = ProveInclusion(*hashes, index, kBig);
    ASSERT_TRUE(proof.ok());
    EXPECT_TRUE(VerifyInclusion(index, kBig, BigLeaves()[index], *proof, BigRoot()).ok()) << index;
  }
  for (uint64_t old_size : {1ul, 255ul, 256ul, 257ul, 65536ul, 65537ul, kBig}) {
    const auto proof = ProveConsistency(*hashes, old_size, kBig);
    ASSERT_TRUE(proof.ok());
    const Digest old_root = TreeRoot(absl::MakeConstSpan(BigLeaves()).first(old_size));
    EXPECT_TRUE(VerifyConsistency(old_size, kBig, old_root, BigRoot(), *proof).ok()) << old_size;
    EXPECT_EQ(RootOf(*hashes, old_size).value(), old_root);
  }
}

TEST(TileHashes, UncheckedReaderAnswersTheSame) {
  MemoryTiles tiles = BigTiles();
  TileHashes hashes = TileHashes::Unchecked(tiles, kBig);
  EXPECT_EQ(RootOf(hashes, kBig).value(), BigRoot());
  EXPECT_EQ(hashes.Read(3, 8000).value(),
            TreeRoot(absl::MakeConstSpan(BigLeaves()).subspan(64000, 8)));
}

TEST(TileHashes, OpensTheEmptyLogWithTheEmptyRootOnly) {
  MemoryTiles none;
  EXPECT_TRUE(TileHashes::Open(none, 0, EmptyTreeRoot()).ok());
  EXPECT_FALSE(TileHashes::Open(none, 0, Digest{}).ok());
}

TEST(TileHashes, MissingTileIsNotFound) {
  MemoryTiles tiles = BigTiles();
  tiles.files.erase("tile/0/005");
  auto hashes = TileHashes::Open(tiles, kBig, BigRoot());
  ASSERT_TRUE(hashes.ok());
  EXPECT_EQ(hashes->Read(0, 5 * 256).status().code(), absl::StatusCode::kNotFound);
  tiles.files.erase("tile/1/001.p/1");
  EXPECT_EQ(TileHashes::Open(tiles, kBig, BigRoot()).status().code(), absl::StatusCode::kNotFound);
}

TEST(TileHashes, SubtreeBeyondTheTreeIsInvalidArgument) {
  MemoryTiles tiles = TestTiles(300);
  TileHashes hashes = TileHashes::Unchecked(tiles, 300);
  EXPECT_EQ(hashes.Read(0, 300).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(hashes.Read(8, 1).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(hashes.Read(64, 0).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(hashes.ReadWholeTile(0, 2).status().code(), absl::StatusCode::kInvalidArgument);
}

// No bit of any tile can change without the reader noticing before it returns a hash of that tile.
RC_GTEST_PROP(TileHashes, AnyBitFlippedInAnyTileIsRefused, ()) {
  MemoryTiles tiles = BigTiles();
  auto file = std::next(tiles.files.begin(), *rc::gen::inRange<ptrdiff_t>(
                                                 0, static_cast<ptrdiff_t>(tiles.files.size())));
  const TileId tile = ParseTilePath(file->first).value();
  const auto bit = *rc::gen::inRange<size_t>(0, file->second.size() * 8);
  file->second[bit / 8] = static_cast<char>(file->second[bit / 8] ^ (1 << (bit % 8)));
  auto hashes = TileHashes::Open(tiles, kBig, BigRoot());
  if (tile.partial()) {
    RC_ASSERT(hashes.status().code() == absl::StatusCode::kUnauthenticated);
  } else {
    RC_ASSERT(hashes.ok());
    RC_ASSERT(hashes->ReadWholeTile(tile.level, tile.index).status().code() ==
              absl::StatusCode::kUnauthenticated);
  }
}

TEST(TileHashes, CacheStaysBounded) {
  MemoryTiles tiles = TestTiles(256 * (TileHashes::kMaxCachedTiles + 8));
  const uint64_t size = 256 * (TileHashes::kMaxCachedTiles + 8);
  TileHashes unchecked = TileHashes::Unchecked(tiles, size);
  auto hashes = TileHashes::Open(tiles, size, RootOf(unchecked, size).value());
  ASSERT_TRUE(hashes.ok());
  for (int round = 0; round < 2; ++round) {
    for (uint64_t index = 0; index < size; index += 256) ASSERT_TRUE(hashes->Read(0, index).ok());
  }
  // Had all been kept, the second round would have read nothing.
  EXPECT_GT(tiles.reads, static_cast<int>(TileHashes::kMaxCachedTiles) + 20);
}

}  // namespace
}  // namespace letterlock::attest
