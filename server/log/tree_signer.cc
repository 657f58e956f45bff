#include "server/log/tree_signer.h"

#include <utility>

#include "attest/checkpoint.h"

namespace letterlock::log {
namespace {

// Signs with a key that exists while this does.
class SeedSigner final : public attest::NoteSigner {
 public:
  SeedSigner(const attest::VerifierKey* key, const crypto::SecretBytes<32>& seed)
      : key_(key), signing_key_(crypto::SigningKey::FromSeed(seed)) {}

  const attest::VerifierKey& key() const override { return *key_; }
  absl::StatusOr<std::string> Sign(std::string_view text) override {
    return signing_key_.SignRaw(text);
  }

 private:
  const attest::VerifierKey* const key_;
  const crypto::SigningKey signing_key_;
};

}  // namespace

absl::StatusOr<TreeSigner> TreeSigner::Create(const std::string& origin,
                                              crypto::SecretBytes<32> seed) {
  absl::StatusOr<attest::VerifierKey> key = attest::VerifierKey::Make(
      attest::NoteKeyType::kEd25519, origin, crypto::SigningKey::FromSeed(seed).public_key());
  if (!key.ok()) return key.status();
  // An origin that is a key's name, but no checkpoint's first line, shows itself here and not at
  // the first append.
  absl::StatusOr<std::string> text =
      attest::FormatCheckpoint({.origin = origin, .size = 1, .root = {}});
  if (!text.ok()) return text.status();
  absl::StatusOr<crypto::LockedSecret<32>> locked =
      crypto::LockedSecret<32>::Create(std::move(seed));
  if (!locked.ok()) return locked.status();
  return TreeSigner(*std::move(key), *std::move(locked));
}

absl::StatusOr<SignedTree> TreeSigner::Sign(uint64_t size, const crypto::Digest& root) const {
  absl::StatusOr<std::string> text = attest::FormatCheckpoint({origin(), size, root});
  if (!text.ok()) return text.status();
  SeedSigner signer(&key_, seed_.secret());
  attest::NoteSigner* const signers[] = {&signer};
  absl::StatusOr<std::string> note = attest::SignNote(*text, signers);
  if (!note.ok()) return note.status();
  return SignedTree{size, root, *std::move(note)};
}

absl::StatusOr<SignedTree> TreeSigner::Open(std::string_view note) const {
  absl::StatusOr<attest::OpenedCheckpoint> opened = attest::OpenCheckpoint(note, {&key_, 1}, {});
  if (!opened.ok()) return absl::DataLossError("not signed by the log's key under its origin");
  absl::StatusOr<SignedTree> tree = Sign(opened->checkpoint.size, opened->checkpoint.root);
  // Signatures are deterministic: what Sign would have written otherwise was not written by it.
  if (tree.ok() && tree->note != note) return absl::DataLossError("not as the log writes it");
  return tree;
}

}  // namespace letterlock::log
