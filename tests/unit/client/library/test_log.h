// A log in memory, for tests of what a client remembers: any history, any proof, true or forged.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "attest/merkle.h"
#include "client/state.h"

namespace letterlock::client {

class TestLog {
 public:
  void Append(const std::string& leaf) { leaves_.push_back(attest::LeafHash(leaf)); }
  std::uint64_t size() const { return leaves_.size(); }

  crypto::Digest Root(std::uint64_t size) const { return RootOf(0, size); }

  // RFC 6962 section 2.1.2.
  std::vector<crypto::Digest> Consistency(std::uint64_t old_size, std::uint64_t new_size) const {
    std::vector<crypto::Digest> proof;
    SubProof(old_size, 0, new_size, true, &proof);
    return proof;
  }

  // RFC 6962 section 2.1.1.
  std::vector<crypto::Digest> Inclusion(std::uint64_t index, std::uint64_t size) const {
    std::vector<crypto::Digest> proof;
    Path(index, 0, size, &proof);
    return proof;
  }

  // What a client would remember of this log at a size, its last leaf being head number `size`.
  RememberedLog At(std::uint64_t size) const {
    RememberedLog log;
    log.origin = "test.example/log";
    log.size = size;
    log.root = Root(size);
    log.checkpoint = "checkpoint " + std::to_string(size);
    log.head_sequence = size;
    log.head_index = size - 1;
    log.head_leaf = leaves_[size - 1];
    return log;
  }

 private:
  static std::uint64_t Split(std::uint64_t count) {
    std::uint64_t split = 1;
    while (split * 2 < count) split *= 2;
    return split;
  }
  crypto::Digest RootOf(std::uint64_t first, std::uint64_t count) const {
    return attest::TreeRoot(absl::MakeConstSpan(leaves_).subspan(first, count));
  }
  void SubProof(std::uint64_t old, std::uint64_t first, std::uint64_t count, bool whole,
                std::vector<crypto::Digest>* proof) const {
    if (old == count) {
      if (!whole) proof->push_back(RootOf(first, count));
      return;
    }
    const std::uint64_t split = Split(count);
    if (old <= split) {
      SubProof(old, first, split, whole, proof);
      proof->push_back(RootOf(first + split, count - split));
    } else {
      SubProof(old - split, first + split, count - split, false, proof);
      proof->push_back(RootOf(first, split));
    }
  }
  void Path(std::uint64_t index, std::uint64_t first, std::uint64_t count,
            std::vector<crypto::Digest>* proof) const {
    if (count <= 1) return;
    const std::uint64_t split = Split(count);
    if (index < split) {
      Path(index, first, split, proof);
      proof->push_back(RootOf(first + split, count - split));
    } else {
      Path(index - split, first + split, count - split, proof);
      proof->push_back(RootOf(first, split));
    }
  }

  std::vector<crypto::Digest> leaves_;
};

}  // namespace letterlock::client
