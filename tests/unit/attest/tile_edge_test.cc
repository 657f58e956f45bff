#include "attest/tile_edge.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "attest/merkle.h"
#include "unit/attest/test_trees.h"

namespace letterlock::attest {
namespace {

using crypto::Digest;

TEST(TileEdge, RootIsTheTreesAtEverySize) {
  TileEdge edge;
  const std::vector<Digest> leaves = TestLeafHashes(600);
  EXPECT_EQ(edge.Root(), EmptyTreeRoot());
  for (uint64_t size = 1; size <= leaves.size(); ++size) {
    edge.Append(leaves[size - 1]);
    ASSERT_EQ(edge.Root(), TreeRoot(absl::MakeConstSpan(leaves).first(size))) << size;
    ASSERT_EQ(edge.size(), size);
  }
}

// As a sequencer works: batches, tiles written after each, restarts from the tiles alone.
RC_GTEST_PROP(TileEdge, AnyBatchesAndRestartsLeaveTilesThatVerify, ()) {
  const auto batch_gen = rc::gen::resize(rc::kNominalSize, rc::gen::inRange<uint64_t>(0, 900));
  const auto batches = *rc::gen::resize(12, rc::gen::container<std::vector<uint64_t>>(batch_gen));
  MemoryTiles tiles;
  TileEdge edge;
  uint64_t size = 0;
  for (uint64_t batch : batches) {
    const uint64_t before = size;
    for (uint64_t i = 0; i < batch; ++i) edge.Append(LeafHash(TestLeaf(size++)));
    const std::vector<TileBytes> changed = edge.TakeChanged();
    std::vector<TileId> ids;
    for (const TileBytes& tile : changed) ids.push_back(tile.id);
    std::sort(ids.begin(), ids.end());
    RC_ASSERT(ids == TilesToWrite(before, size));
    tiles.Write(changed);

    absl::StatusOr<TileEdge> loaded = TileEdge::Load(tiles, size, edge.Root());
    RC_ASSERT(loaded.ok());
    edge = *std::move(loaded);
  }
  RC_ASSERT(edge.Root() == TreeRoot(TestLeafHashes(size)));
  auto hashes = TileHashes::Open(tiles, size, edge.Root());
  RC_ASSERT(hashes.ok());
  for (uint64_t index = 0; index < size; index += 256) RC_ASSERT(hashes->Read(0, index).ok());
}

TEST(TileEdge, TakeChangedTwiceGivesNothing) {
  TileEdge edge;
  edge.Append(LeafHash("x"));
  EXPECT_EQ(edge.TakeChanged().size(), 1u);
  EXPECT_TRUE(edge.TakeChanged().empty());
}

TEST(TileEdge, DiskThatChangedUnderTheCheckpointDoesNotLoad) {
  MemoryTiles tiles = TestTiles(300);
  tiles.files.at("tile/0/001.p/44")[0] ^= 1;
  EXPECT_EQ(TileEdge::Load(tiles, 300, TreeRoot(TestLeafHashes(300))).status().code(),
            absl::StatusCode::kUnauthenticated);
}

}  // namespace
}  // namespace letterlock::attest
