// Updating a sparse Merkle map and proving in it, over any store of nodes (the hashes:
// sparse_map.h).
//
// A store keeps one node per path, for the newest state only: an interior node or a leaf. Leaves
// are put in or get a new value, never taken out, so an update only overwrites and adds. A batch
// that touches k of n positions reads and writes O(k log n) nodes. Each node read is checked
// against the hash that its parent holds for it, so a flipped bit on disk is DataLoss here and not
// a root that nobody can prove against.
//
// The functions are pure over the reader; a reader must show one consistent state (a snapshot) for
// the length of a call.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "attest/sparse_map.h"
#include "crypto/base/hash.h"

namespace letterlock::attest {

struct MapInterior {
  crypto::Digest left = {};
  crypto::Digest right = {};
  friend bool operator==(const MapInterior&, const MapInterior&) = default;
};

using MapNode = std::variant<MapInterior, MapLeaf>;

crypto::Digest HashMapNode(const MapNode& node);

// A node for storage: u8 kind (1 interior, 2 leaf) ‖ 64 bytes (left ‖ right, or position ‖ value).
inline constexpr size_t kMapNodeSize = 65;
std::string EncodeMapNode(const MapNode& node);
absl::StatusOr<MapNode> ParseMapNode(std::string_view bytes);

// Where a node stands: the first `depth` bits (0..256) of `prefix`; its other bits are 0.
struct MapPath {
  uint16_t depth = 0;
  crypto::Digest prefix = {};

  static MapPath Of(const crypto::Digest& position, size_t depth);
  friend bool operator==(const MapPath&, const MapPath&) = default;
  friend auto operator<=>(const MapPath&, const MapPath&) = default;
};

// A store key of 34 bytes: u16 depth ‖ prefix. Ordered level by level, left to right.
std::string EncodeMapPath(const MapPath& path);

class MapNodeReader {
 public:
  virtual ~MapNodeReader() = default;

  // The node at `path`, or nullopt if the store has none there. Asked only for paths at which the
  // map has a node, and for the root.
  virtual absl::StatusOr<std::optional<MapNode>> Read(const MapPath& path) = 0;
};

struct MapWrite {
  MapPath path;
  MapNode node;
};

struct MapUpdate {
  crypto::Digest root = {};
  std::vector<MapWrite> writes;  // to apply all or none; no path twice, children before parents
};

// The map with root `root`, as the reader shows it, after `updates` are put in (new positions) or
// replaced (known ones). `updates` must be strictly ascending by position: InvalidArgument
// otherwise. DataLoss if the store does not hold the map of that root. Nothing is written: the
// caller applies the writes.
absl::StatusOr<MapUpdate> UpdateMap(MapNodeReader& reader, const crypto::Digest& root,
                                    absl::Span<const MapLeaf> updates);

// The proof that `position` is in or out of the map with root `root`. DataLoss as above.
absl::StatusOr<MapProof> ProveInMap(MapNodeReader& reader, const crypto::Digest& root,
                                    const crypto::Digest& position);

// A map in memory, over the same algorithms. Not thread-safe.
class MemoryMap final : public MapNodeReader {
 public:
  const crypto::Digest& root() const { return root_; }

  // As UpdateMap, applied.
  absl::Status Update(absl::Span<const MapLeaf> updates);
  absl::StatusOr<MapProof> Prove(const crypto::Digest& position);

  absl::StatusOr<std::optional<MapNode>> Read(const MapPath& path) override;

 private:
  std::map<MapPath, MapNode> nodes_;
  crypto::Digest root_ = kEmptyMapRoot;
};

}  // namespace letterlock::attest
