// Signs the log's trees: C2SP checkpoints (tlog-checkpoint v1.0.0) under the log's own Ed25519 key.
//
// Thread-safe. The seed lives in locked memory; the expanded key exists for one signature at a
// time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "attest/note.h"
#include "crypto/base/hash.h"
#include "crypto/base/locked_secret.h"
#include "crypto/base/secret_bytes.h"

namespace letterlock::log {

// A tree that the log has signed. `size` 0: nothing is signed yet; then `note` is empty.
struct SignedTree {
  uint64_t size = 0;
  crypto::Digest root = {};
  std::string note;  // the signed checkpoint, as published
};

class TreeSigner {
 public:
  // `origin` is the checkpoint's first line and the key's name. INVALID_ARGUMENT where it can't be
  // both; RESOURCE_EXHAUSTED without locked memory.
  static absl::StatusOr<TreeSigner> Create(const std::string& origin, crypto::SecretBytes<32> seed);

  const std::string& origin() const { return key_.name(); }
  // C2SP signed-note: what verifiers configure.
  std::string vkey() const { return key_.Format(); }

  // Deterministic: the same tree gives the same note.
  absl::StatusOr<SignedTree> Sign(uint64_t size, const crypto::Digest& root) const;

  // Reads back what Sign made. DATA_LOSS for anything else: another origin, another key, one
  // changed bit.
  absl::StatusOr<SignedTree> Open(std::string_view note) const;

 private:
  TreeSigner(attest::VerifierKey key, crypto::LockedSecret<32> seed)
      : key_(std::move(key)), seed_(std::move(seed)) {}

  attest::VerifierKey key_;
  crypto::LockedSecret<32> seed_;
};

}  // namespace letterlock::log
