// Reproducible "randomness" for vectors: SHA-256(seed ‖ u64 counter), block after block.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "crypto/base/bytes.h"
#include "crypto/base/hash.h"
#include "crypto/base/random.h"

namespace letterlock::testing {

class DeterministicRandom final : public crypto::RandomSource {
 public:
  explicit DeterministicRandom(std::string_view seed) : seed_(seed) {}

  // Not thread-safe. Each call starts at a new block.
  void Fill(std::span<uint8_t> out) override {
    while (!out.empty()) {
      std::string input = seed_;
      crypto::AppendU64(&input, counter_++);
      const crypto::Digest block = crypto::Sha256(input);
      const size_t take = std::min(block.size(), out.size());
      std::copy_n(block.begin(), take, out.begin());
      out = out.subspan(take);
    }
  }

 private:
  std::string seed_;
  uint64_t counter_ = 0;
};

}  // namespace letterlock::testing
