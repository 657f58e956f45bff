// A witness's signing key: timestamped Ed25519 cosignatures (C2SP tlog-cosignature v1.0.1).
//
// Thread-safe. The seed lives in locked memory; the expanded key exists for one signature at a
// time.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "attest/note.h"
#include "crypto/base/clock.h"
#include "crypto/base/locked_secret.h"
#include "crypto/base/secret_bytes.h"

namespace letterlock::audit {

class Cosigner final : public attest::NoteSigner {
 public:
  // `clock` outlives it. INVALID_ARGUMENT where `name` is no key name; RESOURCE_EXHAUSTED without
  // locked memory.
  static absl::StatusOr<Cosigner> Create(const std::string& name, crypto::SecretBytes<32> seed,
                                         const crypto::Clock* clock);

  const attest::VerifierKey& key() const override { return key_; }

  // The cosignature of a checkpoint's text, now. FAILED_PRECONDITION where the clock stands at or
  // before 1970: no timestamp is zero.
  absl::StatusOr<std::string> Sign(std::string_view text) override;

 private:
  Cosigner(attest::VerifierKey key, crypto::LockedSecret<32> seed, const crypto::Clock* clock)
      : key_(std::move(key)), seed_(std::move(seed)), clock_(clock) {}

  attest::VerifierKey key_;
  crypto::LockedSecret<32> seed_;
  const crypto::Clock* clock_;
};

}  // namespace letterlock::audit
