// Which certificates bring a device in, and that none brings one back that was revoked.
#include "server/mail/mailbox/certified_devices.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "attest/canonical_proto.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"
#include "support/attested_directory.h"

namespace letterlock::mail {
namespace {

Device DeviceOf(int name, std::uint64_t issued_unix_ms) {
  std::string bytes(32, 'd');
  bytes[0] = static_cast<char>(name);
  const auto key = crypto::PublicKey::FromBytes(bytes).value();
  return {key, crypto::KeyIdOf(key), issued_unix_ms};
}

bool Takes(Profile& profile, int name, std::uint64_t issued_unix_ms) {
  return TakeCertificate(DeviceOf(name, issued_unix_ms), &profile).ok();
}

bool Revokes(Profile& profile, int name) { return RevokeDevice(DeviceOf(name, 0).key, &profile); }

TEST(CertifiedDevices, ARevokedOneNeedsANewerCertificate) {
  Profile profile;
  ASSERT_TRUE(Takes(profile, 1, 100));
  ASSERT_TRUE(Takes(profile, 1, 70));  // an older one changes nothing
  ASSERT_TRUE(Revokes(profile, 1));
  EXPECT_TRUE(profile.devices.empty());
  const absl::Status replayed = TakeCertificate(DeviceOf(1, 100), &profile);
  EXPECT_EQ(replayed.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(rpc::ReasonOf(replayed), common::v1::ERROR_REASON_UNKNOWN_DEVICE);
  EXPECT_EQ(rpc::FieldOf(replayed), "device_certificate");
  EXPECT_FALSE(Takes(profile, 1, 70));
  EXPECT_TRUE(Takes(profile, 1, 101));
  EXPECT_TRUE(profile.revoked.empty());
  EXPECT_TRUE(Takes(profile, 2, 1)) << "others are as good as before";
}

TEST(CertifiedDevices, OneThatIsNotThereIsNotRevoked) {
  Profile profile;
  ASSERT_TRUE(Takes(profile, 1, 100));
  EXPECT_FALSE(Revokes(profile, 2));
  EXPECT_EQ(profile.devices.size(), 1u);
  EXPECT_TRUE(profile.revoked.empty());
}

TEST(CertifiedDevices, ARefusalChangesNothing) {
  Profile profile;
  for (int name = 0; name < static_cast<int>(kMaxDevices); ++name) {
    ASSERT_TRUE(Takes(profile, name, 5));
  }
  ASSERT_TRUE(Revokes(profile, 3));
  ASSERT_TRUE(Takes(profile, 100, 5));
  const std::string before = EncodeProfile(profile);
  EXPECT_EQ(rpc::ReasonOf(TakeCertificate(DeviceOf(101, 5), &profile)),
            common::v1::ERROR_REASON_TOO_MANY);
  EXPECT_EQ(rpc::ReasonOf(TakeCertificate(DeviceOf(3, 6), &profile)),
            common::v1::ERROR_REASON_TOO_MANY);
  EXPECT_FALSE(Takes(profile, 3, 5));
  EXPECT_EQ(EncodeProfile(profile), before);
}

TEST(CertifiedDevices, WhereThereIsNoRoomForTheRevokedTheOldestTakesTheOlderCertificatesAlong) {
  Profile profile;
  for (int name = 0; name <= static_cast<int>(kMaxRevoked); ++name) {
    ASSERT_TRUE(Takes(profile, name, 1000 + static_cast<std::uint64_t>(name)));
    ASSERT_TRUE(Revokes(profile, name));
  }
  EXPECT_EQ(profile.revoked.size(), kMaxRevoked);
  EXPECT_FALSE(Takes(profile, 0, 1000)) << "forgotten in the device's favour";
  EXPECT_FALSE(Takes(profile, 100, 1000)) << "nobody can tell it from the one that was forgotten";
  EXPECT_FALSE(Takes(profile, 1, 1001));
  EXPECT_TRUE(Takes(profile, 100, 1001));
  // One that is registered stays, whatever its certificate's time.
  ASSERT_TRUE(Takes(profile, 0, 5000));
  EXPECT_TRUE(Takes(profile, 0, 3));
}

// The model remembers every revocation for ever.
RC_GTEST_PROP(CertifiedDevices, NeverComeBackByACertificateFromBeforeTheirRevocation, ()) {
  struct Step {
    bool revoke;
    int name;
    std::uint64_t issued;
  };
  // Enough of them to fill what is remembered.
  const auto steps = *rc::gen::container<std::vector<Step>>(
      300, rc::gen::construct<Step>(rc::gen::arbitrary<bool>(), rc::gen::inRange(0, 60),
                                    rc::gen::inRange<std::uint64_t>(0, 50)));
  static const std::string entry =
      attest::SerializeCanonical(testing::TestMember("ann", crypto::DeploymentId()).FirstEntry());
  Profile profile = ProfileOn(crypto::MemberId(), entry).value();
  std::map<int, std::uint64_t> registered;
  std::map<int, std::uint64_t> revoked;
  for (const Step& step : steps) {
    if (step.revoke) {
      const auto known = registered.find(step.name);
      RC_ASSERT(Revokes(profile, step.name) == (known != registered.end()));
      if (known == registered.end()) continue;
      revoked[step.name] = std::max(revoked[step.name], known->second);
      registered.erase(known);
      continue;
    }
    const bool there = registered.contains(step.name);
    const bool taken = Takes(profile, step.name, step.issued);
    if (there) RC_ASSERT(taken);
    if (!there && taken) {
      RC_ASSERT(!revoked.contains(step.name) || step.issued > revoked[step.name]);
    }
    if (taken) registered[step.name] = std::max(registered[step.name], step.issued);
    RC_ASSERT(profile.revoked.size() <= kMaxRevoked);
    // What is stored says all of it.
    const auto read = DecodeProfile(EncodeProfile(profile));
    RC_ASSERT(read.ok());
    profile = *read;
  }
  RC_ASSERT(profile.devices.size() == registered.size());
}

}  // namespace
}  // namespace letterlock::mail
