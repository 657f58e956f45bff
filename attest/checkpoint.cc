#include "attest/checkpoint.h"

#include <optional>

#include "attest/merkle.h"
#include "crypto/base/encoding.h"
#include "text.h"

namespace letterlock::attest {
namespace {

absl::Status Malformed() { return absl::InvalidArgumentError("malformed checkpoint"); }

bool AllOfType(absl::Span<const VerifierKey> keys, NoteKeyType type) {
  for (const VerifierKey& key : keys) {
    if (key.type() != type) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<Checkpoint> ParseCheckpoint(std::string_view text) {
  const std::optional<std::string_view> origin = TakeLine(text);
  const std::optional<std::string_view> size_line = TakeLine(text);
  const std::optional<std::string_view> root_line = TakeLine(text);
  if (!root_line || !text.empty() || origin->empty() || !IsNoteText(*origin)) return Malformed();
  const std::optional<uint64_t> size = ParseDecimal(*size_line);
  absl::StatusOr<std::string> raw_root = crypto::Base64Decode(*root_line);
  if (!size || !raw_root.ok()) return Malformed();
  absl::StatusOr<crypto::Digest> root = crypto::DigestFromBytes(*raw_root);
  if (!root.ok() || (*size == 0 && *root != EmptyTreeRoot())) return Malformed();
  return Checkpoint{std::string(*origin), *size, *root};
}

absl::StatusOr<std::string> FormatCheckpoint(const Checkpoint& checkpoint) {
  std::string text = checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" +
                     crypto::Base64Encode(crypto::ToString(checkpoint.root)) + "\n";
  absl::StatusOr<Checkpoint> back = ParseCheckpoint(text);
  if (!back.ok() || *back != checkpoint) return Malformed();
  return text;
}

absl::StatusOr<OpenedCheckpoint> OpenCheckpoint(std::string_view note,
                                                absl::Span<const VerifierKey> logs,
                                                absl::Span<const VerifierKey> witnesses) {
  if (!AllOfType(logs, NoteKeyType::kEd25519) || !AllOfType(witnesses, NoteKeyType::kCosignature)) {
    return absl::InvalidArgumentError("verifier key of the wrong type for its role");
  }
  std::vector<VerifierKey> known(logs.begin(), logs.end());
  known.insert(known.end(), witnesses.begin(), witnesses.end());
  absl::StatusOr<OpenedNote> opened = OpenNote(note, known);
  if (!opened.ok()) return opened.status();
  absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(opened->text);
  if (!checkpoint.ok()) return checkpoint.status();

  OpenedCheckpoint result{*checkpoint, logs.size(), {}};
  for (const VerifiedSignature& signature : opened->signatures) {
    if (signature.key >= logs.size()) {
      result.cosignatures.push_back({signature.key - logs.size(), signature.timestamp.value_or(0)});
    } else if (logs[signature.key].name() == checkpoint->origin) {
      result.log = signature.key;
    }
  }
  if (result.log == logs.size()) {
    return absl::UnauthenticatedError("no known log signed the checkpoint under its origin");
  }
  return result;
}

}  // namespace letterlock::attest
