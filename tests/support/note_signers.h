// Logs and witnesses that sign, for tests.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "attest/checkpoint.h"
#include "attest/cosignature.h"
#include "attest/note.h"
#include "crypto/base/hash.h"
#include "crypto/base/sign.h"
#include "deterministic_random.h"

namespace letterlock::testing {

inline crypto::SigningKey TestKey(std::string_view name) {
  DeterministicRandom random(name);
  return crypto::SigningKey::Generate(random);
}

// A log's key.
class TestLog final : public attest::NoteSigner {
 public:
  explicit TestLog(std::string_view name)
      : private_key_(TestKey(name)),
        key_(attest::VerifierKey::Make(attest::NoteKeyType::kEd25519, name,
                                       private_key_.public_key())
                 .value()) {}

  const attest::VerifierKey& key() const override { return key_; }
  absl::StatusOr<std::string> Sign(std::string_view text) override {
    return private_key_.SignRaw(text);
  }

 private:
  crypto::SigningKey private_key_;
  attest::VerifierKey key_;
};

// A witness whose clock stands at `time`.
class TestWitness final : public attest::NoteSigner {
 public:
  explicit TestWitness(std::string_view name, uint64_t at = 0)
      : time(at),
        private_key_(TestKey(name)),
        key_(attest::VerifierKey::Make(attest::NoteKeyType::kCosignature, name,
                                       private_key_.public_key())
                 .value()) {}

  const attest::VerifierKey& key() const override { return key_; }
  absl::StatusOr<std::string> Sign(std::string_view text) override {
    return attest::EncodeCosignature(
        {time, private_key_.SignRaw(attest::CosignedMessage(time, text))});
  }

  uint64_t time;

 private:
  crypto::SigningKey private_key_;
  attest::VerifierKey key_;
};

inline std::string SignedCheckpoint(const attest::Checkpoint& checkpoint,
                                    const std::vector<attest::NoteSigner*>& signers) {
  return attest::SignNote(attest::FormatCheckpoint(checkpoint).value(), signers).value();
}

}  // namespace letterlock::testing
