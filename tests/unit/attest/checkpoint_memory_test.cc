#include "attest/checkpoint_memory.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "attest/merkle.h"
#include "attest/subtree_hashes.h"
#include "unit/attest/test_trees.h"

namespace letterlock::attest {
namespace {

Checkpoint At(uint64_t size) { return {"log", size, TreeRoot(TestLeafHashes(size))}; }

std::vector<crypto::Digest> Proof(uint64_t old_size, uint64_t new_size) {
  LeafHashes hashes(TestLeafHashes(new_size));
  return ProveConsistency(hashes, old_size, new_size).value();
}

RC_GTEST_PROP(CheckpointMemory, HonestGrowthIsAlwaysTaken, ()) {
  auto sizes = *rc::gen::container<std::vector<uint64_t>>(rc::gen::inRange<uint64_t>(0, 200));
  std::sort(sizes.begin(), sizes.end());
  CheckpointMemory memory;
  for (uint64_t size : sizes) {
    const uint64_t before = memory.newest() ? memory.newest()->size : 0;
    const auto proof = before == 0 ? std::vector<crypto::Digest>() : Proof(before, size);
    RC_ASSERT(Continues(memory.Offer(At(size), proof)));
    RC_ASSERT(memory.newest()->size == size);
  }
}

TEST(CheckpointMemory, ShrunkenForkedUnprovenAndForeignAreNotTaken) {
  CheckpointMemory memory(At(20));
  EXPECT_EQ(memory.Offer(At(19), {}), Continuation::kShrank);
  EXPECT_EQ(memory.Offer({"log", 20, LeafHash("fork")}, {}), Continuation::kForked);
  EXPECT_EQ(memory.Offer(At(30), {}), Continuation::kUnproven);
  EXPECT_EQ(memory.Offer(At(30), Proof(19, 30)), Continuation::kUnproven);
  EXPECT_EQ(memory.Offer({"log", 30, LeafHash("fork")}, Proof(20, 30)), Continuation::kUnproven);
  EXPECT_EQ(memory.Offer({"other", 20, At(20).root}, {}), Continuation::kOtherLog);
  EXPECT_EQ(*memory.newest(), At(20));
  EXPECT_EQ(memory.Offer(At(20), {}), Continuation::kSame);
  EXPECT_EQ(memory.Offer(At(30), Proof(20, 30)), Continuation::kGrew);
  EXPECT_EQ(*memory.newest(), At(30));
}

TEST(CheckpointMemory, FirstCheckpointAndGrowthFromNothingNeedNoProof) {
  CheckpointMemory memory;
  EXPECT_FALSE(memory.newest().has_value());
  EXPECT_EQ(memory.Offer(At(0), {}), Continuation::kGrew);
  EXPECT_EQ(memory.Offer(At(5), {}), Continuation::kGrew);
  EXPECT_EQ(memory.Offer(At(0), {}), Continuation::kShrank);
}

}  // namespace
}  // namespace letterlock::attest
