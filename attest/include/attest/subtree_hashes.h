// Roots and proofs of a log's Merkle tree from the hashes of its complete subtrees.
//
// A complete subtree (level, index) spans the leaves [index * 2^level, (index + 1) * 2^level).
// Level 0 is the leaf hashes. Every root and proof node of a tree of n leaves is a fold over at
// most 64 of them (RFC 6962 section 2.1), so any store that answers for complete subtrees serves
// all proofs; tile_hashes.h answers from tiles, LeafHashes below from memory.
//
// Errors of the functions: InvalidArgument for sizes that make no sense, else what the reader
// returned.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/base/hash.h"

namespace letterlock::attest {

// Thread-safety is each implementation's own.
class SubtreeHashes {
 public:
  virtual ~SubtreeHashes() = default;

  // The hash of the complete subtree. REQUIRES: level < 64 and the subtree lies within the tree.
  virtual absl::StatusOr<crypto::Digest> Read(unsigned level, uint64_t index) = 0;
};

// Answers from leaf hashes in memory; for tests and small logs. Linear in the subtree's size.
class LeafHashes final : public SubtreeHashes {
 public:
  explicit LeafHashes(std::vector<crypto::Digest> hashes) : hashes_(std::move(hashes)) {}
  absl::StatusOr<crypto::Digest> Read(unsigned level, uint64_t index) override;

 private:
  std::vector<crypto::Digest> hashes_;
};

// The root of the tree of the first `size` leaves; the empty tree's root for 0.
absl::StatusOr<crypto::Digest> RootOf(SubtreeHashes& hashes, uint64_t size);

// The inclusion proof of leaf `index` in the tree of the first `size` leaves, leaf's sibling first.
// InvalidArgument unless index < size.
absl::StatusOr<std::vector<crypto::Digest>> ProveInclusion(SubtreeHashes& hashes, uint64_t index,
                                                           uint64_t size);

// The proof that the tree of `old_size` leaves is a prefix of that of `new_size`; empty when the
// sizes are equal. InvalidArgument unless 0 < old_size <= new_size.
absl::StatusOr<std::vector<crypto::Digest>> ProveConsistency(SubtreeHashes& hashes,
                                                             uint64_t old_size, uint64_t new_size);

}  // namespace letterlock::attest
