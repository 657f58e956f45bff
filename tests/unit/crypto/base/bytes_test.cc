#include "crypto/base/bytes.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace letterlock::crypto {
namespace {

TEST(ByteWriter, WritesBigEndian) {
  EXPECT_EQ(ByteWriter().U8(1).U16(0x0203).U32(0x04050607).U64(0x08090a0b0c0d0e0f).Take(),
            "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f");
  EXPECT_EQ(ByteWriter().Field("ab").Bytes("c").Field("").str(),
            std::string("\0\0\0\2abc\0\0\0\0", 11));
}

RC_GTEST_PROP(ByteReader, ReadsWhatTheWriterWrote,
              (uint8_t a, uint16_t b, uint32_t c, uint64_t d, const std::string& field,
               const std::string& rest)) {
  const std::string bytes = ByteWriter().U8(a).U16(b).U32(c).U64(d).Field(field).Bytes(rest).Take();
  ByteReader r(bytes);
  RC_ASSERT(r.U8() == a);
  RC_ASSERT(r.U16() == b);
  RC_ASSERT(r.U32() == c);
  RC_ASSERT(r.U64() == d);
  RC_ASSERT(r.Field() == field);
  RC_ASSERT(r.Rest() == rest);
  RC_ASSERT(r.Finish().ok());
}

RC_GTEST_PROP(ByteReader, EveryShorterInputFails, (uint32_t a, const std::string& field)) {
  const std::string bytes = ByteWriter().U32(a).Field(field).Take();
  for (size_t size = 0; size < bytes.size(); ++size) {
    ByteReader r(std::string_view(bytes).substr(0, size));
    r.U32();
    r.Field();
    RC_ASSERT(r.Finish().code() == absl::StatusCode::kInvalidArgument);
  }
}

TEST(ByteReader, BytesLeftOverFail) {
  ByteReader r("abc");
  EXPECT_EQ(r.Bytes(2), "ab");
  EXPECT_EQ(r.remaining(), 1u);
  EXPECT_TRUE(r.ok());
  EXPECT_EQ(r.Finish().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ByteReader, FailsForGoodAfterTheFirstReadPastTheEnd) {
  ByteReader r("\x01\x02\x03");
  EXPECT_EQ(r.U32(), 0u);
  EXPECT_FALSE(r.ok());
  EXPECT_EQ(r.U8(), 0u);
  EXPECT_EQ(r.Rest(), "");
  EXPECT_FALSE(r.Finish().ok());
}

TEST(ByteReader, FieldAboveItsLimitFails) {
  const std::string bytes = ByteWriter().Field("abc").Take();
  ByteReader fits(bytes);
  EXPECT_EQ(fits.Field(3), "abc");
  ByteReader too_long(bytes);
  EXPECT_EQ(too_long.Field(2), "");
  EXPECT_FALSE(too_long.Finish().ok());
}

TEST(ByteReader, HugeLengthIsNotBelieved) {
  ByteReader r(
      std::string_view("\xff\xff\xff\xff"
                       "a",
                       5));
  EXPECT_EQ(r.Field(), "");
  EXPECT_FALSE(r.Finish().ok());
}

}  // namespace
}  // namespace letterlock::crypto
