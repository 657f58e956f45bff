// "Randomness" that a vector file spells out, draw by draw.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <span>
#include <string>

#include "crypto/base/random.h"

namespace letterlock::testing {

class ScriptedRandom final : public crypto::RandomSource {
 public:
  ScriptedRandom(std::initializer_list<std::string> draws) : draws_(draws) {}
  // All of it must have been drawn.
  ~ScriptedRandom() override { EXPECT_TRUE(draws_.empty()); }

  // A draw of another size than the script's next one fails the test.
  void Fill(std::span<uint8_t> out) override {
    std::fill(out.begin(), out.end(), 0);
    if (draws_.empty() || draws_.front().size() != out.size()) {
      ADD_FAILURE() << "a draw of " << out.size() << " bytes is not in the script";
      return;
    }
    std::copy(draws_.front().begin(), draws_.front().end(), out.begin());
    draws_.pop_front();
  }

 private:
  std::deque<std::string> draws_;
};

}  // namespace letterlock::testing
