#include "attest/note.h"

#include <algorithm>
#include <utility>

#include "attest/cosignature.h"
#include "crypto/base/bytes.h"
#include "crypto/base/encoding.h"
#include "crypto/base/hash.h"
#include "text.h"

namespace letterlock::attest {
namespace {

constexpr std::string_view kSignaturePrefix = "\xe2\x80\x94 ";  // em dash, space
constexpr std::string_view kBlankLine = "\n\n";
constexpr size_t kKeyIdSize = 4;

absl::Status Malformed() { return absl::InvalidArgumentError("malformed note"); }
absl::Status BadKey() { return absl::InvalidArgumentError("malformed verifier key"); }

std::string EncodeKey(NoteKeyType type, const crypto::PublicKey& key) {
  std::string encoded(1, static_cast<char>(type));
  encoded.append(key.bytes());
  return encoded;
}

std::string EncodeId(uint32_t id) {
  std::string bytes;
  crypto::AppendU32(&bytes, id);
  return bytes;
}

// First four bytes of SHA-256(name ‖ newline ‖ type ‖ key).
uint32_t KeyId(std::string_view name, std::string_view encoded_key) {
  const crypto::Digest digest = crypto::Sha256Concat({name, "\n", encoded_key});
  return crypto::ByteReader(crypto::ToString(digest)).U32();
}

absl::StatusOr<NoteSignature> ParseSignatureLine(std::string_view line) {
  if (!line.starts_with(kSignaturePrefix)) return Malformed();
  line.remove_prefix(kSignaturePrefix.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos || !IsKeyName(line.substr(0, space))) return Malformed();
  absl::StatusOr<std::string> bytes = crypto::Base64Decode(line.substr(space + 1));
  if (!bytes.ok() || bytes->size() <= kKeyIdSize) return Malformed();
  return NoteSignature{std::string(line.substr(0, space)), crypto::ByteReader(*bytes).U32(),
                       bytes->substr(kKeyIdSize)};
}

bool IsBy(const NoteSignature& signature, const VerifierKey& key) {
  return key.id() == signature.key_id && key.name() == signature.name;
}

// Verifies a signature of a known key; the timestamp if it has one.
absl::StatusOr<std::optional<uint64_t>> Verify(const VerifierKey& key, std::string_view text,
                                               std::string_view signature) {
  const auto bad = [] {
    return absl::UnauthenticatedError("signature of a known key does not verify");
  };
  if (key.type() == NoteKeyType::kEd25519) {
    if (!key.public_key().VerifyRaw(text, signature)) return bad();
    return std::nullopt;
  }
  absl::StatusOr<Cosignature> cosignature = ParseCosignature(signature);
  if (!cosignature.ok()) return bad();
  const std::string message = CosignedMessage(cosignature->timestamp, text);
  if (!key.public_key().VerifyRaw(message, cosignature->signature)) return bad();
  return cosignature->timestamp;
}

bool HasAmbiguousKeys(absl::Span<const VerifierKey> keys) {
  for (size_t i = 0; i < keys.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (keys[i].id() == keys[j].id() && keys[i].name() == keys[j].name()) return true;
    }
  }
  return false;
}

}  // namespace

absl::StatusOr<VerifierKey> VerifierKey::Parse(std::string_view vkey) {
  const size_t name_end = vkey.find('+');
  if (name_end == std::string_view::npos) return BadKey();
  const size_t id_end = vkey.find('+', name_end + 1);
  if (id_end == std::string_view::npos) return BadKey();
  absl::StatusOr<std::string> id =
      crypto::HexDecode(vkey.substr(name_end + 1, id_end - name_end - 1));
  absl::StatusOr<std::string> encoded = crypto::Base64Decode(vkey.substr(id_end + 1));
  if (!id.ok() || !encoded.ok() || encoded->empty()) return BadKey();

  const auto type = static_cast<NoteKeyType>(encoded->front());
  if (type != NoteKeyType::kEd25519 && type != NoteKeyType::kCosignature) {
    return absl::InvalidArgumentError("verifier key of an unknown type");
  }
  absl::StatusOr<crypto::PublicKey> public_key =
      crypto::PublicKey::FromBytes(std::string_view(*encoded).substr(1));
  if (!public_key.ok()) return BadKey();
  absl::StatusOr<VerifierKey> key = Make(type, vkey.substr(0, name_end), *public_key);
  if (!key.ok()) return key.status();
  if (EncodeId(key->id_) != *id) {
    return absl::InvalidArgumentError("verifier key does not match its key id");
  }
  return key;
}

absl::StatusOr<VerifierKey> VerifierKey::Make(NoteKeyType type, std::string_view name,
                                              const crypto::PublicKey& key) {
  if (!IsKeyName(name) || !key.CheckPoint().ok()) return BadKey();
  VerifierKey made;
  made.type_ = type;
  made.name_ = std::string(name);
  made.id_ = KeyId(name, EncodeKey(type, key));
  made.public_key_ = key;
  return made;
}

std::string VerifierKey::Format() const {
  return name_ + "+" + crypto::HexEncode(EncodeId(id_)) + "+" +
         crypto::Base64Encode(EncodeKey(type_, public_key_));
}

absl::StatusOr<UnverifiedNote> ParseNote(std::string_view note) {
  if (note.size() > kMaxNoteSize || !IsNoteText(note)) return Malformed();
  // Text and signatures part at the last empty line: the text itself may hold some.
  const size_t split = note.rfind(kBlankLine);
  if (split == std::string_view::npos) return Malformed();
  UnverifiedNote parsed{std::string(note.substr(0, split + 1)), {}};
  std::string_view lines = note.substr(split + kBlankLine.size());
  while (!lines.empty()) {
    const std::optional<std::string_view> line = TakeLine(lines);
    if (!line || parsed.signatures.size() == kMaxNoteSignatures) return Malformed();
    absl::StatusOr<NoteSignature> signature = ParseSignatureLine(*line);
    if (!signature.ok()) return signature.status();
    parsed.signatures.push_back(*std::move(signature));
  }
  if (parsed.signatures.empty()) return Malformed();
  return parsed;
}

absl::StatusOr<std::string> FormatNote(const UnverifiedNote& note) {
  std::string out = note.text + "\n";
  for (const NoteSignature& signature : note.signatures) {
    out.append(kSignaturePrefix).append(signature.name).append(" ");
    out.append(crypto::Base64Encode(EncodeId(signature.key_id) + signature.signature)).append("\n");
  }
  absl::StatusOr<UnverifiedNote> back = ParseNote(out);
  if (!back.ok() || *back != note) return Malformed();
  return out;
}

absl::StatusOr<OpenedNote> OpenNote(std::string_view note, absl::Span<const VerifierKey> known) {
  if (HasAmbiguousKeys(known))
    return absl::InvalidArgumentError("two known keys share name and id");
  absl::StatusOr<UnverifiedNote> parsed = ParseNote(note);
  if (!parsed.ok()) return parsed.status();
  OpenedNote opened{std::move(parsed->text), {}};
  for (const NoteSignature& signature : parsed->signatures) {
    const auto key = std::ranges::find_if(known, [&](const auto& k) { return IsBy(signature, k); });
    if (key == known.end()) continue;
    absl::StatusOr<std::optional<uint64_t>> timestamp =
        Verify(*key, opened.text, signature.signature);
    if (!timestamp.ok()) return timestamp.status();
    const VerifiedSignature verified{static_cast<size_t>(key - known.begin()), *timestamp};
    if (std::ranges::find(opened.signatures, verified) == opened.signatures.end()) {
      opened.signatures.push_back(verified);
    }
  }
  if (opened.signatures.empty()) return absl::UnauthenticatedError("no known key signed the note");
  return opened;
}

absl::StatusOr<std::string> SignNote(std::string_view text, absl::Span<NoteSigner* const> signers) {
  UnverifiedNote note{std::string(text), {}};
  for (NoteSigner* signer : signers) {
    absl::StatusOr<std::string> signature = signer->Sign(text);
    if (!signature.ok()) return signature.status();
    note.signatures.push_back({signer->key().name(), signer->key().id(), *std::move(signature)});
  }
  return FormatNote(note);
}

}  // namespace letterlock::attest
