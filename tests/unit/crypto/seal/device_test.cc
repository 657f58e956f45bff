#include "crypto/seal/device.h"

#include <gtest/gtest.h>

#include <string>

#include "crypto/base/context.h"
#include "letterlock/mail/v1/device.pb.h"
#include "people.h"

namespace letterlock::seal {
namespace {

TEST(DeviceCertificate, NamesMemberAndDeviceUnderTheIdentityKey) {
  const MemberKeys keys = MakeMember(MakeDeployment(), "ada");
  const SignedDeviceCertificate c = CertifyDevice(keys, 17);
  mail::v1::DeviceCertificate m;
  ASSERT_TRUE(m.ParseFromString(c.certificate));
  EXPECT_EQ(m.deployment(), keys.deployment.bytes());
  EXPECT_EQ(m.member(), keys.member.bytes());
  EXPECT_EQ(m.device_key(), keys.device.public_key().bytes());
  EXPECT_EQ(m.issued_unix_ms(), 17u);
  EXPECT_TRUE(
      keys.identity.public_key().Verify(context::kDeviceCertificate, {c.certificate}, c.signature));
  EXPECT_FALSE(
      keys.device.public_key().Verify(context::kDeviceCertificate, {c.certificate}, c.signature));
  EXPECT_FALSE(keys.identity.public_key().Verify(context::kMessage, {c.certificate}, c.signature));
}

TEST(SessionSignature, IsBoundToServerMemberDeviceAndChallenge) {
  const MemberKeys ada = MakeMember(MakeDeployment(), "ada");
  const std::string challenge(kChallengeSize, 'c');
  const std::string signature = *SignSession(ada, "mail.example.com", challenge);
  EXPECT_EQ(signature, *SignSession(ada, "mail.example.com", challenge));
  EXPECT_NE(signature, *SignSession(ada, "evil.example.com", challenge));
  EXPECT_NE(signature, *SignSession(ada, "mail.example.com", std::string(kChallengeSize, 'd')));
  EXPECT_NE(signature,
            *SignSession(MakeMember(ada.deployment, "ada"), "mail.example.com", challenge));
}

TEST(SessionSignature, NeedsAChallengeAndAName) {
  const MemberKeys ada = MakeMember(MakeDeployment(), "ada");
  EXPECT_FALSE(SignSession(ada, "", std::string(kChallengeSize, 'c')).ok());
  EXPECT_FALSE(SignSession(ada, "x", std::string(kChallengeSize - 1, 'c')).ok());
  EXPECT_FALSE(SignSession(ada, "x", std::string(kChallengeSize + 1, 'c')).ok());
}

}  // namespace
}  // namespace letterlock::seal
