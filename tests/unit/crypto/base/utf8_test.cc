#include "crypto/base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace letterlock::crypto {
namespace {

// RFC 3629 by its definition: encodes a number in `size` bytes, allowed or not.
std::string Encode(uint32_t c, int size) {
  if (size == 1) return std::string(1, static_cast<char>(c));
  std::string out;
  static constexpr uint32_t kLead[] = {0, 0, 0xc0, 0xe0, 0xf0};
  out.push_back(static_cast<char>(kLead[size] | c >> (6 * (size - 1))));
  for (int i = size - 2; i >= 0; --i) {
    out.push_back(static_cast<char>(0x80 | (c >> (6 * i) & 0x3f)));
  }
  return out;
}

int ShortestSize(uint32_t c) { return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4; }

TEST(Utf8, TakesEveryScalarValueInItsShortestFormOnly) {
  for (uint32_t c = 0; c < 0x200000; ++c) {
    const bool scalar = c <= 0x10ffff && !(c >= 0xd800 && c <= 0xdfff);
    for (int size = ShortestSize(c); size <= 4; ++size) {
      const auto count = CountCharacters(Encode(c, size));
      ASSERT_EQ(count.has_value(), scalar && size == ShortestSize(c)) << c << " in " << size;
      if (count) ASSERT_EQ(*count, 1u);
    }
  }
}

TEST(Utf8, CountsScalarValues) {
  EXPECT_EQ(CountCharacters(""), 0u);
  EXPECT_EQ(CountCharacters("a\xc3\xa9\xe2\x82\xac\xf0\x90\x8d\x88"), 4u);
  EXPECT_EQ(CountCharacters(std::string("a\0b", 3)), 3u);
}

TEST(Utf8, RefusesCutAndStrayBytes) {
  for (const char* text : {"\x80", "\xbf", "\xc3", "\xe2\x82", "\xf0\x90\x8d", "\xc3(", "\xfe",
                           "\xff", "\xf8\x88\x80\x80\x80", "a\xe2\x82z"}) {
    EXPECT_FALSE(CountCharacters(text).has_value());
  }
}

TEST(Utf8, TakesApartWhatItPutTogether) {
  for (uint32_t c = 0; c <= 0x10ffff; ++c) {
    if (c >= 0xd800 && c <= 0xdfff) continue;
    std::string text;
    AppendScalar(c, &text);
    ASSERT_EQ(text, Encode(c, ShortestSize(c)));
    const Scalar scalar = FirstScalar(text + "x");
    ASSERT_TRUE(scalar.valid && scalar.value == c && scalar.size == text.size()) << c;
  }
}

}  // namespace
}  // namespace letterlock::crypto
