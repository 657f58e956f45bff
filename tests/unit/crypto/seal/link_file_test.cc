#include "crypto/seal/link_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "crypto/seal/key_file.h"
#include "people.h"
#include "support/flip.h"
#include "support/scripted_random.h"

namespace letterlock::seal {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

class LinkFile : public ::testing::Test {
 protected:
  crypto::SystemRandom random_;
  const MemberKeys keys_ = *MakeMember(MakeDeployment(), "ada").Rotated(random_);
};

TEST_F(LinkFile, CarriesAllKeysButTheDevices) {
  const LinkCode code = LinkCode::Generate(random_);
  const auto file = SealLinkFile(keys_, code, random_);
  ASSERT_TRUE(file.ok()) << file.status();
  crypto::SigningKey device = crypto::SigningKey::Generate(random_);
  const crypto::PublicKey device_key = device.public_key();
  const auto opened = OpenLinkFile(*file, code, std::move(device));
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->member.bytes(), keys_.member.bytes());
  EXPECT_EQ(opened->handle.str(), keys_.handle.str());
  EXPECT_TRUE(opened->identity.Seed() == keys_.identity.Seed());
  EXPECT_TRUE(opened->encryption.secret() == keys_.encryption.secret());
  EXPECT_TRUE(opened->state_key == keys_.state_key);
  EXPECT_EQ(opened->earlier_identities.size(), 1u);
  EXPECT_EQ(opened->earlier_encryptions.size(), 1u);
  EXPECT_EQ(opened->device.public_key(), device_key);
  // Whoever reads the file itself finds no device's key, the old device's least of all.
  const auto inside = OpenKeyFile(*file, code.passphrase());
  ASSERT_TRUE(inside.ok());
  EXPECT_NE(inside->device.public_key(), keys_.device.public_key());
}

TEST_F(LinkFile, OpensWithItsOwnCodeAlone) {
  const LinkCode code = LinkCode::Generate(random_);
  std::string file = *SealLinkFile(keys_, code, random_);
  EXPECT_TRUE(absl::IsPermissionDenied(
      OpenLinkFile(file, LinkCode::Generate(random_), crypto::SigningKey::Generate(random_))
          .status()));
  file = letterlock::testing::Flip(file, 8 * file.size() - 1);
  EXPECT_TRUE(absl::IsPermissionDenied(
      OpenLinkFile(file, code, crypto::SigningKey::Generate(random_)).status()));
}

TEST_F(LinkFile, CodeIsFourGroupsOfFiveAndReadBackHoweverItIsTyped) {
  const LinkCode code = LinkCode::Generate(random_);
  const std::string text = Text(code.ToText());
  ASSERT_EQ(text.size(), kLinkCodeTextSize);
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i % 6 == 5) {
      EXPECT_EQ(text[i], '-');
    } else {
      EXPECT_NE(kAlphabet.find(text[i]), std::string_view::npos);
      digits += text[i];
    }
  }
  EXPECT_EQ(Text(code.passphrase()), digits) << "the hyphens are no part of it";
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::string spaced = " " + digits.substr(0, 10) + "  " + digits.substr(10) + " ";
  for (const std::string& typed : {text, lower, spaced}) {
    const auto parsed = LinkCode::Parse(typed);
    ASSERT_TRUE(parsed.ok()) << typed;
    EXPECT_EQ(Text(parsed->passphrase()), digits) << typed;
  }
  EXPECT_EQ(Text(LinkCode::Parse("oOiIlL00-11AB-CDEFG-HJK")->passphrase()), "0011110011ABCDEFGHJK")
      << "O is 0, I and L are 1";
}

TEST_F(LinkFile, RefusesWhatIsNoCode) {
  for (const char* typed : {"", "ABCDE", "ABCDE-FGHJK-MNPQR-STVW", "ABCDE-FGHJK-MNPQR-STVWX-Y",
                            "ABCDE-FGHJK-MNPQR-STVWU", "ABCDE_FGHJK_MNPQR_STVWX"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(LinkCode::Parse(typed).status())) << typed;
  }
}

// 100 bits: each digit from five bits of its own.
TEST_F(LinkFile, EachDigitOfACodeIsDrawnByItself) {
  std::string bytes;
  for (int i = 0; i < 20; ++i) bytes += static_cast<char>(i + 0xe0);
  letterlock::testing::ScriptedRandom script({bytes});
  EXPECT_EQ(Text(LinkCode::Generate(script).passphrase()), kAlphabet.substr(0, 20));
}

}  // namespace
}  // namespace letterlock::seal
