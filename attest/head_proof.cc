#include "attest/head_proof.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "attest/head.h"
#include "attest/leaf.h"
#include "attest/merkle.h"
#include "letterlock/directory/v1/entry.pb.h"

namespace letterlock::attest {
namespace {

absl::Status Malformed() { return absl::InvalidArgumentError("malformed head"); }

// Seconds since the Unix epoch, not before it; cosignatures count so.
uint64_t ToSeconds(absl::Time time) {
  return static_cast<uint64_t>(std::max<int64_t>(0, absl::ToUnixSeconds(time)));
}

CosignatureWindow WindowOf(const std::optional<Freshness>& freshness) {
  if (!freshness) return {};
  return {ToSeconds(freshness->now - freshness->max_age),
          ToSeconds(freshness->now + freshness->max_ahead)};
}

absl::StatusOr<std::vector<crypto::Digest>> ParseInclusion(const directory::v1::HeadProof& proof) {
  if (static_cast<size_t>(proof.inclusion_size()) > kMaxProofNodes) return Malformed();
  std::vector<crypto::Digest> inclusion;
  for (const std::string& node : proof.inclusion()) {
    absl::StatusOr<crypto::Digest> digest = crypto::DigestFromBytes(node);
    if (!digest.ok()) return digest.status();
    inclusion.push_back(*digest);
  }
  return inclusion;
}

}  // namespace

class HeadVerifier {
 public:
  HeadVerifier(const directory::v1::HeadProof& proof, const TrustFile& trust,
               const std::optional<Freshness>& freshness)
      : proof_(proof), trust_(trust), freshness_(freshness) {}

  absl::StatusOr<VerifiedHead> Verify() {
    if (absl::Status status = VerifyCheckpointAndInclusion(); !status.ok()) return status;
    if (absl::Status status = ReadHead(); !status.ok()) return status;
    if (absl::Status status = JudgeQuorum(); !status.ok()) return status;
    if (absl::Status status = JudgeAge(); !status.ok()) return status;
    return std::move(head_);
  }

 private:
  absl::Status VerifyCheckpointAndInclusion() {
    const WitnessPolicy& policy = trust_.witness_policy();
    absl::StatusOr<OpenedCheckpoint> opened =
        OpenCheckpoint(proof_.checkpoint(), policy.log_keys(), policy.witness_keys());
    if (!opened.ok()) return opened.status();
    absl::StatusOr<std::vector<crypto::Digest>> inclusion = ParseInclusion(proof_);
    if (!inclusion.ok()) return inclusion.status();
    cosignatures_ = std::move(opened->cosignatures);
    head_.checkpoint_ = std::move(opened->checkpoint);
    head_.checkpoint_note_ = proof_.checkpoint();
    head_.index_ = proof_.index();
    head_.leaf_hash_ = LeafHash(proof_.head_leaf());
    return VerifyInclusion(head_.index_, head_.checkpoint_.size, head_.leaf_hash_, *inclusion,
                           head_.checkpoint_.root);
  }

  absl::Status ReadHead() {
    absl::StatusOr<Leaf> leaf = ParseLeaf(proof_.head_leaf());
    if (!leaf.ok()) return leaf.status();
    if (leaf->type != LeafType::kHead) return absl::InvalidArgumentError("leaf is no head");
    absl::StatusOr<Head> head = ParseHead(leaf->body, head_.index_, trust_.deployment());
    if (!head.ok()) return head.status();
    head_.sequence_ = head->sequence;
    head_.directory_root_ = head->directory_root;
    head_.publication_root_ = head->publication_root;
    head_.time_ = head->time;
    return absl::OkStatus();
  }

  absl::Status JudgeQuorum() {
    const WitnessPolicy& policy = trust_.witness_policy();
    head_.quorum_ = policy.Evaluate(cosignatures_, WindowOf(freshness_));
    if (head_.quorum_.acceptable()) return absl::OkStatus();
    if (policy.Evaluate(cosignatures_).acceptable()) {
      return absl::OutOfRangeError("the quorum's cosignatures are stale");
    }
    return absl::FailedPreconditionError("the checkpoint has no quorum of witnesses");
  }

  absl::Status JudgeAge() const {
    if (!freshness_) return absl::OkStatus();
    if (head_.time_ < freshness_->now - freshness_->max_age) {
      return absl::OutOfRangeError("the head is stale");
    }
    if (head_.time_ > freshness_->now + freshness_->max_ahead) {
      return absl::OutOfRangeError("the head is from the future");
    }
    return absl::OkStatus();
  }

  const directory::v1::HeadProof& proof_;
  const TrustFile& trust_;
  const std::optional<Freshness>& freshness_;
  std::vector<VerifiedCosignature> cosignatures_;
  VerifiedHead head_;
};

absl::StatusOr<VerifiedHead> VerifyHead(const directory::v1::HeadProof& proof,
                                        const TrustFile& trust,
                                        const std::optional<Freshness>& freshness) {
  return HeadVerifier(proof, trust, freshness).Verify();
}

}  // namespace letterlock::attest
