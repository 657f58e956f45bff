// The sparse Merkle map: 256-bit positions to 256-bit values under one root (docs/formats.md,
// "Sparse Merkle map"). This header is for verifiers; map_store.h updates and proves.
//
// A position is walked bit by bit, the most significant bit of its first byte first; bit i chooses
// the child at depth i + 1 (0 left, 1 right). Hashes:
//
//   no leaf in the subtree    32 zero bytes
//   exactly one leaf          SHA-256("letterlock/v1/map-leaf" ‖ 0x00 ‖ position ‖ value), at any
//   depth more than one             SHA-256("letterlock/v1/map-node" ‖ 0x00 ‖ left ‖ right)
//
// so a leaf stands at the shallowest depth at which it is alone.
//
// Why no position is both in and out under one root, whatever tree an attacker builds. Take two
// proofs for the same position p that both lead to root R, the first no deeper than the second.
// Both walk p's own bits from the root. As long as both go on, each opens the same hash as
// SHA-256(map-node, left, right); by collision resistance they open it to the same two children,
// and p's bit makes both step to the same one: so they meet the first proof's terminal with equal
// hashes. If that terminal is a leaf, the second proof must open the leaf's hash too: as an
// interior node or as a leaf of other content it would be a collision (the contexts differ, and
// none is a prefix of another), as an empty subtree a preimage of zero. If it is empty, the second
// must open zero: only an empty terminal does without a preimage of zero. So both end in the same
// terminal, and the verdict (in, with which value, or out) depends on nothing but p and the
// terminal. The argument does not use that the tree is compact; the verifier refuses shapes that no
// honest map has all the same, so that a proof has one encoding only.
//
// Pure functions; thread-safe. Errors: InvalidArgument for a malformed proof, Unauthenticated for
// one that does not lead to the root.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/base/hash.h"

namespace letterlock::attest {

inline constexpr size_t kMapDepth = 256;
inline constexpr size_t kMaxMapProofSize = 2 + 32 + 256 * 32 + 1 + 64;

// The hash of a subtree without leaves; the root of the empty map.
inline constexpr crypto::Digest kEmptyMapRoot = {};

struct MapLeaf {
  crypto::Digest position = {};
  crypto::Digest value = {};
  friend bool operator==(const MapLeaf&, const MapLeaf&) = default;
};

crypto::Digest MapLeafHash(const MapLeaf& leaf);
crypto::Digest MapNodeHash(const crypto::Digest& left, const crypto::Digest& right);

// Bit `i` of a position, 0 <= i < 256.
bool MapBit(const crypto::Digest& position, size_t i);

// What stands under a position and the siblings on the way down to it. Encoded (big-endian, exact
// length):
//   u16 depth, 0..256
//   bitmap, ceil(depth / 8) bytes, most significant bit first: bit i is 1 if the sibling at depth i
//   + 1 is
//     not empty; bits from `depth` on are 0
//   the non-empty siblings, 32 bytes each, from the root downward
//   u8 terminal: 0 empty, 1 leaf; after 1: position, value (32 bytes each)
struct MapProof {
  std::vector<std::optional<crypto::Digest>>
      siblings;                     // root downward; nullopt: empty. size() is the depth
  std::optional<MapLeaf> terminal;  // nullopt: empty
  friend bool operator==(const MapProof&, const MapProof&) = default;
};

// REQUIRES: at most 256 siblings.
std::string EncodeMapProof(const MapProof& proof);

// Refuses whatever EncodeMapProof would not produce from a proof of an honest map: wrong length,
// stray bits, a present sibling of 32 zero bytes, a terminal (leaf or empty) beside an empty
// sibling.
absl::StatusOr<MapProof> ParseMapProof(std::string_view bytes);

// Checks the proof against the root and returns the value at `position`, or nullopt if the map
// provably holds none. The value zero is a value like any other.
absl::StatusOr<std::optional<crypto::Digest>> VerifyMapProof(const MapProof& proof,
                                                             const crypto::Digest& root,
                                                             const crypto::Digest& position);

// The two questions apart. Unauthenticated also when the proof is sound but shows something else.
absl::Status VerifyInMap(const MapProof& proof, const crypto::Digest& root,
                         const crypto::Digest& position, const crypto::Digest& value);
absl::Status VerifyNotInMap(const MapProof& proof, const crypto::Digest& root,
                            const crypto::Digest& position);

}  // namespace letterlock::attest
