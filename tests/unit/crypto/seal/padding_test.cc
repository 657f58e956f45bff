#include "crypto/seal/padding.h"

#include <gtest/gtest.h>

namespace letterlock::seal {
namespace {

TEST(Padding, IsMinimalMonotoneAndItsOwnFixedPoint) {
  uint32_t before = 0;
  for (size_t n = 1; n <= kMaxPaddedLength; ++n) {
    const auto padded = PaddedLength(n);
    ASSERT_TRUE(padded.ok());
    ASSERT_GE(*padded, n);
    ASSERT_GE(*padded, before);
    ASSERT_LE(*padded, kMaxPaddedLength);
    ASSERT_EQ(*PaddedLength(*padded), *padded);
    ASSERT_EQ(*padded % 256, 0u);
    if (n > 4096) ASSERT_LE(*padded * 100, n * 112);  // Padme's bound
    before = *padded;
  }
}

TEST(Padding, LeavesFewSizesToTellApart) {
  int sizes = 0;
  for (uint64_t n = 0; n <= kMaxPaddedLength + 4096; ++n) sizes += IsPaddedLength(n) ? 1 : 0;
  EXPECT_EQ(sizes, 16 + 3 * 16);  // multiples of 256 up to 4 KiB; then 16 for each doubling
}

TEST(Padding, NothingAndTooMuchAreRefused) {
  EXPECT_FALSE(PaddedLength(0).ok());
  EXPECT_TRUE(PaddedLength(kMaxPaddedLength).ok());
  EXPECT_FALSE(PaddedLength(kMaxPaddedLength + 1).ok());
  EXPECT_FALSE(PaddedLength(SIZE_MAX).ok());
  EXPECT_FALSE(IsPaddedLength(UINT64_MAX));
  EXPECT_FALSE(IsPaddedLength(uint64_t{1} << 32 | 256));
}

}  // namespace
}  // namespace letterlock::seal
