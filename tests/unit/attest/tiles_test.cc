#include "attest/tiles.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "unit/attest/test_trees.h"

namespace letterlock::attest {
namespace {

TEST(TilePath, WritesTheExamplesOfTheSpecification) {
  EXPECT_EQ(TilePath({0, 1234067, 256}), "tile/0/x001/x234/067");
  EXPECT_EQ(TilePath({0, 0, 256}), "tile/0/000");
  EXPECT_EQ(TilePath({1, 5, 17}), "tile/1/005.p/17");
  EXPECT_EQ(TilePath({63, 1000000, 1}), "tile/63/x001/x000/000.p/1");
  EXPECT_EQ(BundlePath({1234, 256}), "tile/entries/x001/234");
  EXPECT_EQ(BundlePath({0, 255}), "tile/entries/000.p/255");
}

RC_GTEST_PROP(TilePath, EveryTileAndBundleComesBackFromItsPath, ()) {
  const auto level = *rc::gen::inRange<unsigned>(0, 64);
  const auto index = *rc::gen::arbitrary<uint64_t>() >> *rc::gen::inRange(0, 64);
  const auto width = *rc::gen::inRange<uint64_t>(1, 257);
  const TileId tile{level, index, width};
  RC_ASSERT(ParseTilePath(TilePath(tile)).value() == tile);
  const BundleId bundle{index, width};
  RC_ASSERT(ParseBundlePath(BundlePath(bundle)).value() == bundle);
}

TEST(TilePath, EverySecondSpellingIsRefused) {
  for (const char* path : {"",
                           "tile",
                           "tile/",
                           "tile/0",
                           "tile/0/",
                           "tile/0/0",
                           "tile/0/00",
                           "tile/0/0000",
                           "tile/00/000",
                           "tile/64/000",
                           "tile/-1/000",
                           "tile/+1/000",
                           "tile/0/x000/001",
                           "tile/0/001/002",
                           "tile/0/x001",
                           "tile/0/x001/",
                           "tile/0/x001/x234",
                           "tile/0/X001/234",
                           "tile/0/000.p/0",
                           "tile/0/000.p/256",
                           "tile/0/000.p/01",
                           "tile/0/000.p/",
                           "tile/0/000.p",
                           "tile/0/000.p/1/2",
                           "tile/0/x001.p/234",
                           "tile/0/000/",
                           "/tile/0/000",
                           "tile//000",
                           "tile/0/000 ",
                           "tile/0/0a0",
                           "tile/0/../000",
                           "tile/0/x018/x446/x744/x073/x709/x551/616",
                           "tile/data/000",
                           "tile/0/x99/x999/999"}) {
    EXPECT_FALSE(ParseTilePath(path).ok()) << path;
  }
  for (const char* path : {"tile/entries", "tile/entries/", "tile/0/000", "tile/entries/x000/000",
                           "tile/entries/000.p/256", "entries/000"}) {
    EXPECT_FALSE(ParseBundlePath(path).ok()) << path;
  }
  EXPECT_FALSE(ParseTilePath("tile/entries/000").ok());
}

TEST(Tiles, WidthsAreThoseOfTheSpecificationsExample) {
  // "a tree of size 70,000 ... 273 full level 0 tiles, one partial level 0 tile of width 112, one
  // full level 1 tile, one partial level 1 tile of width 17, and one partial level 2 tile of
  // width 1."
  EXPECT_EQ(TileWidthAt(70000, 0, 272), 256u);
  EXPECT_EQ(TileWidthAt(70000, 0, 273), 112u);
  EXPECT_EQ(TileWidthAt(70000, 0, 274), 0u);
  EXPECT_EQ(TileWidthAt(70000, 1, 0), 256u);
  EXPECT_EQ(TileWidthAt(70000, 1, 1), 17u);
  EXPECT_EQ(TileWidthAt(70000, 2, 0), 1u);
  EXPECT_EQ(TileWidthAt(70000, 3, 0), 0u);
  EXPECT_EQ(TileWidthAt(256, 0, 0), 256u);
  EXPECT_EQ(TileWidthAt(256, 0, 1), 0u);
  EXPECT_EQ(TileWidthAt(256, 1, 0), 1u);
  EXPECT_EQ(TileWidthAt(~uint64_t{0}, 8, 0), 0u);
  EXPECT_EQ(TilesToWrite(0, 70000).size(), 273u + 1 + 1 + 1 + 1);
}

// Whatever sizes a log signs on its way, the tiles of its last size are all written.
RC_GTEST_PROP(Tiles, GrowthInAnyStepsWritesEveryTileOfTheLastSize, ()) {
  std::vector<uint64_t> sizes =
      *rc::gen::container<std::vector<uint64_t>>(rc::gen::inRange(1, 200000));
  std::sort(sizes.begin(), sizes.end());
  std::set<TileId> written;
  std::set<BundleId> bundles;
  uint64_t size = 0;
  for (uint64_t next : sizes) {
    for (const TileId& tile : TilesToWrite(size, next)) written.insert(tile);
    for (const BundleId& bundle : BundlesToWrite(size, next)) bundles.insert(bundle);
    size = next;
  }
  for (unsigned level = 0; level < 4; ++level) {
    for (uint64_t index = 0; TileWidthAt(size, level, index) > 0; ++index) {
      RC_ASSERT(written.contains({level, index, TileWidthAt(size, level, index)}));
      if (level == 0) RC_ASSERT(bundles.contains({index, TileWidthAt(size, level, index)}));
    }
  }
}

RC_GTEST_PROP(Bundle, LeavesComeBackAndEveryOtherWidthIsRefused, ()) {
  const auto leaves = *rc::gen::suchThat(
      rc::gen::container<std::vector<std::string>>(rc::gen::arbitrary<std::string>()),
      [](const auto& list) { return !list.empty() && list.size() <= 256; });
  const std::string bytes = EncodeBundle(leaves).value();
  RC_ASSERT(ParseBundle(bytes, leaves.size()).value() == leaves);
  RC_ASSERT(!ParseBundle(bytes, leaves.size() + 1).ok());
  RC_ASSERT(!ParseBundle(bytes, leaves.size() - 1).ok());
  RC_ASSERT(!ParseBundle(bytes + '\0', leaves.size()).ok());
  RC_ASSERT(!ParseBundle(bytes.substr(0, bytes.size() - 1), leaves.size()).ok());
}

TEST(Bundle, LimitsAreRefusedBothWays) {
  EXPECT_FALSE(EncodeBundle({}).ok());
  EXPECT_FALSE(EncodeBundle(std::vector<std::string>(257)).ok());
  EXPECT_FALSE(EncodeBundle({std::string(65536, 'x')}).ok());
  EXPECT_TRUE(EncodeBundle({std::string(65535, 'x')}).ok());
  EXPECT_FALSE(ParseBundle("", 0).ok());
  EXPECT_FALSE(ParseBundle(std::string(2 * 257, '\0'), 257).ok());
}

TEST(Tiles, TileOfAnotherLengthIsRefused) {
  EXPECT_TRUE(ParseTile(std::string(32 * 3, 'x'), 3).ok());
  EXPECT_FALSE(ParseTile(std::string(32 * 3, 'x'), 2).ok());
  EXPECT_FALSE(ParseTile(std::string(32 * 3 - 1, 'x'), 3).ok());
  EXPECT_FALSE(ParseTile("", 0).ok());
  EXPECT_FALSE(ParseTile(std::string(32 * 257, 'x'), 257).ok());
}

}  // namespace
}  // namespace letterlock::attest
