#include "attest/merkle.h"

#include <bit>
#include <vector>

#include "crypto/base/strings.h"

namespace letterlock::attest {
namespace {

absl::Status DoesNotVerify() { return absl::UnauthenticatedError("Merkle proof does not verify"); }

// Goes up past the levels at which a node at the right edge has no sibling.
void SkipLevelsWithoutSibling(uint64_t& node, uint64_t& last) {
  while (node != 0 && (node & 1) == 0) {
    node >>= 1;
    last >>= 1;
  }
}

}  // namespace

crypto::Digest LeafHash(std::string_view leaf) {
  return crypto::Sha256Concat({std::string_view("\x00", 1), leaf});
}

crypto::Digest NodeHash(const crypto::Digest& left, const crypto::Digest& right) {
  return crypto::Sha256Concat({"\x01", crypto::AsView(left), crypto::AsView(right)});
}

crypto::Digest EmptyTreeRoot() { return crypto::Sha256({}); }

crypto::Digest TreeRoot(absl::Span<const crypto::Digest> leaf_hashes) {
  if (leaf_hashes.empty()) return EmptyTreeRoot();
  // The complete subtrees so far, largest first: as many as the count has one bits.
  std::vector<crypto::Digest> peaks;
  uint64_t count = 0;
  for (const crypto::Digest& leaf : leaf_hashes) {
    peaks.push_back(leaf);
    ++count;
    for (int merges = std::countr_zero(count); merges > 0; --merges) {
      const crypto::Digest right = peaks.back();
      peaks.pop_back();
      peaks.back() = NodeHash(peaks.back(), right);
    }
  }
  crypto::Digest root = peaks.back();
  for (size_t i = peaks.size() - 1; i-- > 0;) root = NodeHash(peaks[i], root);
  return root;
}

absl::Status VerifyInclusion(uint64_t index, uint64_t size, const crypto::Digest& leaf_hash,
                             absl::Span<const crypto::Digest> proof, const crypto::Digest& root) {
  if (index >= size) return absl::InvalidArgumentError("leaf index is beyond the tree");
  uint64_t node = index;
  uint64_t last = size - 1;
  crypto::Digest hash = leaf_hash;
  for (const crypto::Digest& sibling : proof) {
    if (last == 0) return DoesNotVerify();
    if ((node & 1) != 0 || node == last) {
      hash = NodeHash(sibling, hash);
      SkipLevelsWithoutSibling(node, last);
    } else {
      hash = NodeHash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0 || hash != root) return DoesNotVerify();
  return absl::OkStatus();
}

absl::Status VerifyConsistency(uint64_t old_size, uint64_t new_size, const crypto::Digest& old_root,
                               const crypto::Digest& new_root,
                               absl::Span<const crypto::Digest> proof) {
  if (old_size == 0) return absl::InvalidArgumentError("a proof from the empty tree says nothing");
  if (old_size > new_size) return absl::InvalidArgumentError("the tree shrank");
  if (old_size == new_size) {
    return proof.empty() && old_root == new_root ? absl::OkStatus() : DoesNotVerify();
  }
  if (proof.empty()) return DoesNotVerify();

  uint64_t node = old_size - 1;
  uint64_t last = new_size - 1;
  while ((node & 1) != 0) {
    node >>= 1;
    last >>= 1;
  }
  // The proof starts with the old tree's last complete subtree, unless that is the whole old tree.
  const bool starts_at_old_root = std::has_single_bit(old_size);
  crypto::Digest old_hash = starts_at_old_root ? old_root : proof.front();
  crypto::Digest new_hash = old_hash;
  for (const crypto::Digest& next : starts_at_old_root ? proof : proof.subspan(1)) {
    if (last == 0) return DoesNotVerify();
    if ((node & 1) != 0 || node == last) {
      old_hash = NodeHash(next, old_hash);
      new_hash = NodeHash(next, new_hash);
      SkipLevelsWithoutSibling(node, last);
    } else {
      new_hash = NodeHash(new_hash, next);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0 || old_hash != old_root || new_hash != new_root) return DoesNotVerify();
  return absl::OkStatus();
}

}  // namespace letterlock::attest
