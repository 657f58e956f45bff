// What one remembers of a log, so that it cannot show another history.
//
// Pure, but for the memory that the caller keeps; not thread-safe.
#pragma once

#include <optional>

#include "absl/types/span.h"
#include "attest/checkpoint.h"
#include "crypto/base/hash.h"

namespace letterlock::attest {

// How a checkpoint stands to a remembered one of the same origin.
enum class Continuation {
  kSame,      // the same tree
  kGrew,      // the remembered tree is a prefix of the new one
  kShrank,    // fewer leaves: an older state shown for new, or leaves taken back
  kForked,    // same size, other root: two signed checkpoints that prove the log's breach
  kUnproven,  // larger, but the proof does not show that it continues the remembered tree
  kOtherLog,  // another origin
};

// `proof` is the RFC 6962 consistency proof from remembered to offered; empty where sizes are equal
// or the remembered tree is empty. Both checkpoints must have been opened (OpenCheckpoint) before.
Continuation Compare(const Checkpoint& remembered, const Checkpoint& offered,
                     absl::Span<const crypto::Digest> proof);

inline bool Continues(Continuation c) {
  return c == Continuation::kSame || c == Continuation::kGrew;
}

// The newest checkpoint that continued all before it.
class CheckpointMemory {
 public:
  CheckpointMemory() = default;
  explicit CheckpointMemory(Checkpoint remembered) : newest_(std::move(remembered)) {}

  const std::optional<Checkpoint>& newest() const { return newest_; }

  // Compares, and remembers what continues. The first checkpoint offered is taken as it is (kGrew).
  Continuation Offer(const Checkpoint& offered, absl::Span<const crypto::Digest> proof);

 private:
  std::optional<Checkpoint> newest_;
};

}  // namespace letterlock::attest
