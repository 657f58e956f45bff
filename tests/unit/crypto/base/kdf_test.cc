#include "crypto/base/kdf.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "crypto/base/encoding.h"
#include "crypto/base/strings.h"

namespace letterlock::crypto {
namespace {

std::string Hex(const SecretBytes<32>& key) { return HexEncode(AsView(key.Reveal(KeyAccess{}))); }

// RFC 5869, appendix A.1.
TEST(Hkdf, ExtractGivesTheRfcKey) {
  const std::string salt = *HexDecode("000102030405060708090a0b0c");
  EXPECT_EQ(Hex(HkdfExtract(salt, {std::string(11, 0x0b), std::string(11, 0x0b)})),
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
}

TEST(Hkdf, EmptySaltIsThirtyTwoZeroBytes) {
  const SecretBytes<32> ikm = SecretBytes<32>::Random();
  EXPECT_TRUE(HkdfExtract("", ikm) == HkdfExtract(std::string(32, '\0'), ikm));
}

TEST(Hkdf, OneCallIsExtractThenExpandOverContextAndZeroByte) {
  const SecretBytes<32> ikm = SecretBytes<32>::Random();
  SecretBytes<32> expected = SecretBytes<32>::Zero();
  ASSERT_TRUE(HkdfExpand(HkdfExtract("salt", ikm), {std::string("letterlock/v1/x\0", 16)},
                         expected.RevealMutable(KeyAccess{}))
                  .ok());
  EXPECT_TRUE(Hkdf(ikm, "salt", "letterlock/v1/x") == expected);
  EXPECT_FALSE(Hkdf(ikm, "salt", "letterlock/v1/y") == expected);
  EXPECT_FALSE(Hkdf(ikm, "", "letterlock/v1/x") == expected);
}

TEST(Hkdf, RefusesMoreThanTheRfcAllows) {
  const SecretBytes<32> prk = SecretBytes<32>::Random();
  std::vector<uint8_t> out(kHkdfMaxOutput + 1);
  EXPECT_EQ(HkdfExpand(prk, {}, out).code(), absl::StatusCode::kInvalidArgument);
  out.pop_back();
  EXPECT_TRUE(HkdfExpand(prk, {}, out).ok());
}

}  // namespace
}  // namespace letterlock::crypto
