#include "crypto/base/x25519.h"

#include <gtest/gtest.h>

#include <string>

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
