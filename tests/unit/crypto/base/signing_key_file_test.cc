#include "crypto/base/signing_key_file.h"

#include <gtest/gtest.h>

#include <string>

#include "crypto/base/strings.h"

namespace letterlock::crypto {
namespace {

SecretBytes<32> Seed() { return *SecretBytes<32>::FromBytes("0123456789abcdef0123456789abcdef"); }

TEST(SigningKeyFile, IsMagicPurposeAndSeed) {
  const auto file = EncodeSigningKeyFile(SigningPurpose::kPolicy, Seed());
  EXPECT_EQ(AsView(file.Reveal(KeyAccess{})),
            std::string("LLSKEY01") + '\2' + "0123456789abcdef0123456789abcdef");
}

TEST(SigningKeyFile, OpensForItsOwnPurposeAlone) {
  const auto file = EncodeSigningKeyFile(SigningPurpose::kLog, Seed());
  auto seed = ParseSigningKeyFile(SigningPurpose::kLog, file);
  ASSERT_TRUE(seed.ok());
  EXPECT_TRUE(*seed == Seed());
  EXPECT_FALSE(ParseSigningKeyFile(SigningPurpose::kPolicy, file).ok());
  EXPECT_FALSE(ParseSigningKeyFile(SigningPurpose::kRegistrar, file).ok());
}

TEST(SigningKeyFile, AnotherFileOfTheSameSizeIsRefused) {
  for (size_t at = 0; at < 9; ++at) {
    auto file = EncodeSigningKeyFile(SigningPurpose::kLog, Seed());
    file.RevealMutable(KeyAccess{})[at] ^= 0x40;
    EXPECT_FALSE(ParseSigningKeyFile(SigningPurpose::kLog, file).ok()) << at;
  }
}

}  // namespace
}  // namespace letterlock::crypto
