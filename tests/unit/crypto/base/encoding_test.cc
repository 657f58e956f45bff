#include "crypto/base/encoding.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "crypto/base/base32.h"

namespace letterlock::crypto {
namespace {

// RFC 4648, section 10.
TEST(Base64, GivesTheRfcsExamples) {
  EXPECT_EQ(Base64Encode(""), "");
  EXPECT_EQ(Base64Encode("f"), "Zg==");
  EXPECT_EQ(Base64Encode("fo"), "Zm8=");
  EXPECT_EQ(Base64Encode("foo"), "Zm9v");
  EXPECT_EQ(Base64Encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(Base64Encode("\xff\xfe\xfd"), "//79");
  EXPECT_EQ(Base64UrlEncode("\xff\xfe\xfd"), "__79");
  EXPECT_EQ(Base64UrlEncode("f"), "Zg");
}

TEST(Base64, RefusesAnythingButTheCanonicalForm) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v=", "Zm9v\n", " Zm9v",
                           "Zm 9v", "Z", "====", "__79", "Zm9v!", "Zg==Zg=="}) {
    EXPECT_EQ(Base64Decode(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  for (const char* text : {"Zg==", "Zh", "Z", "//79", "Zm9v\n", "Zg=", " "}) {
    EXPECT_EQ(Base64UrlDecode(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(HexText, RefusesAnythingButLowerCasePairs) {
  EXPECT_EQ(*HexDecode("00ff1a"), std::string("\x00\xff\x1a", 3));
  for (const char* text : {"0", "0g", "FF", "fF", "0x00", " 00", "00 ", "0 0", "00:11"}) {
    EXPECT_EQ(HexDecode(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(Crockford, HasItsAlphabet) {
  const std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  for (unsigned i = 0; i < 32; ++i) {
    EXPECT_EQ(CrockfordDigit(i), alphabet[i]);
    EXPECT_EQ(CrockfordValue(alphabet[i]), static_cast<int>(i));
    EXPECT_EQ(CrockfordValue(static_cast<char>(std::tolower(alphabet[i]))), static_cast<int>(i));
  }
}

TEST(Crockford, TakesTheDigitsThatPeopleWriteForOthersAndNoMore) {
  for (int c = 0; c < 256; ++c) {
    const char digit = static_cast<char>(c);
    const bool zero = digit == 'o' || digit == 'O' || digit == '0';
    const bool one = digit == 'i' || digit == 'I' || digit == 'l' || digit == 'L' || digit == '1';
    const bool letter = std::isalpha(c) != 0 && c < 128 && digit != 'u' && digit != 'U';
    const bool any = letter || std::isdigit(c) != 0;
    EXPECT_EQ(CrockfordValue(digit) >= 0, any) << c;
    if (zero) EXPECT_EQ(CrockfordValue(digit), 0);
    if (one) EXPECT_EQ(CrockfordValue(digit), 1);
  }
}

TEST(Crockford, RefusesStrayBitsAndImpossibleLengths) {
  EXPECT_EQ(CrockfordEncode("f"), "CR");
  EXPECT_EQ(*CrockfordDecode("CR"), "f");
  for (const char* text : {"C", "CS", "CR0", "CR-", "C R", "CRU", "000"}) {
    EXPECT_FALSE(CrockfordDecode(text).ok()) << text;
  }
}

RC_GTEST_PROP(Encodings, RoundTripAnyBytes, (const std::string& bytes)) {
  RC_ASSERT(*Base64Decode(Base64Encode(bytes)) == bytes);
  RC_ASSERT(*Base64UrlDecode(Base64UrlEncode(bytes)) == bytes);
  RC_ASSERT(*HexDecode(HexEncode(bytes)) == bytes);
  RC_ASSERT(*CrockfordDecode(CrockfordEncode(bytes)) == bytes);
}

// Whatever a decoder takes, the encoder gives back: each value has one text.
RC_GTEST_PROP(Encodings, DecodersTakeCanonicalTextOnly, ()) {
  const auto text =
      *rc::gen::container<std::string>(rc::gen::elementOf(std::string("AQgw09+/-_=abcdef \n")));
  if (const auto bytes = Base64Decode(text); bytes.ok()) RC_ASSERT(Base64Encode(*bytes) == text);
  if (const auto bytes = Base64UrlDecode(text); bytes.ok()) {
    RC_ASSERT(Base64UrlEncode(*bytes) == text);
  }
  if (const auto bytes = HexDecode(text); bytes.ok()) RC_ASSERT(HexEncode(*bytes) == text);
}

}  // namespace
}  // namespace letterlock::crypto
