#include "crypto/base/hash.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "crypto/base/encoding.h"

namespace letterlock::crypto {
namespace {

std::string Hex(const Digest& digest) { return HexEncode(ToString(digest)); }

// FIPS 180-4's examples.
TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(Hex(Sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hex(Sha256(std::string(1000000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, ContextStandsBeforeAZeroByteAndTheParts) {
  EXPECT_EQ(Sha256("context", {"ab", std::string("c")}), Sha256(std::string("context\0abc", 11)));
  EXPECT_EQ(Sha256("context", {}), Sha256(std::string("context\0", 8)));
  EXPECT_NE(Sha256("context", {"abc"}), Sha256("contex", {"tabc"}));
}

TEST(Sha256, ConcatenatesPartsAsTheyAre) {
  EXPECT_EQ(Sha256Concat({"a", "", "bc"}), Sha256("abc"));
}

TEST(Sha256, HasherInPiecesEqualsOneShot) {
  Sha256Hasher plain;
  Sha256Hasher with_context("context");
  std::string all;
  for (int i = 0; i < 300; ++i) {
    const std::string piece(static_cast<size_t>(i % 70), static_cast<char>('a' + i % 26));
    all += piece;
    plain.Update(piece);
    with_context.Update(piece);
  }
  Sha256Hasher moved = std::move(plain);
  EXPECT_EQ(moved.Finish(), Sha256(all));
  EXPECT_EQ(with_context.Finish(), Sha256("context", {all}));
}

TEST(Digest, IsThirtyTwoBytesOrRefused) {
  const Digest digest = Sha256("x");
  ASSERT_TRUE(DigestFromBytes(ToString(digest)).ok());
  EXPECT_EQ(*DigestFromBytes(ToString(digest)), digest);
  EXPECT_FALSE(DigestFromBytes(std::string(31, 'x')).ok());
  EXPECT_FALSE(DigestFromBytes(std::string(33, 'x')).ok());
  EXPECT_FALSE(DigestFromBytes("").ok());
}

}  // namespace
}  // namespace letterlock::crypto
