// A log in memory that signs what it is told to, forks included, and what it would ask a witness.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "attest/checkpoint.h"
#include "attest/merkle.h"
#include "attest/note.h"
#include "attest/subtree_hashes.h"
#include "attest/witness_request.h"
#include "crypto/base/sign.h"

namespace letterlock::test {

class TestLog final : public attest::NoteSigner {
 public:
  explicit TestLog(const std::string& origin)
      : signing_key_(crypto::SigningKey::Generate()),
        key_(attest::VerifierKey::Make(attest::NoteKeyType::kEd25519, origin,
                                       signing_key_.public_key())
                 .value()) {}

  const attest::VerifierKey& key() const override { return key_; }
  absl::StatusOr<std::string> Sign(std::string_view text) override {
    return signing_key_.SignRaw(text);
  }

  // Leaf by leaf the same for every log of one `history`.
  static std::vector<crypto::Digest> Leaves(uint64_t size, const std::string& history = "leaf") {
    std::vector<crypto::Digest> hashes;
    for (uint64_t i = 0; i < size; ++i) {
      hashes.push_back(attest::LeafHash(history + std::to_string(i)));
    }
    return hashes;
  }

  // The signed checkpoint of the first `size` leaves of a history.
  std::string Checkpoint(uint64_t size, const std::string& history = "leaf") {
    return SignedText(
        attest::FormatCheckpoint({key_.name(), size, attest::TreeRoot(Leaves(size, history))})
            .value());
  }
  std::string SignedText(const std::string& text) {
    attest::NoteSigner* const self[] = {this};
    return attest::SignNote(text, self).value();
  }

  // What takes a witness from one size to the other.
  attest::AddCheckpointRequest Step(uint64_t from, uint64_t to,
                                    const std::string& history = "leaf") {
    attest::AddCheckpointRequest request{from, {}, Checkpoint(to, history)};
    if (from > 0 && from < to) {
      attest::LeafHashes hashes(Leaves(to, history));
      request.proof = attest::ProveConsistency(hashes, from, to).value();
    }
    return request;
  }
  std::string StepBody(uint64_t from, uint64_t to, const std::string& history = "leaf") {
    return attest::FormatAddCheckpoint(Step(from, to, history)).value();
  }

 private:
  const crypto::SigningKey signing_key_;
  const attest::VerifierKey key_;
};

}  // namespace letterlock::test
