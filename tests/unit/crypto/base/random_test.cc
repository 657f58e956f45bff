#include "crypto/base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

namespace letterlock::crypto {
namespace {

using Bytes = std::array<uint8_t, 24>;

TEST(PublicRandom, GivesNoBytesTwice) {
  std::set<Bytes> seen;
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(seen.insert(RandomArray<24>(PublicRandom())).second);
}

TEST(PublicRandom, GivesEachThreadItsOwn) {
  std::set<Bytes> seen{RandomArray<24>(PublicRandom())};
  Bytes other{};
  std::thread([&] { other = RandomArray<24>(PublicRandom()); }).join();
  EXPECT_TRUE(seen.insert(other).second);
}

TEST(PublicRandom, FillsWhateverTheSize) {
  for (const size_t size : {0, 1, 1023, 1024, 1025, 5000}) {
    // A byte that no draw of 64 sets is one that was left out.
    std::vector<uint8_t> ever(size);
    for (int i = 0; i < 64; ++i) {
      std::vector<uint8_t> out(size);
      PublicRandom().Fill(out);
      for (size_t j = 0; j < size; ++j) ever[j] |= out[j];
    }
    EXPECT_EQ(std::count(ever.begin(), ever.end(), 0), 0) << size;
  }
}

}  // namespace
}  // namespace letterlock::crypto
