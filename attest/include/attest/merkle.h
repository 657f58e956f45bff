// The Merkle tree hash of RFC 6962 section 2.1 over SHA-256, and the verification of its proofs
// (algorithms of RFC 9162 sections 2.1.3.2 and 2.1.4.2).
//
// Hashes are crypto::Digest, so a root, leaf hash or proof node that is not 32 bytes cannot reach
// these functions: crypto::DigestFromBytes refuses it first. Sizes and indices are 64-bit counts of
// leaves.
//
// Pure functions; thread-safe. Errors: InvalidArgument for arguments that can belong to no tree,
// Unauthenticated for a proof that does not lead to the root.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "crypto/base/hash.h"

namespace letterlock::attest {

// A proof never holds more nodes than a 64-bit tree has levels.
inline constexpr size_t kMaxProofNodes = 64;

// SHA-256(0x00 ‖ leaf).
crypto::Digest LeafHash(std::string_view leaf);

// SHA-256(0x01 ‖ left ‖ right).
crypto::Digest NodeHash(const crypto::Digest& left, const crypto::Digest& right);

// The root of the tree of no leaves: SHA-256 of nothing.
crypto::Digest EmptyTreeRoot();

// The root of the tree over these leaf hashes, in order. Linear in their number.
crypto::Digest TreeRoot(absl::Span<const crypto::Digest> leaf_hashes);

// Checks that `leaf_hash` is leaf `index` of the tree of `size` leaves with root `root`. `proof`
// goes from the leaf's sibling up to the root's child.
absl::Status VerifyInclusion(uint64_t index, uint64_t size, const crypto::Digest& leaf_hash,
                             absl::Span<const crypto::Digest> proof, const crypto::Digest& root);

// Checks that the tree of `old_size` leaves is a prefix of the tree of `new_size`. Equal sizes need
// equal roots and an empty proof. A proof from the empty tree says nothing and is refused: whoever
// remembers an empty tree must treat that case himself (checkpoint_memory.h does).
absl::Status VerifyConsistency(uint64_t old_size, uint64_t new_size, const crypto::Digest& old_root,
                               const crypto::Digest& new_root,
                               absl::Span<const crypto::Digest> proof);

}  // namespace letterlock::attest
