#include "crypto/base/aead.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "support/flip.h"

namespace letterlock::crypto {
namespace {

using testing::Flip;

template <typename Aead>
class AeadTest : public ::testing::Test {};
using Aeads = ::testing::Types<XChaCha20Poly1305, ChaCha20Poly1305>;
TYPED_TEST_SUITE(AeadTest, Aeads);

TYPED_TEST(AeadTest, OpensWhatItSealedAtAnySize) {
  SystemRandom random;
  EXPECT_TRUE(rc::check([&](const std::string& text, const std::string& aad) {
    const SecretBytes<32> key = SecretBytes<32>::Random();
    const auto nonce = RandomArray<TypeParam::kNonceSize>(random);
    const std::string sealed = TypeParam::Seal(key, nonce, aad, text);
    RC_ASSERT(sealed.size() == text.size() + TypeParam::kTagSize);
    RC_ASSERT(*TypeParam::OpenToString(key, nonce, aad, sealed) == text);
    RC_ASSERT(TypeParam::Open(key, nonce, aad, sealed)->RevealView(KeyAccess{}) == text);
  }));
}

TYPED_TEST(AeadTest, AnyFlippedBitIsRefused) {
  SystemRandom random;
  const SecretBytes<32> key = SecretBytes<32>::Random();
  const auto nonce = RandomArray<TypeParam::kNonceSize>(random);
  const std::string aad = "associated";
  const std::string sealed = TypeParam::Seal(key, nonce, aad, "some text");
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    EXPECT_FALSE(TypeParam::Open(key, nonce, aad, Flip(sealed, bit)).ok()) << bit;
  }
  for (size_t bit = 0; bit < aad.size() * 8; ++bit) {
    EXPECT_FALSE(TypeParam::Open(key, nonce, Flip(aad, bit), sealed).ok()) << bit;
  }
  for (size_t bit = 0; bit < nonce.size() * 8; ++bit) {
    auto other = nonce;
    other[bit / 8] = static_cast<uint8_t>(other[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(TypeParam::Open(key, other, aad, sealed).ok()) << bit;
  }
  EXPECT_FALSE(TypeParam::Open(SecretBytes<32>::Random(), nonce, aad, sealed).ok());
}

TYPED_TEST(AeadTest, AnyTruncationIsRefused) {
  SystemRandom random;
  const SecretBytes<32> key = SecretBytes<32>::Random();
  const auto nonce = RandomArray<TypeParam::kNonceSize>(random);
  const std::string sealed = TypeParam::Seal(key, nonce, "", "text");
  for (size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_EQ(TypeParam::Open(key, nonce, "", sealed.substr(0, size)).status().code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_FALSE(TypeParam::OpenToString(key, nonce, "", sealed.substr(0, size)).ok());
  }
}

TYPED_TEST(AeadTest, AppendsBehindWhatIsThere) {
  const SecretBytes<32> key = SecretBytes<32>::Random();
  const typename TypeParam::Nonce nonce{};
  std::string out = "front";
  TypeParam::SealAppend(key, nonce, "", "text", &out);
  EXPECT_EQ(out, "front" + TypeParam::Seal(key, nonce, "", "text"));
}

TYPED_TEST(AeadTest, NonceHasOneSize) {
  EXPECT_TRUE(TypeParam::NonceFromBytes(std::string(TypeParam::kNonceSize, 'n')).ok());
  EXPECT_FALSE(TypeParam::NonceFromBytes(std::string(TypeParam::kNonceSize - 1, 'n')).ok());
  EXPECT_FALSE(TypeParam::NonceFromBytes(std::string(TypeParam::kNonceSize + 1, 'n')).ok());
  EXPECT_FALSE(TypeParam::NonceFromBytes("").ok());
}

}  // namespace
}  // namespace letterlock::crypto
