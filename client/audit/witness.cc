#include "witness.h"

#include <optional>
#include <utility>
#include <vector>

#include "attest/checkpoint.h"
#include "attest/checkpoint_memory.h"
#include "attest/witness_request.h"

namespace letterlock::audit {
namespace {

constexpr char kText[] = "text/plain; charset=utf-8";
constexpr char kSize[] = "text/x.tlog.size";  // C2SP tlog-witness, `add-checkpoint`

WitnessAnswer Refusal(int status, std::string why) {
  return {status, kText, why + "\n", std::move(why)};
}

WitnessAnswer Broken(const absl::Status& cause) {
  return {500, kText, "the witness can't read or write its memory\n", cause.ToString()};
}

// What is remembered of the log: the tree of size 0 before the first cosignature.
absl::StatusOr<attest::Checkpoint> Remembered(const WatchedLog& log,
                                              const attest::VerifierKey& witness) {
  if (log.note.empty()) return attest::Checkpoint{log.key.name(), 0, {}};
  auto opened = attest::OpenCheckpoint(log.note, {&log.key, 1}, {&witness, 1});
  if (!opened.ok() || opened->cosignatures.empty()) {
    return absl::DataLossError("a record holds no checkpoint that this witness cosigned");
  }
  return std::move(opened->checkpoint);
}

// The note's text with the log's own signatures: what strangers appended is theirs to serve.
attest::UnverifiedNote SignedByLogAlone(attest::UnverifiedNote note,
                                        const attest::VerifierKey& log) {
  std::erase_if(note.signatures, [&](const attest::NoteSignature& signature) {
    return signature.name != log.name() || signature.key_id != log.id();
  });
  return note;
}

WitnessAnswer Conflict(const attest::Checkpoint& newest, std::string why) {
  return {409, kSize, std::to_string(newest.size) + "\n", std::move(why)};
}

// The refusal of a checkpoint that does not stand where it must to the newest one.
std::optional<WitnessAnswer> CheckStep(const attest::Checkpoint& newest,
                                       const attest::Checkpoint& offered,
                                       const attest::AddCheckpointRequest& request) {
  if (request.old_size > offered.size) {
    return Refusal(400, "the old size is beyond the checkpoint's");
  }
  if (request.old_size != newest.size) return Conflict(newest, "stale");
  if (newest.size == 0) {
    if (!request.proof.empty()) return Refusal(422, "a proof from the empty tree");
    return std::nullopt;
  }
  switch (attest::Compare(newest, offered, request.proof)) {
    case attest::Continuation::kSame:
      if (!request.proof.empty()) return Refusal(422, "a proof between equal trees");
      return std::nullopt;
    case attest::Continuation::kGrew:
      return std::nullopt;
    case attest::Continuation::kForked:
      return Conflict(newest, "FORK: another tree of the same size, signed by the log");
    case attest::Continuation::kShrank:
    case attest::Continuation::kUnproven:
    case attest::Continuation::kOtherLog:
      break;
  }
  return Refusal(422, "the tree is not shown to continue the one cosigned last");
}

}  // namespace

WitnessAnswer Witness::AddCheckpoint(std::string_view body) {
  const auto request = attest::ParseAddCheckpoint(body);
  if (!request.ok()) return Refusal(400, std::string(request.status().message()));
  const auto note = attest::ParseNote(request->note);
  if (!note.ok()) return Refusal(400, "no signed note");
  const auto unverified = attest::ParseCheckpoint(note->text);
  if (!unverified.ok()) return Refusal(400, "no checkpoint, or one with extension lines");

  absl::MutexLock hold(&mu_);
  auto log = memory_->Load(OriginHash(unverified->origin));
  if (absl::IsNotFound(log.status())) return Refusal(404, "an origin that is not watched");
  if (!log.ok()) return Broken(log.status());
  const auto offered = attest::OpenCheckpoint(request->note, {&log->key, 1}, {});
  if (!offered.ok()) return Refusal(403, "not signed by the log's key");
  const auto newest = Remembered(*log, cosigner_->key());
  if (!newest.ok()) return Broken(newest.status());
  if (auto refused = CheckStep(*newest, offered->checkpoint, *request)) return *refused;

  const auto signature = cosigner_->Sign(note->text);
  if (!signature.ok()) return Broken(signature.status());
  attest::UnverifiedNote remembered = SignedByLogAlone(*note, log->key);
  attest::UnverifiedNote answer{note->text, {}};
  for (attest::UnverifiedNote* cosigned : {&remembered, &answer}) {
    cosigned->signatures.push_back({cosigner_->key().name(), cosigner_->key().id(), *signature});
  }
  auto to_keep = attest::FormatNote(remembered);
  auto to_send = attest::FormatNote(answer);
  if (!to_keep.ok()) return Broken(to_keep.status());
  if (!to_send.ok()) return Broken(to_send.status());
  log->note = *std::move(to_keep);
  // The order is the whole point: a cosignature that was seen and then forgotten in a power cut
  // would let the log show another tree of the same size.
  if (auto kept = memory_->Replace(*log); !kept.ok()) return Broken(kept);
  return {200, kText, to_send->substr(note->text.size() + 1), ""};
}

absl::Status Witness::Check(const WatchedLog& log) const {
  return Remembered(log, cosigner_->key()).status();
}

WitnessAnswer Witness::NewestCheckpoint(std::string_view origin_hash) const {
  auto log = memory_->Load(origin_hash);
  if (absl::IsNotFound(log.status())) return Refusal(404, "an origin that is not watched");
  if (!log.ok()) return Broken(log.status());
  if (log->note.empty()) return Refusal(404, "nothing was cosigned for this log yet");
  return {200, kText, std::move(log->note), ""};
}

}  // namespace letterlock::audit
