#include "attest/merkle.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "attest/subtree_hashes.h"
#include "crypto/base/encoding.h"
#include "unit/attest/test_trees.h"

namespace letterlock::attest {
namespace {

using crypto::Digest;

nlohmann::json Cases(const std::string& name) {
  std::ifstream file(std::string(LETTERLOCK_VECTORS) + "/merkle/" + name);
  return nlohmann::json::parse(file).at("cases");
}

// A hash of a vector; an error unless it is 32 bytes, as a verifier would meet it.
absl::StatusOr<Digest> HashFrom(const nlohmann::json& text) {
  const std::string encoded = text.is_null() ? "" : text.get<std::string>();
  absl::StatusOr<std::string> raw = crypto::Base64Decode(encoded);
  if (!raw.ok()) return raw.status();
  return crypto::DigestFromBytes(*raw);
}

absl::StatusOr<std::vector<Digest>> ProofFrom(const nlohmann::json& list) {
  std::vector<Digest> proof;
  if (list.is_null()) return proof;
  for (const auto& item : list) {
    absl::StatusOr<Digest> hash = HashFrom(item);
    if (!hash.ok()) return hash.status();
    proof.push_back(*hash);
  }
  return proof;
}

absl::Status CheckInclusionCase(const nlohmann::json& test) {
  absl::StatusOr<Digest> root = HashFrom(test.at("root"));
  absl::StatusOr<Digest> leaf = HashFrom(test.at("leafHash"));
  absl::StatusOr<std::vector<Digest>> proof = ProofFrom(test.at("proof"));
  if (!root.ok()) return root.status();
  if (!leaf.ok()) return leaf.status();
  if (!proof.ok()) return proof.status();
  return VerifyInclusion(test.at("leafIdx").get<uint64_t>(), test.at("treeSize").get<uint64_t>(),
                         *leaf, *proof, *root);
}

absl::Status CheckConsistencyCase(const nlohmann::json& test) {
  absl::StatusOr<Digest> root1 = HashFrom(test.at("root1"));
  absl::StatusOr<Digest> root2 = HashFrom(test.at("root2"));
  absl::StatusOr<std::vector<Digest>> proof = ProofFrom(test.at("proof"));
  if (!root1.ok()) return root1.status();
  if (!root2.ok()) return root2.status();
  if (!proof.ok()) return proof.status();
  return VerifyConsistency(test.at("size1").get<uint64_t>(), test.at("size2").get<uint64_t>(),
                           *root1, *root2, *proof);
}

TEST(Merkle, EveryGivenInclusionCaseIsAcceptedOrRefusedAsGiven) {
  const nlohmann::json cases = Cases("inclusion.json");
  ASSERT_EQ(cases.size(), 98u);
  for (const auto& test : cases) {
    EXPECT_EQ(CheckInclusionCase(test).ok(), !test.at("wantErr").get<bool>()) << test.at("name");
  }
}

// One case compares two equal roots of 12 bytes without looking at them; a root that is no hash is
// an error here (tests/vectors/README.md).
TEST(Merkle, EveryGivenConsistencyCaseIsAcceptedOrRefusedAsGiven) {
  const nlohmann::json cases = Cases("consistency.json");
  ASSERT_EQ(cases.size(), 98u);
  for (const auto& test : cases) {
    const bool roots_are_hashes =
        HashFrom(test.at("root1")).ok() && HashFrom(test.at("root2")).ok();
    const bool accepted = roots_are_hashes && !test.at("wantErr").get<bool>();
    EXPECT_EQ(CheckConsistencyCase(test).ok(), accepted) << test.at("name");
  }
}

TEST(Merkle, RootOfNoLeavesIsTheHashOfNothing) {
  EXPECT_EQ(crypto::HexEncode(crypto::ToString(TreeRoot({}))),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

// RFC 6962's recursion, read from the text: split at the largest power of two below the length.
Digest RecursiveRoot(absl::Span<const Digest> leaves) {
  if (leaves.size() == 1) return leaves[0];
  size_t split = 1;
  while (split * 2 < leaves.size()) split *= 2;
  return NodeHash(RecursiveRoot(leaves.first(split)), RecursiveRoot(leaves.subspan(split)));
}

TEST(Merkle, TreeRootIsTheRecursionOfTheRfc) {
  for (uint64_t size = 1; size <= 70; ++size) {
    const std::vector<Digest> leaves = TestLeafHashes(size);
    EXPECT_EQ(TreeRoot(leaves), RecursiveRoot(leaves)) << size;
  }
}

TEST(Merkle, EveryLeafOfEverySmallTreeProvesItsOwnIndexOnly) {
  for (uint64_t size = 1; size <= 33; ++size) {
    LeafHashes hashes(TestLeafHashes(size));
    const Digest root = TreeRoot(TestLeafHashes(size));
    for (uint64_t index = 0; index < size; ++index) {
      const auto proof = ProveInclusion(hashes, index, size);
      ASSERT_TRUE(proof.ok());
      for (uint64_t claimed = 0; claimed < size; ++claimed) {
        EXPECT_EQ(VerifyInclusion(claimed, size, LeafHash(TestLeaf(index)), *proof, root).ok(),
                  claimed == index);
      }
    }
  }
}

TEST(Merkle, EveryPairOfSmallTreesIsConsistent) {
  for (uint64_t size = 1; size <= 33; ++size) {
    LeafHashes hashes(TestLeafHashes(size));
    const Digest root = TreeRoot(TestLeafHashes(size));
    for (uint64_t old_size = 1; old_size <= size; ++old_size) {
      const auto proof = ProveConsistency(hashes, old_size, size);
      ASSERT_TRUE(proof.ok());
      EXPECT_TRUE(
          VerifyConsistency(old_size, size, TreeRoot(TestLeafHashes(old_size)), root, *proof).ok());
    }
  }
}

TEST(Merkle, ShrunkenTreeIsRefused) {
  const Digest root = TreeRoot(TestLeafHashes(2));
  EXPECT_FALSE(VerifyConsistency(3, 2, TreeRoot(TestLeafHashes(3)), root, {}).ok());
}

RC_GTEST_PROP(Merkle, AnyBitFlippedInAnInclusionProofIsRefused, ()) {
  const auto size = *rc::gen::inRange<uint64_t>(2, 600);
  const auto index = *rc::gen::inRange<uint64_t>(0, size);
  LeafHashes hashes(TestLeafHashes(size));
  const Digest root = TreeRoot(TestLeafHashes(size));
  std::vector<Digest> proof = ProveInclusion(hashes, index, size).value();
  RC_ASSERT(VerifyInclusion(index, size, LeafHash(TestLeaf(index)), proof, root).ok());
  const auto bit = *rc::gen::inRange<size_t>(0, proof.size() * 256);
  proof[bit / 256][bit % 256 / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
  RC_ASSERT(!VerifyInclusion(index, size, LeafHash(TestLeaf(index)), proof, root).ok());
}

RC_GTEST_PROP(Merkle, AnyBitFlippedInAConsistencyProofIsRefused, ()) {
  const auto size = *rc::gen::inRange<uint64_t>(2, 600);
  const auto old_size = *rc::gen::inRange<uint64_t>(1, size);
  LeafHashes hashes(TestLeafHashes(size));
  const Digest root = TreeRoot(TestLeafHashes(size));
  const Digest old_root = TreeRoot(TestLeafHashes(old_size));
  std::vector<Digest> proof = ProveConsistency(hashes, old_size, size).value();
  RC_ASSERT(VerifyConsistency(old_size, size, old_root, root, proof).ok());
  const auto bit = *rc::gen::inRange<size_t>(0, proof.size() * 256);
  proof[bit / 256][bit % 256 / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
  RC_ASSERT(!VerifyConsistency(old_size, size, old_root, root, proof).ok());
}

// A log that changed one old leaf cannot be consistent with what it showed before.
RC_GTEST_PROP(Merkle, RewrittenLeafIsNeverConsistent, ()) {
  const auto size = *rc::gen::inRange<uint64_t>(2, 300);
  const auto old_size = *rc::gen::inRange<uint64_t>(1, size);
  const auto changed = *rc::gen::inRange<uint64_t>(0, old_size);
  const Digest old_root = TreeRoot(TestLeafHashes(old_size));
  std::vector<Digest> leaves = TestLeafHashes(size);
  leaves[changed] = LeafHash("rewritten");
  LeafHashes hashes(leaves);
  const std::vector<Digest> proof = ProveConsistency(hashes, old_size, size).value();
  RC_ASSERT(!VerifyConsistency(old_size, size, old_root, TreeRoot(leaves), proof).ok());
}

}  // namespace
}  // namespace letterlock::attest
