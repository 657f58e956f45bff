#include "log_audit.h"

#include <cstdint>
#include <utility>

#include "absl/time/time.h"
#include "attest/checkpoint.h"
#include "attest/checkpoint_memory.h"
#include "attest/head.h"
#include "attest/leaf.h"
#include "attest/subtree_hashes.h"
#include "attest/tile_hashes.h"
#include "crypto/base/ids.h"

namespace letterlock::audit {
namespace {

std::string Text(const absl::Status& status) { return std::string(status.message()); }

std::string Count(uint64_t number, const char* one, const char* many) {
  return std::to_string(number) + " " + (number == 1 ? one : many);
}

std::string Leaves(uint64_t number) { return Count(number, "leaf", "leaves"); }
std::string Cosignatures(uint64_t number) { return Count(number, "cosignature", "cosignatures"); }

Claim SignatureClaim(const absl::StatusOr<attest::OpenedCheckpoint>& opened) {
  Claim claim{.id = "checkpoint", .claim = "the checkpoint is signed by the trusted log's key"};
  claim.verdict = opened.ok() ? Verdict::kPass : Verdict::kFail;
  claim.how = opened.ok() ? "`checkpoint`, " + Leaves(opened->checkpoint.size) + ", origin " +
                                opened->checkpoint.origin
                          : Text(opened.status());
  return claim;
}

Claim WitnessClaim(const attest::OpenedCheckpoint& opened, const attest::WitnessPolicy& policy) {
  const attest::QuorumVerdict quorum = policy.Evaluate(opened.cosignatures);
  Claim claim{.id = "witnessed", .claim = "the quorum of the trust file's witnesses cosigned it"};
  switch (quorum.level) {
    case attest::QuorumLevel::kReached:
      claim.verdict = Verdict::kPass;
      claim.how = Cosignatures(quorum.counted.size());
      claim.unproven = "that the witnesses are not the operator's";
      break;
    case attest::QuorumLevel::kMissed:
      claim.verdict = Verdict::kFail;
      claim.how = Cosignatures(quorum.counted.size()) + " of witnesses that count";
      break;
    case attest::QuorumLevel::kUnwitnessed:
      claim.how = "UNWITNESSED: the trust file asks for no witness";
      claim.unproven = "that others are not shown another history";
      break;
  }
  return claim;
}

// What the leaves say, one after the other.
class LeafReader {
 public:
  explicit LeafReader(const attest::TrustFile& trust) : trust_(trust) {}

  absl::Status Take(uint64_t index, std::string_view bytes) {
    const auto leaf = attest::ParseLeaf(bytes);
    if (!leaf.ok()) {
      Wrong(index, "no leaf of ours");
    } else if (index == 0 || leaf->type == attest::LeafType::kGenesis) {
      TakeGenesis(index, *leaf);
    } else if (leaf->type == attest::LeafType::kHead) {
      TakeHead(index, leaf->body);
    } else {
      ++others_;
    }
    return absl::OkStatus();
  }

  Claim GenesisClaim() const {
    Claim claim{.id = "genesis", .claim = "leaf 0, and no other, founds the trusted deployment"};
    claim.verdict = founded_ && genesis_wrong_.empty() ? Verdict::kPass : Verdict::kFail;
    claim.how = founded_ ? "its hash is the deployment's id" : "leaf 0 is another's, or not there";
    if (!genesis_wrong_.empty()) claim.how = genesis_wrong_;
    return claim;
  }

  Claim HeadsClaim() const {
    Claim claim{.id = "heads", .claim = "the heads are numbered without a gap"};
    claim.verdict = wrong_.empty() ? Verdict::kPass : Verdict::kFail;
    claim.how = Count(sequence_, "head", "heads");
    if (sequence_ > 0) {
      claim.how += ", the last of " +
                   absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", newest_, absl::UTCTimeZone()) +
                   " by the operator's clock";
    }
    if (others_ > 0) claim.how += "; " + Leaves(others_) + " of types that are not read yet";
    claim.unproven = "that the maps behind the roots are right: a lookup proves its own entry";
    if (!wrong_.empty()) claim.how = wrong_;
    return claim;
  }

 private:
  void TakeGenesis(uint64_t index, const attest::Leaf& leaf) {
    if (index != 0) {
      genesis_wrong_ = "leaf " + std::to_string(index) + " is a genesis leaf too";
    } else {
      founded_ = leaf.type == attest::LeafType::kGenesis &&
                 crypto::DeploymentIdOf(leaf.body) == trust_.deployment();
    }
  }

  void TakeHead(uint64_t index, std::string_view body) {
    const auto head = attest::ParseHead(body, index, trust_.deployment());
    if (!head.ok()) return Wrong(index, Text(head.status()));
    if (head->sequence != sequence_ + 1) {
      Wrong(index,
            "head " + std::to_string(head->sequence) + " follows " + std::to_string(sequence_));
    }
    sequence_ = head->sequence;
    newest_ = head->time;
  }

  // The first is what matters: all that follows may be due to it.
  void Wrong(uint64_t index, const std::string& what) {
    if (wrong_.empty()) wrong_ = "leaf " + std::to_string(index) + ": " + what;
  }

  const attest::TrustFile& trust_;
  bool founded_ = false;
  uint64_t sequence_ = 0;
  uint64_t others_ = 0;
  absl::Time newest_;
  std::string genesis_wrong_;
  std::string wrong_;
};

absl::StatusOr<attest::Continuation> CompareWith(const attest::Checkpoint& earlier,
                                                 const attest::LogFiles& files,
                                                 const attest::Checkpoint& newest) {
  std::vector<crypto::Digest> proof;
  if (earlier.size > 0 && earlier.size < newest.size) {
    attest::StoredTiles tiles(&files, newest.size);
    auto hashes = attest::TileHashes::Open(tiles, newest.size, newest.root);
    if (!hashes.ok()) return hashes.status();
    auto proved = attest::ProveConsistency(*hashes, earlier.size, newest.size);
    if (!proved.ok()) return proved.status();
    proof = *std::move(proved);
  }
  return attest::Compare(earlier, newest, proof);
}

Claim GrowthClaim(const std::optional<std::string>& earlier, const attest::TrustFile& trust,
                  const attest::LogFiles& files, const attest::Checkpoint& newest) {
  Claim claim{.id = "continues", .claim = "the log continues the checkpoint that was kept"};
  if (!earlier) {
    claim.how = "no earlier checkpoint was given: --since FILE";
    return claim;
  }
  claim.verdict = Verdict::kFail;
  const auto opened = attest::OpenCheckpoint(*earlier, trust.witness_policy().log_keys(), {});
  if (!opened.ok()) {
    claim.how = "the kept one: " + Text(opened.status());
    return claim;
  }
  const auto compared = CompareWith(opened->checkpoint, files, newest);
  if (!compared.ok()) {
    claim.how = Text(compared.status());
    return claim;
  }
  const std::string sizes = "from " + std::to_string(opened->checkpoint.size) + " to " +
                            std::to_string(newest.size) + " leaves";
  if (attest::Continues(*compared)) {
    claim.verdict = Verdict::kPass;
    claim.how = sizes;
  } else if (*compared == attest::Continuation::kShrank) {
    claim.how = sizes + ": an older state, or leaves were taken back";
  } else if (*compared == attest::Continuation::kForked) {
    claim.how = sizes + ": FORKED; the two signed checkpoints prove it to anybody";
  } else {
    claim.how = sizes + ": FORKED; keep both checkpoints and this folder, which prove it together";
  }
  return claim;
}

}  // namespace

absl::StatusOr<std::vector<Claim>> AuditLog(const attest::LogFiles& files,
                                            const attest::TrustFile& trust,
                                            const std::optional<std::string>& earlier) {
  const auto note = files.Read(attest::kCheckpointPath);
  if (!note.ok()) return note.status();
  const attest::WitnessPolicy& policy = trust.witness_policy();
  const auto opened = attest::OpenCheckpoint(*note, policy.log_keys(), policy.witness_keys());
  std::vector<Claim> claims = {SignatureClaim(opened)};
  if (!opened.ok()) return claims;
  claims.push_back(WitnessClaim(*opened, policy));

  LeafReader leaves(trust);
  const absl::Status hashed = attest::HashStoredLog(
      files, opened->checkpoint.size, opened->checkpoint.root,
      [&](uint64_t index, std::string_view leaf) { return leaves.Take(index, leaf); });
  Claim contents{.id = "contents", .claim = "every leaf and tile is what the checkpoint signs"};
  contents.verdict = hashed.ok() ? Verdict::kPass : Verdict::kFail;
  contents.how = hashed.ok() ? Leaves(opened->checkpoint.size) + " hashed" : Text(hashed);
  claims.push_back(std::move(contents));
  // Unsigned leaves tell nothing.
  if (!hashed.ok()) return claims;
  claims.push_back(leaves.GenesisClaim());
  claims.push_back(leaves.HeadsClaim());
  claims.push_back(GrowthClaim(earlier, trust, files, opened->checkpoint));
  return claims;
}

}  // namespace letterlock::audit
