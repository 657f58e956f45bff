#include "attest/map_store.h"

#include <algorithm>
#include <utility>

#include "bytes.h"
#include "crypto/base/bytes.h"

namespace letterlock::attest {
namespace {

constexpr char kInteriorKind = 1;
constexpr char kLeafKind = 2;

absl::Status StoreDamaged() {
  return absl::DataLossError("the store does not hold the map of this root");
}

// The node of a subtree that is not empty, checked against the hash that its parent holds for it.
absl::StatusOr<MapNode> ReadNode(MapNodeReader& reader, const MapPath& path,
                                 const crypto::Digest& expected) {
  absl::StatusOr<std::optional<MapNode>> node = reader.Read(path);
  if (!node.ok()) return node.status();
  if (!node->has_value() || HashMapNode(**node) != expected) return StoreDamaged();
  return **std::move(node);
}

// Where the leaves, all in one subtree of depth `depth`, part into left and right.
absl::Span<const MapLeaf>::iterator Part(absl::Span<const MapLeaf> leaves, size_t depth) {
  return std::partition_point(leaves.begin(), leaves.end(), [depth](const MapLeaf& leaf) {
    return !MapBit(leaf.position, depth);
  });
}

class Updater {
 public:
  explicit Updater(MapNodeReader& reader) : reader_(reader) {}

  // The hash of the subtree at `depth` on the way to `leaves`, whose hash is `old`, with `leaves`
  // put in.
  absl::StatusOr<crypto::Digest> Update(size_t depth, const crypto::Digest& old,
                                        absl::Span<const MapLeaf> leaves) {
    if (leaves.empty()) return old;
    if (old == kEmptyMapRoot) return Build(depth, leaves);
    const MapPath path = MapPath::Of(leaves.front().position, depth);
    absl::StatusOr<MapNode> node = ReadNode(reader_, path, old);
    if (!node.ok()) return node.status();
    if (const auto* leaf = std::get_if<MapLeaf>(&*node)) return Build(depth, Merge(*leaf, leaves));
    if (depth == kMapDepth) return StoreDamaged();  // nothing lies below a whole position

    const auto& interior = std::get<MapInterior>(*node);
    const auto middle = Part(leaves, depth);
    const auto left_count = static_cast<size_t>(middle - leaves.begin());
    absl::StatusOr<crypto::Digest> left =
        Update(depth + 1, interior.left, leaves.first(left_count));
    if (!left.ok()) return left.status();
    absl::StatusOr<crypto::Digest> right =
        Update(depth + 1, interior.right, leaves.subspan(left_count));
    if (!right.ok()) return right.status();
    const MapInterior updated{*left, *right};
    return updated == interior ? old : Write(path, updated);
  }

  std::vector<MapWrite> TakeWrites() { return std::move(writes_); }

 private:
  // A subtree of exactly these leaves, at least one.
  crypto::Digest Build(size_t depth, absl::Span<const MapLeaf> leaves) {
    const MapPath path = MapPath::Of(leaves.front().position, depth);
    if (leaves.size() == 1) return Write(path, leaves.front());
    const auto left_count = static_cast<size_t>(Part(leaves, depth) - leaves.begin());
    const absl::Span<const MapLeaf> left = leaves.first(left_count);
    const absl::Span<const MapLeaf> right = leaves.subspan(left_count);
    return Write(path, MapInterior{left.empty() ? kEmptyMapRoot : Build(depth + 1, left),
                                   right.empty() ? kEmptyMapRoot : Build(depth + 1, right)});
  }

  // The leaves with `old` among them, unless one of them replaces it.
  static std::vector<MapLeaf> Merge(const MapLeaf& old, absl::Span<const MapLeaf> leaves) {
    std::vector<MapLeaf> merged(leaves.begin(), leaves.end());
    const auto at = std::ranges::lower_bound(merged, old.position, {}, &MapLeaf::position);
    if (at == merged.end() || at->position != old.position) merged.insert(at, old);
    return merged;
  }

  crypto::Digest Write(const MapPath& path, const MapNode& node) {
    writes_.push_back({path, node});
    return HashMapNode(node);
  }

  MapNodeReader& reader_;
  std::vector<MapWrite> writes_;
};

}  // namespace

crypto::Digest HashMapNode(const MapNode& node) {
  if (const auto* leaf = std::get_if<MapLeaf>(&node)) return MapLeafHash(*leaf);
  const auto& interior = std::get<MapInterior>(node);
  return MapNodeHash(interior.left, interior.right);
}

std::string EncodeMapNode(const MapNode& node) {
  std::string bytes;
  bytes.reserve(kMapNodeSize);
  if (const auto* leaf = std::get_if<MapLeaf>(&node)) {
    bytes.push_back(kLeafKind);
    Append(bytes, leaf->position);
    Append(bytes, leaf->value);
  } else {
    const auto& interior = std::get<MapInterior>(node);
    bytes.push_back(kInteriorKind);
    Append(bytes, interior.left);
    Append(bytes, interior.right);
  }
  return bytes;
}

absl::StatusOr<MapNode> ParseMapNode(std::string_view bytes) {
  if (bytes.size() != kMapNodeSize)
    return absl::InvalidArgumentError("map node has the wrong size");
  const crypto::Digest first = DigestAt(bytes.substr(1));
  const crypto::Digest second = DigestAt(bytes.substr(33));
  switch (bytes[0]) {
    case kInteriorKind:
      return MapNode(MapInterior{first, second});
    case kLeafKind:
      return MapNode(MapLeaf{first, second});
    default:
      return absl::InvalidArgumentError("map node of unknown kind");
  }
}

MapPath MapPath::Of(const crypto::Digest& position, size_t depth) {
  MapPath path{static_cast<uint16_t>(depth), position};
  if (depth == kMapDepth) return path;
  path.prefix[depth / 8] = static_cast<uint8_t>(path.prefix[depth / 8] & ~(0xff >> (depth % 8)));
  std::fill(path.prefix.begin() + static_cast<ptrdiff_t>(depth / 8) + 1, path.prefix.end(),
            uint8_t{0});
  return path;
}

std::string EncodeMapPath(const MapPath& path) {
  std::string bytes;
  crypto::AppendU16(&bytes, path.depth);
  Append(bytes, path.prefix);
  return bytes;
}

absl::StatusOr<MapUpdate> UpdateMap(MapNodeReader& reader, const crypto::Digest& root,
                                    absl::Span<const MapLeaf> updates) {
  const auto out_of_order = [](const MapLeaf& a, const MapLeaf& b) {
    return a.position >= b.position;
  };
  if (std::adjacent_find(updates.begin(), updates.end(), out_of_order) != updates.end()) {
    return absl::InvalidArgumentError("map updates must be strictly ascending");
  }
  Updater updater(reader);
  absl::StatusOr<crypto::Digest> updated = updater.Update(0, root, updates);
  if (!updated.ok()) return updated.status();
  return MapUpdate{*updated, updater.TakeWrites()};
}

absl::StatusOr<MapProof> ProveInMap(MapNodeReader& reader, const crypto::Digest& root,
                                    const crypto::Digest& position) {
  MapProof proof;
  crypto::Digest hash = root;
  for (size_t depth = 0; hash != kEmptyMapRoot; ++depth) {
    absl::StatusOr<MapNode> node = ReadNode(reader, MapPath::Of(position, depth), hash);
    if (!node.ok()) return node.status();
    if (const auto* leaf = std::get_if<MapLeaf>(&*node)) {
      proof.terminal = *leaf;
      return proof;
    }
    if (depth == kMapDepth) return StoreDamaged();
    const auto& interior = std::get<MapInterior>(*node);
    const bool right = MapBit(position, depth);
    const crypto::Digest& sibling = right ? interior.left : interior.right;
    proof.siblings.push_back(sibling == kEmptyMapRoot ? std::nullopt : std::optional(sibling));
    hash = right ? interior.right : interior.left;
  }
  return proof;
}

absl::Status MemoryMap::Update(absl::Span<const MapLeaf> updates) {
  absl::StatusOr<MapUpdate> update = UpdateMap(*this, root_, updates);
  if (!update.ok()) return update.status();
  for (MapWrite& write : update->writes) nodes_.insert_or_assign(write.path, write.node);
  root_ = update->root;
  return absl::OkStatus();
}

absl::StatusOr<MapProof> MemoryMap::Prove(const crypto::Digest& position) {
  return ProveInMap(*this, root_, position);
}

absl::StatusOr<std::optional<MapNode>> MemoryMap::Read(const MapPath& path) {
  const auto found = nodes_.find(path);
  if (found == nodes_.end()) return std::nullopt;
  return found->second;
}

}  // namespace letterlock::attest
