#include "attest/sparse_map.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "attest/map_store.h"
#include "crypto/base/encoding.h"
#include "unit/attest/test_maps.h"

namespace letterlock::attest {
namespace {

using crypto::Digest;

Digest FromHex(const nlohmann::json& hex) {
  return crypto::DigestFromBytes(crypto::HexDecode(hex.get<std::string>()).value()).value();
}

nlohmann::json Vectors() {
  std::ifstream file(std::string(LETTERLOCK_VECTORS) + "/letterlock/map.json");
  return nlohmann::json::parse(file);
}

TEST(SparseMap, GivenMapsHaveTheGivenRootsAndProofs) {
  const nlohmann::json maps = Vectors().at("maps");
  ASSERT_FALSE(maps.empty());
  for (const auto& map_case : maps) {
    MemoryMap map;
    std::vector<MapLeaf> leaves;
    for (const auto& leaf : map_case.at("leaves")) {
      leaves.push_back({FromHex(leaf.at("position")), FromHex(leaf.at("value"))});
    }
    ASSERT_TRUE(map.Update(Sorted(leaves)).ok());
    EXPECT_EQ(map.root(), FromHex(map_case.at("root"))) << map_case.at("name");
    for (const auto& proof_case : map_case.at("proofs")) {
      const Digest position = FromHex(proof_case.at("position"));
      const MapProof proof = map.Prove(position).value();
      EXPECT_EQ(crypto::HexEncode(EncodeMapProof(proof)),
                proof_case.at("proof").get<std::string>());
      const auto found = VerifyMapProof(proof, map.root(), position);
      ASSERT_TRUE(found.ok());
      EXPECT_EQ(found->has_value(), proof_case.contains("value"));
      if (found->has_value()) EXPECT_EQ(**found, FromHex(proof_case.at("value")));
    }
  }
}

TEST(SparseMap, GivenRefusalsAreRefused) {
  const nlohmann::json refused = Vectors().at("refused");
  ASSERT_FALSE(refused.empty());
  for (const auto& test : refused) {
    const auto proof =
        ParseMapProof(crypto::HexDecode(test.at("proof").get<std::string>()).value());
    const bool accepted =
        proof.ok() &&
        VerifyMapProof(*proof, FromHex(test.at("root")), FromHex(test.at("position"))).ok();
    EXPECT_FALSE(accepted) << test.at("name");
  }
}

RC_GTEST_PROP(SparseMap, ProofRoundTripsAndEveryBitOfItCounts, ()) {
  MemoryMap map;
  const std::vector<MapLeaf> leaves = *AnyLeaves();
  RC_ASSERT(map.Update(leaves).ok());
  const Digest position = *AnyPosition();
  const MapProof proof = map.Prove(position).value();
  std::string bytes = EncodeMapProof(proof);
  RC_ASSERT(bytes.size() <= kMaxMapProofSize);
  RC_ASSERT(ParseMapProof(bytes).value() == proof);
  RC_ASSERT(VerifyMapProof(proof, map.root(), position).ok());

  const auto bit = *rc::gen::inRange<size_t>(0, bytes.size() * 8);
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  const auto flipped = ParseMapProof(bytes);
  const bool accepted = flipped.ok() && VerifyMapProof(*flipped, map.root(), position).ok();
  RC_ASSERT_FALSE(accepted);
}

RC_GTEST_PROP(SparseMap, LongerOrShorterProofIsRefused, ()) {
  MemoryMap map;
  RC_ASSERT(map.Update(*AnyLeaves()).ok());
  const std::string bytes = EncodeMapProof(map.Prove(*AnyPosition()).value());
  RC_ASSERT(!ParseMapProof(bytes + '\0').ok());
  RC_ASSERT(!ParseMapProof(bytes.substr(0, *rc::gen::inRange<size_t>(0, bytes.size()))).ok());
}

// A tree as an attacker may build it: any shape, leaves under positions that are not theirs, the
// same leaf twice, leaves with empty siblings, interiors above nothing.
struct Tree {
  Digest hash = kEmptyMapRoot;
  std::optional<MapLeaf> leaf;
  std::shared_ptr<Tree> left, right;
};

std::shared_ptr<Tree> AnyTree(int depth) {
  auto tree = std::make_shared<Tree>();
  const int kind = *rc::gen::inRange(0, depth == 0 ? 2 : 6);
  if (kind == 1) {
    tree->leaf = MapLeaf{*AnyPosition(), *AnyValue()};
    tree->hash = MapLeafHash(*tree->leaf);
  } else if (kind >= 2) {
    tree->left = AnyTree(depth - 1);
    tree->right = AnyTree(depth - 1);
    tree->hash = MapNodeHash(tree->left->hash, tree->right->hash);
  }
  return tree;
}

void Collect(const Tree& tree, std::vector<Digest>& hashes, std::vector<MapLeaf>& leaves) {
  hashes.push_back(tree.hash);
  if (tree.leaf) leaves.push_back(*tree.leaf);
  if (tree.left) Collect(*tree.left, hashes, leaves);
  if (tree.right) Collect(*tree.right, hashes, leaves);
}

// Everything that some proof shows for `position`: values, or nullopt for "not in the map".
class Verdicts {
 public:
  Verdicts(const Digest& root, const Digest& position) : root_(root), position_(position) {}

  void Try(const MapProof& proof) {
    const auto found = VerifyMapProof(proof, root_, position_);
    if (found.ok()) seen_.insert(*found);
  }
  const std::set<std::optional<Digest>>& seen() const { return seen_; }

 private:
  Digest root_, position_;
  std::set<std::optional<Digest>> seen_;
};

// Tries every sequence of known hashes as siblings down to `depth`, with every known terminal.
void TryAll(Verdicts& verdicts, const std::vector<std::optional<Digest>>& siblings,
            const std::vector<std::optional<MapLeaf>>& terminals, size_t depth, MapProof& proof) {
  for (const auto& terminal : terminals) {
    proof.terminal = terminal;
    verdicts.Try(proof);
  }
  if (proof.siblings.size() == depth) return;
  for (const auto& sibling : siblings) {
    proof.siblings.push_back(sibling);
    TryAll(verdicts, siblings, terminals, depth, proof);
    proof.siblings.pop_back();
  }
}

RC_GTEST_PROP(SparseMap, NoPositionIsBothInAndOutWhateverTreeAnAttackerBuilds, ()) {
  const std::shared_ptr<Tree> tree = AnyTree(4);
  std::vector<Digest> hashes;
  std::vector<MapLeaf> leaves;
  Collect(*tree, hashes, leaves);
  if (leaves.size() > 6) leaves.resize(6);

  // The asked position, and terminals that lie about it: its own leaf with any value in the tree.
  const Digest position = leaves.empty() ? *AnyPosition() : leaves[0].position;
  std::vector<std::optional<MapLeaf>> terminals = {std::nullopt};
  for (const MapLeaf& leaf : leaves) {
    terminals.push_back(leaf);
    terminals.push_back(MapLeaf{position, leaf.value});
  }

  Verdicts verdicts(tree->hash, position);
  // The honest walk, stopped at every depth, with every terminal.
  MapProof walk;
  for (const Tree* at = tree.get(); at != nullptr;) {
    for (const auto& terminal : terminals) {
      walk.terminal = terminal;
      verdicts.Try(walk);
    }
    if (!at->left) break;
    const bool right = MapBit(position, walk.siblings.size());
    const Digest& sibling = right ? at->left->hash : at->right->hash;
    walk.siblings.push_back(sibling == kEmptyMapRoot ? std::nullopt : std::optional(sibling));
    at = right ? at->right.get() : at->left.get();
  }
  // Any hashes of the tree, in any order, as siblings of shorter proofs.
  std::vector<std::optional<Digest>> siblings = {std::nullopt};
  for (size_t i = 0; i < hashes.size() && i < 8; ++i) siblings.emplace_back(hashes[i]);
  MapProof proof;
  TryAll(verdicts, siblings, terminals, 2, proof);

  RC_ASSERT(verdicts.seen().size() <= 1u);
}

TEST(SparseMap, LeafDoesNotPassForAnInteriorNode) {
  // Position and value of a leaf, read as the two children of a node, hash to something else.
  const MapLeaf leaf{Repeated(0x11), Repeated(0x22)};
  EXPECT_NE(MapLeafHash(leaf), MapNodeHash(leaf.position, leaf.value));
}

TEST(SparseMap, ShapesThatNoHonestMapHasAreRefused) {
  const MapLeaf leaf{Repeated(0x11), Repeated(0x22)};
  const Digest alone = MapNodeHash(MapLeafHash(leaf), kEmptyMapRoot);
  MapProof lone_leaf{{std::nullopt}, leaf};  // right hash, but the leaf should stand at the root
  EXPECT_EQ(VerifyMapProof(lone_leaf, alone, leaf.position).status().code(),
            absl::StatusCode::kInvalidArgument);
  MapProof nothing{{std::nullopt}, std::nullopt};
  EXPECT_FALSE(
      VerifyMapProof(nothing, MapNodeHash(kEmptyMapRoot, kEmptyMapRoot), leaf.position).ok());
  MapProof zero_sibling{{kEmptyMapRoot}, leaf};
  EXPECT_FALSE(VerifyMapProof(zero_sibling, alone, leaf.position).ok());
  MapProof too_deep{std::vector<std::optional<Digest>>(257, Repeated(1)), leaf};
  EXPECT_FALSE(VerifyMapProof(too_deep, alone, leaf.position).ok());
}

TEST(SparseMap, LeafOfAnotherSubtreeShowsNothing) {
  // Two leaves apart in bit 0; the proof for one side, offered for the other.
  const MapLeaf left{Repeated(0x11), Repeated(1)}, right{Repeated(0x99), Repeated(2)};
  const Digest root = MapNodeHash(MapLeafHash(left), MapLeafHash(right));
  const MapProof proof{{MapLeafHash(right)}, left};
  EXPECT_TRUE(VerifyInMap(proof, root, left.position, left.value).ok());
  EXPECT_FALSE(VerifyNotInMap(proof, root, left.position).ok());
  EXPECT_FALSE(VerifyInMap(proof, root, left.position, right.value).ok());
  EXPECT_FALSE(VerifyMapProof(proof, root, right.position).ok());
  EXPECT_TRUE(VerifyNotInMap(proof, root, Repeated(0x12)).ok());
}

TEST(SparseMap, EmptyMapHoldsNothing) {
  EXPECT_TRUE(VerifyNotInMap(MapProof{}, kEmptyMapRoot, Repeated(7)).ok());
  EXPECT_EQ(crypto::HexEncode(EncodeMapProof(MapProof{})), "000000");
}

}  // namespace
}  // namespace letterlock::attest
