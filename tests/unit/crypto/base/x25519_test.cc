#include "crypto/base/x25519.h"

#include <gtest/gtest.h>

#include <string>

#include "crypto/base/encoding.h"

namespace letterlock::crypto {
namespace {

TEST(X25519, BothSidesShareOneSecret) {
  const X25519PrivateKey a = X25519PrivateKey::Generate();
  const X25519PrivateKey b = X25519PrivateKey::Generate();
  ASSERT_TRUE(a.SharedSecret(b.public_key()).ok());
  EXPECT_TRUE(*a.SharedSecret(b.public_key()) == *b.SharedSecret(a.public_key()));
  EXPECT_FALSE(*a.SharedSecret(b.public_key()) == *a.SharedSecret(a.public_key()));
}

TEST(X25519, ZeroPublicKeyIsRefused) {
  EXPECT_EQ(X25519PrivateKey::Generate().SharedSecret(X25519PublicKey()).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(X25519PublicKey().CheckPoint().code(), absl::StatusCode::kInvalidArgument);
}

// CheckPoint names the low-order points; the exchange computes. Around each of them, with either
// top bit and with each single bit flipped, the two agree on which keys give a secret of zeros.
TEST(X25519, CheckPointRefusesExactlyWhatNoExchangeTakes) {
  const char* const low_order[] = {
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};
  const X25519PrivateKey probe = X25519PrivateKey::Generate();
  const auto judge = [&](const std::string& bytes) {
    const X25519PublicKey key = *X25519PublicKey::FromBytes(bytes);
    EXPECT_EQ(key.CheckPoint().ok(), probe.SharedSecret(key).ok()) << HexEncode(bytes);
    return key.CheckPoint().ok();
  };
  for (const char* hex : low_order) {
    const std::string point = *HexDecode(hex);
    for (const int top : {0x00, 0x80}) {
      std::string bytes = point;
      bytes[31] = static_cast<char>(bytes[31] ^ top);
      EXPECT_FALSE(judge(bytes));
      for (size_t bit = 0; bit < 255; ++bit) {
        std::string flipped = bytes;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
        judge(flipped);
      }
    }
  }
}

TEST(X25519, CheckPointTakesEveryGeneratedKey) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(X25519PrivateKey::Generate().public_key().CheckPoint().ok());
  }
}

TEST(X25519, PublicKeyOfAnotherLengthIsRefused) {
  EXPECT_FALSE(X25519PublicKey::FromBytes(std::string(31, 'x')).ok());
  EXPECT_FALSE(X25519PublicKey::FromBytes(std::string(33, 'x')).ok());
}

TEST(X25519, SameSecretGivesTheSamePublicKey) {
  const X25519PrivateKey key = X25519PrivateKey::Generate();
  const auto again = X25519PrivateKey::FromSecret(key.secret().Clone(KeyAccess{}));
  EXPECT_EQ(again.public_key().bytes(), key.public_key().bytes());
}

}  // namespace
}  // namespace letterlock::crypto
