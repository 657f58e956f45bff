#include "crypto/base/sign.h"

#include <gtest/gtest.h>

#include <string>

#include "crypto/base/encoding.h"

namespace letterlock::crypto {
namespace {

PublicKey KeyFromHex(std::string_view hex) { return *PublicKey::FromBytes(*HexDecode(hex)); }

TEST(Ed25519, SignatureIsOverContextZeroByteAndParts) {
  const SigningKey key = SigningKey::Generate();
  const std::string signature = key.Sign("context", {"ab", "c"});
  EXPECT_EQ(signature, key.SignRaw(std::string("context\0abc", 11)));
  EXPECT_TRUE(key.public_key().Verify("context", {"a", "bc"}, signature));
  EXPECT_TRUE(key.public_key().VerifyRaw(std::string("context\0abc", 11), signature));
}

TEST(Ed25519, SignatureForOneContextIsRefusedUnderAnother) {
  const SigningKey key = SigningKey::Generate();
  const std::string signature = key.Sign("letterlock/v1/message", {"x"});
  EXPECT_FALSE(key.public_key().Verify("letterlock/v1/session", {"x"}, signature));
  EXPECT_FALSE(key.public_key().Verify("letterlock/v1/messag", {"ex"}, signature));
  EXPECT_FALSE(key.public_key().VerifyRaw("x", signature));
}

TEST(Ed25519, AnotherKeyRefuses) {
  const std::string signature = SigningKey::Generate().Sign("context", {"x"});
  EXPECT_FALSE(SigningKey::Generate().public_key().Verify("context", {"x"}, signature));
}

TEST(Ed25519, AnyFlippedBitOfTheSignatureIsRefused) {
  const SigningKey key = SigningKey::Generate();
  const std::string signature = key.Sign("context", {"x"});
  for (size_t bit = 0; bit < signature.size() * 8; ++bit) {
    std::string flipped = signature;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(key.public_key().Verify("context", {"x"}, flipped)) << bit;
  }
}

TEST(Ed25519, SignatureOfAnyOtherLengthIsRefused) {
  const SigningKey key = SigningKey::Generate();
  const std::string signature = key.SignRaw("x");
  EXPECT_FALSE(key.public_key().VerifyRaw("x", ""));
  EXPECT_FALSE(key.public_key().VerifyRaw("x", signature.substr(0, 63)));
  EXPECT_FALSE(key.public_key().VerifyRaw("x", signature + '\0'));
}

TEST(Ed25519, SeedGivesTheSameKeyAgain) {
  const SigningKey key = SigningKey::Generate();
  const SigningKey again = SigningKey::FromSeed(key.Seed());
  EXPECT_EQ(again.public_key().bytes(), key.public_key().bytes());
  EXPECT_EQ(again.SignRaw("x"), key.SignRaw("x"));
}

TEST(Ed25519, PublicKeyOfAnotherLengthIsRefused) {
  EXPECT_FALSE(PublicKey::FromBytes(std::string(31, 'x')).ok());
  EXPECT_FALSE(PublicKey::FromBytes(std::string(33, 'x')).ok());
}

TEST(Ed25519, CheckPointTakesEveryGeneratedKey) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(SigningKey::Generate().public_key().CheckPoint().ok());
  }
}

// The eight points of small order, their non-canonical encodings, and points off the curve.
TEST(Ed25519, BadPublicKeysAreRefusedByCheckPointAndVerifyNothing) {
  const std::string zeros(64, '\0');
  // With a public key of small order, R = identity and S = 0 verify under plain RFC 8032 for some
  // messages: the forgery that the refusal is for.
  const std::string forged = *HexDecode("01" + std::string(126, '0'));
  for (const char* hex : {
           "0000000000000000000000000000000000000000000000000000000000000000",
           "0100000000000000000000000000000000000000000000000000000000000000",
           "0000000000000000000000000000000000000000000000000000000000000080",
           "0100000000000000000000000000000000000000000000000000000000000080",
           "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
           "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
           "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
           "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
           "0200000000000000000000000000000000000000000000000000000000000000",
           "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
       }) {
    const PublicKey key = KeyFromHex(hex);
    EXPECT_EQ(key.CheckPoint().code(), absl::StatusCode::kInvalidArgument) << hex;
    for (const char* message : {"", "a", "b", "c", "d", "e", "f", "g", "h"}) {
      EXPECT_FALSE(key.VerifyRaw(message, forged)) << hex;
      EXPECT_FALSE(key.VerifyRaw(message, zeros)) << hex;
    }
  }
}

// The point plus the one of order two: (x, y) becomes (-x, -y). libsodium's verification takes such
// a key; verifiers that multiply by the cofactor and those that don't may then disagree.
PublicKey WithSmallOrderComponent(const PublicKey& key) {
  std::string y(key.bytes());
  const int sign = y[31] & 0x80;
  y[31] = static_cast<char>(y[31] & 0x7f);
  std::string p(32, '\xff');  // 2^255 - 19, little-endian
  p[0] = '\xed';
  p[31] = '\x7f';
  int borrow = 0;
  for (size_t i = 0; i < 32; ++i) {
    const int d = static_cast<uint8_t>(p[i]) - static_cast<uint8_t>(y[i]) - borrow;
    borrow = d < 0 ? 1 : 0;
    y[i] = static_cast<char>(d & 0xff);
  }
  y[31] = static_cast<char>(y[31] | (sign ^ 0x80));
  return *PublicKey::FromBytes(y);
}

TEST(Ed25519, CheckPointRefusesAKeyWithASmallOrderComponent) {
  for (int i = 0; i < 20; ++i) {
    const PublicKey key = SigningKey::Generate().public_key();
    const PublicKey mixed = WithSmallOrderComponent(key);
    EXPECT_FALSE(mixed.CheckPoint().ok());
    EXPECT_TRUE(WithSmallOrderComponent(mixed).bytes() == key.bytes());
  }
}

}  // namespace
}  // namespace letterlock::crypto
