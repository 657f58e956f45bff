// Checkpoints (C2SP tlog-checkpoint v1.0.0, without extension lines): a log's signed tree head.
//
//   <origin>\n<size in decimal>\n<root hash in base64>\n
//
// Pure functions; thread-safe. Errors: InvalidArgument for what is no checkpoint of ours,
// Unauthenticated for one that the log did not sign.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "attest/note.h"
#include "crypto/base/hash.h"

namespace letterlock::attest {

struct Checkpoint {
  std::string origin;  // equal to the name of the log's key
  uint64_t size = 0;   // leaves
  crypto::Digest root = {};
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// Refuses extension lines (no monitor can audit them), leading zeros, a root that is not 32 bytes,
// and the empty tree with another root than its own.
absl::StatusOr<Checkpoint> ParseCheckpoint(std::string_view text);

// The text that a log signs. InvalidArgument for an origin that is empty or holds control
// characters.
absl::StatusOr<std::string> FormatCheckpoint(const Checkpoint& checkpoint);

// A witness's signature on a checkpoint that verified.
struct VerifiedCosignature {
  size_t witness = 0;      // index into the witness keys
  uint64_t timestamp = 0;  // seconds since the Unix epoch
  friend bool operator==(const VerifiedCosignature&, const VerifiedCosignature&) = default;
};

struct OpenedCheckpoint {
  Checkpoint checkpoint;
  size_t log = 0;  // index into the log keys
  std::vector<VerifiedCosignature> cosignatures;
};

// Verifies a signed checkpoint: one of `logs` (type 0x01) signed it and bears its origin as name.
// Every signature of any of these keys must verify. Which cosignatures suffice is
// witness_policy.h's question.
absl::StatusOr<OpenedCheckpoint> OpenCheckpoint(std::string_view note,
                                                absl::Span<const VerifierKey> logs,
                                                absl::Span<const VerifierKey> witnesses);

}  // namespace letterlock::attest
