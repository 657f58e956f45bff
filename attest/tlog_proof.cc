#include "attest/tlog_proof.h"

#include <utility>

#include "attest/merkle.h"
#include "crypto/base/encoding.h"
#include "hash_lines.h"
#include "text.h"

namespace letterlock::attest {
namespace {

constexpr std::string_view kHeader = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";

absl::Status Malformed() { return absl::InvalidArgumentError("malformed proof"); }

}  // namespace

absl::StatusOr<TlogProof> ParseTlogProof(std::string_view text) {
  TlogProof proof;
  if (TakeLine(text) != kHeader) return Malformed();
  std::optional<std::string_view> line = TakeLine(text);
  if (line && line->starts_with(kExtra)) {
    absl::StatusOr<std::string> extra = crypto::Base64Decode(line->substr(kExtra.size()));
    if (!extra.ok() || extra->empty()) return Malformed();
    proof.extra = *std::move(extra);
    line = TakeLine(text);
  }
  if (!line || !line->starts_with(kIndex)) return Malformed();
  const std::optional<uint64_t> index = ParseDecimal(line->substr(kIndex.size()));
  if (!index) return Malformed();
  proof.index = *index;

  std::optional<std::vector<crypto::Digest>> inclusion = TakeHashLines(text, kMaxProofNodes);
  if (!inclusion) return Malformed();
  proof.inclusion = *std::move(inclusion);
  absl::StatusOr<UnverifiedNote> note = ParseNote(text);
  if (!note.ok() || !ParseCheckpoint(note->text).ok()) return Malformed();
  proof.checkpoint = std::string(text);
  return proof;
}

absl::StatusOr<std::string> FormatTlogProof(const TlogProof& proof) {
  std::string text = std::string(kHeader) + "\n";
  if (proof.extra) text.append(kExtra).append(crypto::Base64Encode(*proof.extra)).append("\n");
  text.append(kIndex).append(std::to_string(proof.index)).append("\n");
  text.append(FormatHashLines(proof.inclusion)).append(proof.checkpoint);
  absl::StatusOr<TlogProof> back = ParseTlogProof(text);
  if (!back.ok() || *back != proof) return Malformed();
  return text;
}

absl::StatusOr<VerifiedInclusion> VerifyTlogProof(const TlogProof& proof, std::string_view leaf,
                                                  const WitnessPolicy& policy,
                                                  const CosignatureWindow& window) {
  absl::StatusOr<OpenedCheckpoint> opened =
      OpenCheckpoint(proof.checkpoint, policy.log_keys(), policy.witness_keys());
  if (!opened.ok()) return opened.status();
  const Checkpoint& checkpoint = opened->checkpoint;
  absl::Status status = VerifyInclusion(proof.index, checkpoint.size, LeafHash(leaf),
                                        proof.inclusion, checkpoint.root);
  if (!status.ok()) return status;
  QuorumVerdict quorum = policy.Evaluate(opened->cosignatures, window);
  if (!quorum.acceptable()) {
    return absl::FailedPreconditionError("the checkpoint has no quorum of witnesses");
  }
  return VerifiedInclusion{checkpoint, proof.index, std::move(quorum)};
}

}  // namespace letterlock::attest
