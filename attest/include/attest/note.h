// Signed notes (C2SP signed-note v1.0.0): a text with one or more signature lines.
//
// Two signature types are known: Ed25519 over the text (0x01, a log's) and the timestamped
// cosignature (0x04, a witness's; cosignature.h). Keys are named by vkey text: <name>+<hex key
// id>+<base64 type ‖ key>.
//
// How signatures are judged, as the specification says: a line of an unknown key (name or id
// differ) is ignored; a line of a known key that does not verify rejects the whole note; without
// one that verifies there is no note. A known key may stand on several lines (a witness that signed
// again later): all must verify, all are returned.
//
// Bounds: 1 MiB, 100 signature lines. Pure functions; thread-safe.
// Errors: InvalidArgument for what is no note, key or signature line; Unauthenticated for a note
// that no known key signed or that one signed wrongly.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "crypto/base/sign.h"

namespace letterlock::attest {

inline constexpr size_t kMaxNoteSize = 1 << 20;
inline constexpr size_t kMaxNoteSignatures = 100;

enum class NoteKeyType : uint8_t {
  kEd25519 = 0x01,
  kCosignature = 0x04,  // C2SP tlog-cosignature, Ed25519
};

// A key that verifies note signatures. Immutable.
class VerifierKey {
 public:
  // From vkey text. Refuses a type other than the two, a key id that is not the hash of name and
  // key, hex in upper case, and a public key that is no point of the prime-order group.
  static absl::StatusOr<VerifierKey> Parse(std::string_view vkey);

  // InvalidArgument if `name` is no key name: empty, with a Unicode space or a plus, not UTF-8.
  static absl::StatusOr<VerifierKey> Make(NoteKeyType type, std::string_view name,
                                          const crypto::PublicKey& key);

  NoteKeyType type() const { return type_; }
  const std::string& name() const { return name_; }
  uint32_t id() const { return id_; }
  const crypto::PublicKey& public_key() const { return public_key_; }

  std::string Format() const;  // vkey text

  friend bool operator==(const VerifierKey&, const VerifierKey&) = default;

 private:
  VerifierKey() = default;

  NoteKeyType type_ = NoteKeyType::kEd25519;
  std::string name_;
  uint32_t id_ = 0;
  crypto::PublicKey public_key_;
};

// One signature line.
struct NoteSignature {
  std::string name;
  uint32_t key_id = 0;
  std::string signature;  // what follows the key id: 64 bytes for Ed25519, 72 for a cosignature
  friend bool operator==(const NoteSignature&, const NoteSignature&) = default;
};

// A note as it stands, nothing verified. Do not act on the text: OpenNote does that.
struct UnverifiedNote {
  std::string text;  // ends with a newline
  std::vector<NoteSignature> signatures;
  friend bool operator==(const UnverifiedNote&, const UnverifiedNote&) = default;
};

absl::StatusOr<UnverifiedNote> ParseNote(std::string_view note);

// The inverse; InvalidArgument for a text or signature that makes no note.
absl::StatusOr<std::string> FormatNote(const UnverifiedNote& note);

// A signature that verified: by which of the known keys, and for a cosignature when (seconds since
// the Unix epoch, the witness's word).
struct VerifiedSignature {
  size_t key = 0;
  std::optional<uint64_t> timestamp;
  friend bool operator==(const VerifiedSignature&, const VerifiedSignature&) = default;
};

struct OpenedNote {
  std::string text;
  std::vector<VerifiedSignature> signatures;  // at least one, in the order of the lines
};

// Verifies the note against the known keys. InvalidArgument also if two of them share name and id.
absl::StatusOr<OpenedNote> OpenNote(std::string_view note, absl::Span<const VerifierKey> known);

// Holds a private key somewhere else (the log server, a witness) and signs with it.
class NoteSigner {
 public:
  virtual ~NoteSigner() = default;
  virtual const VerifierKey& key() const = 0;
  // The bytes that follow the key id on the signature line over `text`.
  virtual absl::StatusOr<std::string> Sign(std::string_view text) = 0;
};

// The note of `text` (which ends with a newline) with one line per signer, in order.
absl::StatusOr<std::string> SignNote(std::string_view text, absl::Span<NoteSigner* const> signers);

}  // namespace letterlock::attest
