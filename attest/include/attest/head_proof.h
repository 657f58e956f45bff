// Verification of a head: a head leaf, its inclusion in a checkpoint, the checkpoint's signatures.
//
// Errors, so that a caller can tell what is wrong: InvalidArgument for what is malformed or of
// another deployment; Unauthenticated for a signature or proof that does not verify;
// FailedPrecondition for a missed quorum; OutOfRange for a head that is stale or from the future.
//
// Pure functions; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "attest/checkpoint.h"
#include "attest/trust.h"
#include "attest/witness_policy.h"
#include "crypto/base/hash.h"

namespace letterlock::directory::v1 {
class HeadProof;
}  // namespace letterlock::directory::v1

namespace letterlock::attest {

// How old a head may be. Its own time must lie in [now - max_age, now + max_ahead], and where a
// quorum is asked for, only cosignatures from that span count: the operator's clock alone does not
// make a head fresh.
struct Freshness {
  absl::Time now;
  absl::Duration max_age;
  absl::Duration max_ahead = absl::Minutes(2);
};

// A head that is in the log. Made by VerifyHead alone.
class VerifiedHead {
 public:
  uint64_t sequence() const { return sequence_; }  // 1 for the first
  const crypto::Digest& directory_root() const { return directory_root_; }
  const crypto::Digest& publication_root() const { return publication_root_; }
  absl::Time time() const { return time_; }  // the operator's clock

  uint64_t index() const { return index_; }  // of the leaf in the log
  const crypto::Digest& leaf_hash() const { return leaf_hash_; }
  const Checkpoint& checkpoint() const { return checkpoint_; }
  const std::string& checkpoint_note() const { return checkpoint_note_; }  // as signed
  const QuorumVerdict& quorum() const { return quorum_; }  // kReached or kUnwitnessed

 private:
  friend class HeadVerifier;
  VerifiedHead() = default;

  uint64_t sequence_ = 0;
  crypto::Digest directory_root_ = {};
  crypto::Digest publication_root_ = {};
  absl::Time time_;
  uint64_t index_ = 0;
  crypto::Digest leaf_hash_ = {};
  Checkpoint checkpoint_;
  std::string checkpoint_note_;
  QuorumVerdict quorum_;
};

// Without `freshness` a head of any time is taken.
absl::StatusOr<VerifiedHead> VerifyHead(const directory::v1::HeadProof& proof,
                                        const TrustFile& trust,
                                        const std::optional<Freshness>& freshness);

}  // namespace letterlock::attest
