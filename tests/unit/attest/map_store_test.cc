#include "attest/map_store.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "unit/attest/test_maps.h"

namespace letterlock::attest {
namespace {

using crypto::Digest;

// The definition in docs/formats.md, read literally.
Digest RootByDefinition(const std::vector<MapLeaf>& leaves, size_t depth) {
  if (leaves.empty()) return kEmptyMapRoot;
  if (leaves.size() == 1) return MapLeafHash(leaves[0]);
  std::vector<MapLeaf> left, right;
  for (const MapLeaf& leaf : leaves) (MapBit(leaf.position, depth) ? right : left).push_back(leaf);
  return MapNodeHash(RootByDefinition(left, depth + 1), RootByDefinition(right, depth + 1));
}

// Counts what an update reads, and can damage one node.
class CountingReader final : public MapNodeReader {
 public:
  explicit CountingReader(MapNodeReader& inner) : inner_(inner) {}
  absl::StatusOr<std::optional<MapNode>> Read(const MapPath& path) override {
    ++reads;
    return inner_.Read(path);
  }
  size_t reads = 0;

 private:
  MapNodeReader& inner_;
};

Digest Spread(uint32_t i) { return crypto::Sha256(std::to_string(i)); }

RC_GTEST_PROP(MapStore, AnyBatchesGiveTheMapOfTheDefinition, ()) {
  MemoryMap map;
  std::map<Digest, Digest> model;
  const auto batch_gen = rc::gen::resize(30, AnyLeaves());
  const auto batches =
      *rc::gen::resize(8, rc::gen::container<std::vector<std::vector<MapLeaf>>>(batch_gen));
  for (const std::vector<MapLeaf>& batch : batches) {
    RC_ASSERT(map.Update(batch).ok());
    for (const MapLeaf& leaf : batch) model[leaf.position] = leaf.value;
  }
  std::vector<MapLeaf> leaves;
  for (const auto& [position, value] : model) leaves.push_back({position, value});
  RC_ASSERT(map.root() == RootByDefinition(leaves, 0));

  for (const MapLeaf& leaf : leaves) {
    const MapProof proof = map.Prove(leaf.position).value();
    RC_ASSERT(VerifyInMap(proof, map.root(), leaf.position, leaf.value).ok());
    RC_ASSERT(ParseMapProof(EncodeMapProof(proof)).value() == proof);
  }
  const Digest other = *rc::gen::oneOf(AnyPosition(), rc::gen::arbitrary<Digest>());
  if (!model.contains(other)) {
    RC_ASSERT(VerifyNotInMap(map.Prove(other).value(), map.root(), other).ok());
  }
}

RC_GTEST_PROP(MapStore, WritesNameNoPathTwiceAndSuffice, ()) {
  MemoryMap map;
  RC_ASSERT(map.Update(*AnyLeaves()).ok());
  const MapUpdate update = UpdateMap(map, map.root(), *AnyLeaves()).value();
  std::set<MapPath> paths;
  for (const MapWrite& write : update.writes) RC_ASSERT(paths.insert(write.path).second);
}

TEST(MapStore, PositionsThatDifferInTheLastBitBothStand) {
  Digest a = Repeated(0x55), b = a;
  b[31] ^= 1;
  MemoryMap map;
  ASSERT_TRUE(map.Update(Sorted({{a, Repeated(1)}, {b, Repeated(2)}})).ok());
  const MapProof proof = map.Prove(b).value();
  EXPECT_EQ(proof.siblings.size(), 256u);
  EXPECT_TRUE(VerifyInMap(proof, map.root(), b, Repeated(2)).ok());
  EXPECT_TRUE(VerifyInMap(map.Prove(a).value(), map.root(), a, Repeated(1)).ok());
  // Both again, through the deep path.
  ASSERT_TRUE(map.Update(Sorted({{a, Repeated(3)}, {b, Repeated(4)}})).ok());
  EXPECT_TRUE(VerifyInMap(map.Prove(a).value(), map.root(), a, Repeated(3)).ok());
}

TEST(MapStore, UpdateThatChangesNothingWritesNothingAboveTheLeaf) {
  MemoryMap map;
  std::vector<MapLeaf> leaves;
  for (uint32_t i = 0; i < 100; ++i) leaves.push_back({Spread(i), Repeated(1)});
  ASSERT_TRUE(map.Update(Sorted(leaves)).ok());
  const MapUpdate update = UpdateMap(map, map.root(), absl::MakeConstSpan(leaves).first(1)).value();
  EXPECT_EQ(update.root, map.root());
  EXPECT_LE(update.writes.size(), 1u);
  EXPECT_TRUE(UpdateMap(map, map.root(), {})->writes.empty());
}

TEST(MapStore, BatchTouchesOnlyThePathsOfItsKeys) {
  constexpr uint32_t kKeys = 20000, kBatch = 50;
  MemoryMap map;
  std::vector<MapLeaf> leaves;
  for (uint32_t i = 0; i < kKeys; ++i) leaves.push_back({Spread(i), Repeated(1)});
  ASSERT_TRUE(map.Update(Sorted(leaves)).ok());
  std::vector<MapLeaf> batch;
  for (uint32_t i = 0; i < kBatch; ++i) batch.push_back({Spread(kKeys + i), Repeated(2)});

  CountingReader reader(map);
  const MapUpdate update = UpdateMap(reader, map.root(), Sorted(batch)).value();
  constexpr size_t kDepth = 15 + 10;  // log2 of the keys, and slack for close neighbours
  EXPECT_LE(reader.reads, kBatch * kDepth);
  EXPECT_LE(update.writes.size(), kBatch * kDepth);
}

TEST(MapStore, UnsortedOrRepeatedUpdatesAreRefused) {
  MemoryMap map;
  const MapLeaf a{Repeated(1), Repeated(1)}, b{Repeated(2), Repeated(1)};
  EXPECT_EQ(map.Update({b, a}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(map.Update({a, a}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(map.root(), kEmptyMapRoot);
}

// A store whose nodes are damaged or missing is noticed before anything is computed from it.
class DamagedReader final : public MapNodeReader {
 public:
  DamagedReader(MapNodeReader& inner, MapPath bad, std::optional<MapNode> instead)
      : inner_(inner), bad_(bad), instead_(std::move(instead)) {}
  absl::StatusOr<std::optional<MapNode>> Read(const MapPath& path) override {
    return path == bad_ ? instead_ : inner_.Read(path);
  }

 private:
  MapNodeReader& inner_;
  MapPath bad_;
  std::optional<MapNode> instead_;
};

RC_GTEST_PROP(MapStore, NodeDamagedOnDiskIsDataLossAndNotANewRoot, ()) {
  MemoryMap map;
  std::vector<MapLeaf> leaves;
  for (uint32_t i = 0; i < 50; ++i) leaves.push_back({Spread(i), Repeated(1)});
  RC_ASSERT(map.Update(Sorted(leaves)).ok());
  const Digest position = leaves[*rc::gen::inRange<size_t>(0, leaves.size())].position;
  const auto depth = *rc::gen::inRange<size_t>(0, map.Prove(position)->siblings.size() + 1);
  const MapPath path = MapPath::Of(position, depth);

  std::string bytes = EncodeMapNode(*map.Read(path).value());
  const auto bit = *rc::gen::inRange<size_t>(0, bytes.size() * 8);
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  absl::StatusOr<MapNode> node = ParseMapNode(bytes);
  DamagedReader reader(map, path, node.ok() ? std::optional(*node) : std::nullopt);

  const MapLeaf change{position, Repeated(9)};
  RC_ASSERT(UpdateMap(reader, map.root(), {change}).status().code() == absl::StatusCode::kDataLoss);
  RC_ASSERT(ProveInMap(reader, map.root(), position).status().code() ==
            absl::StatusCode::kDataLoss);
}

TEST(MapStore, RootThatTheStoreDoesNotHoldIsDataLoss) {
  MemoryMap map;
  EXPECT_EQ(ProveInMap(map, Repeated(1), Repeated(2)).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(UpdateMap(map, Repeated(1), {MapLeaf{}}).status().code(), absl::StatusCode::kDataLoss);
}

RC_GTEST_PROP(MapStore, NodesComeBackFromTheirEncoding, ()) {
  const auto a = *rc::gen::arbitrary<Digest>();
  const auto b = *rc::gen::arbitrary<Digest>();
  for (const MapNode& node : {MapNode(MapInterior{a, b}), MapNode(MapLeaf{a, b})}) {
    const std::string bytes = EncodeMapNode(node);
    RC_ASSERT(bytes.size() == kMapNodeSize);
    RC_ASSERT(ParseMapNode(bytes).value() == node);
    RC_ASSERT(!ParseMapNode(bytes + '\0').ok());
    RC_ASSERT(!ParseMapNode(bytes.substr(1)).ok());
  }
  RC_ASSERT(!ParseMapNode(std::string(kMapNodeSize, '\0')).ok());
}

TEST(MapStore, PathsKeepTheirBitsAndNoOthers) {
  const MapPath path = MapPath::Of(Repeated(0xff), 11);
  EXPECT_EQ(path.prefix[0], 0xff);
  EXPECT_EQ(path.prefix[1], 0xe0);
  EXPECT_EQ(path.prefix[2], 0);
  EXPECT_EQ(MapPath::Of(Repeated(0xff), 256).prefix, Repeated(0xff));
  EXPECT_EQ(MapPath::Of(Repeated(0xff), 0).prefix, kEmptyMapRoot);
  EXPECT_EQ(EncodeMapPath(path).size(), 34u);
}

}  // namespace
}  // namespace letterlock::attest
