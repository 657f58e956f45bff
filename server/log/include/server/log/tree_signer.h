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
#include "crypto/base/hash.h"
#include "crypto/base/locked_secret.h"
#include "crypto/base/secret_bytes.h"
#include "crypto/base/sign.h"

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
  // one; RESOURCE_EXHAUSTED without locked memory.
  static absl::StatusOr<TreeSigner> Create(std::string origin, crypto::SecretBytes<32> seed);

  const std::string& origin() const { return origin_; }
  // C2SP signed-note: what verifiers configure.
  const std::string& vkey() const { return vkey_; }

  // Deterministic: the same tree gives the same note.
  SignedTree Sign(uint64_t size, const crypto::Digest& root) const;

  // Reads back what Sign made. DATA_LOSS for anything else: another origin, another key, one
  // changed bit.
  absl::StatusOr<SignedTree> Open(std::string_view note) const;

 private:
  TreeSigner(std::string origin, std::string vkey, std::string key_hash,
             crypto::LockedSecret<32> seed)
      : origin_(std::move(origin)),
        vkey_(std::move(vkey)),
        key_hash_(std::move(key_hash)),
        seed_(std::move(seed)) {}

  std::string origin_;
  std::string vkey_;
  std::string key_hash_;  // 4 bytes: signed-note's hint for verifiers
  crypto::LockedSecret<32> seed_;
};

}  // namespace letterlock::log
