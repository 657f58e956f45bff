#include "server/log/tree_signer.h"

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "crypto/base/encoding.h"
#include "crypto/base/strings.h"

namespace letterlock::log {
namespace {

constexpr char kEd25519[] = {0x01};  // signed-note's algorithm number

std::string KeyBytes(const crypto::PublicKey& key) {
  return std::string(kEd25519, 1) + std::string(key.bytes());
}

// signed-note: the first four bytes of SHA-256(name ‖ "\n" ‖ algorithm ‖ public key).
std::string KeyHash(const std::string& name, const crypto::PublicKey& key) {
  const crypto::Digest hash = crypto::Sha256Concat({name, std::string_view("\n"), KeyBytes(key)});
  return crypto::ToString(hash).substr(0, 4);
}

// tlog-checkpoint: the text that is signed.
std::string CheckpointText(const std::string& origin, uint64_t size, const crypto::Digest& root) {
  return absl::StrCat(origin, "\n", size, "\n", crypto::Base64Encode(crypto::ToString(root)), "\n");
}

// A signed-note key name, of printable ASCII: no space, no plus, no line break.
bool IsKeyName(std::string_view name) {
  if (name.empty() || name.size() > 255) return false;
  for (const char c : name) {
    if (c <= ' ' || c > '~' || c == '+') return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<TreeSigner> TreeSigner::Create(std::string origin, crypto::SecretBytes<32> seed) {
  if (!IsKeyName(origin)) return absl::InvalidArgumentError("the origin can't be a key's name");
  const crypto::PublicKey key = crypto::SigningKey::FromSeed(seed).public_key();
  const std::string hash = KeyHash(origin, key);
  std::string vkey =
      absl::StrCat(origin, "+", crypto::HexEncode(hash), "+", crypto::Base64Encode(KeyBytes(key)));
  absl::StatusOr<crypto::LockedSecret<32>> locked =
      crypto::LockedSecret<32>::Create(std::move(seed));
  if (!locked.ok()) return locked.status();
  return TreeSigner(std::move(origin), std::move(vkey), hash, *std::move(locked));
}

SignedTree TreeSigner::Sign(uint64_t size, const crypto::Digest& root) const {
  const std::string text = CheckpointText(origin_, size, root);
  const std::string signature = crypto::SigningKey::FromSeed(seed_.secret()).SignRaw(text);
  return {size, root,
          absl::StrCat(text, "\n\u2014 ", origin_, " ", crypto::Base64Encode(key_hash_ + signature),
                       "\n")};
}

absl::StatusOr<SignedTree> TreeSigner::Open(std::string_view note) const {
  const std::vector<std::string> lines =
      absl::StrSplit(crypto::Absl(note), absl::MaxSplits('\n', 3));
  uint64_t size = 0;
  if (lines.size() != 4 || !absl::SimpleAtoi(lines[1], &size)) {
    return absl::DataLossError("not a checkpoint");
  }
  absl::StatusOr<std::string> root_bytes = crypto::Base64Decode(lines[2]);
  if (!root_bytes.ok()) return absl::DataLossError("not a checkpoint");
  absl::StatusOr<crypto::Digest> root = crypto::DigestFromBytes(*root_bytes);
  if (!root.ok()) return absl::DataLossError("not a checkpoint");
  // Signatures are deterministic: what this key did not sign, in this very form, differs.
  SignedTree tree = Sign(size, *root);
  if (tree.note != note) return absl::DataLossError("not signed by the log's key under its origin");
  return tree;
}

}  // namespace letterlock::log
