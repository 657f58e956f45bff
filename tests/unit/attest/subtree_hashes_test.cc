#include "attest/subtree_hashes.h"

#include <gtest/gtest.h>

#include "attest/merkle.h"
#include "unit/attest/test_trees.h"

namespace letterlock::attest {
namespace {

TEST(SubtreeHashes, RootOfEverySizeIsTheTreesRoot) {
  LeafHashes hashes(TestLeafHashes(100));
  for (uint64_t size = 0; size <= 100; ++size) {
    EXPECT_EQ(RootOf(hashes, size).value(), TreeRoot(TestLeafHashes(size))) << size;
  }
}

TEST(SubtreeHashes, SizesThatMakeNoSenseAreInvalidArguments) {
  LeafHashes hashes(TestLeafHashes(4));
  EXPECT_EQ(ProveInclusion(hashes, 4, 4).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ProveInclusion(hashes, 0, 0).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ProveConsistency(hashes, 0, 4).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ProveConsistency(hashes, 4, 3).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(SubtreeHashes, SubtreeBeyondTheTreeIsRefused) {
  LeafHashes hashes(TestLeafHashes(5));
  EXPECT_TRUE(hashes.Read(2, 0).ok());
  EXPECT_FALSE(hashes.Read(2, 1).ok());
  EXPECT_FALSE(hashes.Read(0, 5).ok());
  EXPECT_FALSE(hashes.Read(64, 0).ok());
  EXPECT_FALSE(RootOf(hashes, 6).ok());
}

}  // namespace
}  // namespace letterlock::attest
