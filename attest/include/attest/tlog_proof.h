// Offline proofs that a leaf is in a log (C2SP tlog-proof, commit 5ba5ee8): one text with index,
// inclusion proof and signed checkpoint.
//
// The verifier hashes the leaf that it holds. The index in the text only tells which way the proof
// goes; a wrong one does not verify.
//
// Pure functions; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "attest/checkpoint.h"
#include "attest/witness_policy.h"
#include "crypto/base/hash.h"

namespace letterlock::attest {

struct TlogProof {
  std::optional<std::string> extra;  // opaque, authenticated by nobody; never empty
  uint64_t index = 0;
  std::vector<crypto::Digest> inclusion;  // leaf's sibling first
  std::string checkpoint;                 // the signed note, verbatim
  friend bool operator==(const TlogProof&, const TlogProof&) = default;
};

// InvalidArgument for anything but the one form that FormatTlogProof gives.
absl::StatusOr<TlogProof> ParseTlogProof(std::string_view text);
absl::StatusOr<std::string> FormatTlogProof(const TlogProof& proof);

struct VerifiedInclusion {
  Checkpoint checkpoint;
  uint64_t index = 0;
  QuorumVerdict quorum;  // level kUnwitnessed or kReached
};

// Checks that `leaf`, the whole leaf as the log holds it, is in a checkpoint that is good under
// `policy`. Unauthenticated if a signature or the inclusion proof fails; FailedPrecondition if only
// the quorum is missed.
absl::StatusOr<VerifiedInclusion> VerifyTlogProof(const TlogProof& proof, std::string_view leaf,
                                                  const WitnessPolicy& policy,
                                                  const CosignatureWindow& window = {});

}  // namespace letterlock::attest
