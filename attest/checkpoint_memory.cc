#include "attest/checkpoint_memory.h"

#include "attest/merkle.h"

namespace letterlock::attest {

Continuation Compare(const Checkpoint& remembered, const Checkpoint& offered,
                     absl::Span<const crypto::Digest> proof) {
  if (offered.origin != remembered.origin) return Continuation::kOtherLog;
  if (offered.size < remembered.size) return Continuation::kShrank;
  if (offered.size == remembered.size) {
    return offered.root == remembered.root ? Continuation::kSame : Continuation::kForked;
  }
  // Every tree continues the empty one, and no proof can say more.
  if (remembered.size == 0) return Continuation::kGrew;
  return VerifyConsistency(remembered.size, offered.size, remembered.root, offered.root, proof).ok()
             ? Continuation::kGrew
             : Continuation::kUnproven;
}

Continuation CheckpointMemory::Offer(const Checkpoint& offered,
                                     absl::Span<const crypto::Digest> proof) {
  const Continuation verdict = newest_ ? Compare(*newest_, offered, proof) : Continuation::kGrew;
  if (Continues(verdict)) newest_ = offered;
  return verdict;
}

}  // namespace letterlock::attest
