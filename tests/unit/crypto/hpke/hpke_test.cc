#include "crypto/hpke/hpke.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <type_traits>

#include "crypto/base/kdf.h"
#include "support/flip.h"

namespace letterlock::hpke {
namespace {

using crypto::KeyAccess;
using crypto::SystemRandom;
using crypto::X25519PrivateKey;
using crypto::X25519PublicKey;
using testing::Flip;

static_assert(!std::is_copy_constructible_v<SenderContext>, "a copied context repeats nonces");
static_assert(!std::is_copy_constructible_v<RecipientContext>);

RC_GTEST_PROP(Hpke, OpensWhatItSealed,
              (const std::string& info, const std::string& aad, const std::string& text)) {
  SystemRandom random;
  const X25519PrivateKey key = X25519PrivateKey::Generate();
  const auto sealed = SealBase(key.public_key(), info, aad, text, random);
  RC_ASSERT(sealed.ok());
  RC_ASSERT(sealed->size() == text.size() + kEncapsulatedKeySize + kTagSize);
  const auto opened = OpenBase(*sealed, key, info, aad);
  RC_ASSERT(opened.ok());
  RC_ASSERT(opened->RevealView(KeyAccess{}) == text);
}

TEST(Hpke, AnyFlippedBitIsRefused) {
  SystemRandom random;
  const X25519PrivateKey key = X25519PrivateKey::Generate();
  const std::string sealed = *SealBase(key.public_key(), "info", "aad", "text", random);
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    EXPECT_FALSE(OpenBase(Flip(sealed, bit), key, "info", "aad").ok()) << bit;
  }
}

TEST(Hpke, AnotherKeyInfoOrAssociatedDataIsRefused) {
  SystemRandom random;
  const X25519PrivateKey key = X25519PrivateKey::Generate();
  const std::string sealed = *SealBase(key.public_key(), "info", "aad", "text", random);
  EXPECT_TRUE(OpenBase(sealed, key, "info", "aad").ok());
  EXPECT_FALSE(OpenBase(sealed, X25519PrivateKey::Generate(), "info", "aad").ok());
  EXPECT_FALSE(OpenBase(sealed, key, "inf", "aad").ok());
  EXPECT_FALSE(OpenBase(sealed, key, "info", "").ok());
  EXPECT_FALSE(OpenBase(sealed, key, "infoa", "ad").ok());
}

TEST(Hpke, AnyTruncationIsRefused) {
  SystemRandom random;
  const X25519PrivateKey key = X25519PrivateKey::Generate();
  const std::string sealed = *SealBase(key.public_key(), "", "", "text", random);
  for (size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_EQ(OpenBase(sealed.substr(0, size), key, "", "").status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(Hpke, SealingTwiceGivesUnrelatedBytes) {
  SystemRandom random;
  const X25519PrivateKey key = X25519PrivateKey::Generate();
  EXPECT_NE(SealBase(key.public_key(), "", "", "text", random)->substr(0, 32),
            SealBase(key.public_key(), "", "", "text", random)->substr(0, 32));
}

TEST(Hpke, SmallOrderKeysAreRefusedOnBothSides) {
  SystemRandom random;
  const X25519PrivateKey key = X25519PrivateKey::Generate();
  EXPECT_EQ(SealBase(X25519PublicKey(), "", "", "text", random).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(SetupBaseR(std::string(32, '\0'), key, "").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(SetupBaseR(std::string("\1") + std::string(31, '\0'), key, "").ok());
  EXPECT_FALSE(SetupBaseR(std::string(31, 'x'), key, "").ok());
  EXPECT_FALSE(SetupBaseR(std::string(33, 'x'), key, "").ok());
}

TEST(Hpke, MessagesOpenInTheirOrderOnly) {
  SystemRandom random;
  const X25519PrivateKey key = X25519PrivateKey::Generate();
  auto sender = SetupBaseS(key.public_key(), "info", random);
  ASSERT_TRUE(sender.ok());
  auto recipient = SetupBaseR(sender->enc, key, "info");
  ASSERT_TRUE(recipient.ok());
  const std::string first = *sender->context.Seal("", "first");
  const std::string second = *sender->context.Seal("", "second");
  EXPECT_NE(first.substr(0, 5), second.substr(0, 5));
  EXPECT_FALSE(recipient->Open("", second).ok());
  EXPECT_TRUE(recipient->Open("", first).ok());
  EXPECT_FALSE(recipient->Open("", first).ok());
  EXPECT_TRUE(recipient->Open("", second).ok());
}

TEST(Hpke, ExportsDependOnContextAndSetup) {
  SystemRandom random;
  const X25519PrivateKey key = X25519PrivateKey::Generate();
  const auto sender = SetupBaseS(key.public_key(), "info", random);
  const auto other = SetupBaseS(key.public_key(), "info", random);
  ASSERT_TRUE(sender.ok() && other.ok());
  const auto bytes = [](const SenderContext& context, std::string_view name) {
    return std::string(context.Export(name, 32)->RevealView(KeyAccess{}));
  };
  EXPECT_NE(bytes(sender->context, "a"), bytes(sender->context, "b"));
  EXPECT_NE(bytes(sender->context, "a"), bytes(other->context, "a"));
  EXPECT_TRUE(sender->context.Export("a", crypto::kHkdfMaxOutput).ok());
  EXPECT_EQ(sender->context.Export("a", crypto::kHkdfMaxOutput + 1).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(Hpke, ShortKeyMaterialIsRefused) {
  EXPECT_FALSE(DeriveKeyPair(std::string(31, 'k')).ok());
  EXPECT_TRUE(DeriveKeyPair(std::string(32, 'k')).ok());
}

}  // namespace
}  // namespace letterlock::hpke
