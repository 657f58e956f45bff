#include "attest/subtree_hashes.h"

#include <bit>

#include "attest/merkle.h"

namespace letterlock::attest {
namespace {

// The leaves [begin, end). `begin` is a multiple of every power of two below the range's length, as
// all ranges of RFC 6962's recursion are.
struct Range {
  uint64_t begin;
  uint64_t end;
  uint64_t length() const { return end - begin; }
};

// The split of RFC 6962: the largest power of two below the length goes left.
uint64_t SplitPoint(const Range& range) { return range.begin + std::bit_floor(range.length() - 1); }

absl::StatusOr<crypto::Digest> HashOf(SubtreeHashes& hashes, const Range& range) {
  if (std::has_single_bit(range.length())) {
    const auto level = static_cast<unsigned>(std::countr_zero(range.length()));
    return hashes.Read(level, range.begin >> level);
  }
  const uint64_t split = SplitPoint(range);
  absl::StatusOr<crypto::Digest> left = HashOf(hashes, {range.begin, split});
  if (!left.ok()) return left.status();
  absl::StatusOr<crypto::Digest> right = HashOf(hashes, {split, range.end});
  if (!right.ok()) return right.status();
  return NodeHash(*left, *right);
}

absl::StatusOr<std::vector<crypto::Digest>> HashAll(SubtreeHashes& hashes,
                                                    const std::vector<Range>& ranges) {
  std::vector<crypto::Digest> proof;
  proof.reserve(ranges.size());
  for (auto range = ranges.rbegin(); range != ranges.rend(); ++range) {
    absl::StatusOr<crypto::Digest> hash = HashOf(hashes, *range);
    if (!hash.ok()) return hash.status();
    proof.push_back(*hash);
  }
  return proof;
}

}  // namespace

absl::StatusOr<crypto::Digest> LeafHashes::Read(unsigned level, uint64_t index) {
  if (level >= 64 || hashes_.size() >> level <= index) {
    return absl::InvalidArgumentError("subtree is beyond the tree");
  }
  const size_t width = size_t{1} << level;
  return TreeRoot(absl::MakeConstSpan(hashes_).subspan(static_cast<size_t>(index) * width, width));
}

absl::StatusOr<crypto::Digest> RootOf(SubtreeHashes& hashes, uint64_t size) {
  if (size == 0) return EmptyTreeRoot();
  return HashOf(hashes, {0, size});
}

// PATH(index, D[size]) of RFC 6962 section 2.1.1, walked from the root; the siblings come out root
// first.
absl::StatusOr<std::vector<crypto::Digest>> ProveInclusion(SubtreeHashes& hashes, uint64_t index,
                                                           uint64_t size) {
  if (index >= size) return absl::InvalidArgumentError("leaf index is beyond the tree");
  std::vector<Range> siblings;
  Range range{0, size};
  while (range.length() > 1) {
    const uint64_t split = SplitPoint(range);
    if (index < split) {
      siblings.push_back({split, range.end});
      range.end = split;
    } else {
      siblings.push_back({range.begin, split});
      range.begin = split;
    }
  }
  return HashAll(hashes, siblings);
}

// PROOF(old_size, D[new_size]) of RFC 6962 section 2.1.2, walked from the root.
absl::StatusOr<std::vector<crypto::Digest>> ProveConsistency(SubtreeHashes& hashes,
                                                             uint64_t old_size, uint64_t new_size) {
  if (old_size == 0 || old_size > new_size) {
    return absl::InvalidArgumentError("no consistency proof between these sizes");
  }
  std::vector<Range> nodes;
  Range range{0, new_size};
  while (range.end != old_size) {
    const uint64_t split = SplitPoint(range);
    if (old_size <= split) {
      nodes.push_back({split, range.end});
      range.end = split;
    } else {
      nodes.push_back({range.begin, split});
      range.begin = split;
    }
  }
  // The old tree's last subtree, unless it is the whole old tree, whose root the verifier has.
  if (range.begin != 0) nodes.push_back(range);
  return HashAll(hashes, nodes);
}

}  // namespace letterlock::attest
