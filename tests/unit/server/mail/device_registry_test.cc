// A member's devices end when she says so, and stay ended; her keyrings are there when they are
// needed, and not for ever.
#include "server/mail/devices/device_registry.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "devices_world.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/mail/fault_points.h"
#include "server/rpc/status.h"
#include "support/temporary_directory.h"

namespace letterlock::mail {
namespace {

using testing::SealedKeyring;
using testing::WriteFault;

class DeviceRegistryTest : public ::testing::Test {
 protected:
  // A further device of ann's.
  TestUser Enrolled(const std::string& name) {
    EXPECT_TRUE(world_.Enroll(devices_.RequestOf(ann_.WithDevice(name))).ok());
    return ann_.WithDevice(name);
  }
  void ExpectRefusedAsRevoked(const v1::EnrollRequest& request) {
    const absl::Status status = world_.Enroll(request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
    EXPECT_EQ(rpc::ReasonOf(status), common::v1::ERROR_REASON_UNKNOWN_DEVICE);
    EXPECT_EQ(rpc::FieldOf(status), "device_certificate");
  }
  absl::StatusOr<std::vector<Device>> List(const TestUser& by) {
    return world_.devices->List(world_.GrantOf(by), MailWorld::Soon());
  }

  DevicesWorld devices_;
  MailWorld& world_ = devices_.world;
  TestUser& ann_ = world_.AddMember("ann");
  TestUser& bob_ = world_.AddMember("bob");
  const std::string first_ = SealedKeyring("first");
  const std::string second_ = SealedKeyring("second");
};

TEST_F(DeviceRegistryTest, ListsTheMembersOwn) {
  const TestUser phone = Enrolled("phone");
  const auto listed = List(phone).value();
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0].key, ann_.device.public_key());
  EXPECT_EQ(listed[1].key, phone.device.public_key());
  EXPECT_EQ(listed[1].issued_unix_ms, 1'700'000'000'000u);
}

TEST_F(DeviceRegistryTest, ARevokedDeviceHasNoSessionAnyMore) {
  const TestUser phone = Enrolled("phone");
  const MemberGrant session = world_.GrantOf(phone);
  ASSERT_TRUE(world_.mailboxes->Open(session, MailWorld::Soon()).ok());
  const auto request = world_.SessionRequestOf(phone);

  ASSERT_TRUE(devices_.Revoke(ann_, phone).ok());
  EXPECT_EQ(rpc::ReasonOf(world_.mailboxes->Open(session, MailWorld::Soon()).status()),
            common::v1::ERROR_REASON_UNKNOWN_DEVICE);
  EXPECT_EQ(rpc::ReasonOf(world_.sessions->Open(request, MailWorld::Soon()).status()),
            common::v1::ERROR_REASON_UNKNOWN_DEVICE);
  EXPECT_EQ(List(ann_)->size(), 1u);
  EXPECT_EQ(rpc::ReasonOf(List(phone).status()), common::v1::ERROR_REASON_UNKNOWN_DEVICE);
  EXPECT_EQ(rpc::ReasonOf(devices_.Put(phone, first_)), common::v1::ERROR_REASON_UNKNOWN_DEVICE);
  EXPECT_EQ(rpc::ReasonOf(devices_.Revoke(phone, ann_)), common::v1::ERROR_REASON_UNKNOWN_DEVICE);
}

// The attack: somebody kept the request that enrolled the device, or makes another one of its
// certificate.
TEST_F(DeviceRegistryTest, AnEnrolmentThatIsSentAgainDoesNotBringARevokedDeviceBack) {
  const TestUser phone = Enrolled("phone");
  const auto captured = devices_.RequestOf(phone);
  ASSERT_TRUE(devices_.Revoke(ann_, phone).ok());
  ExpectRefusedAsRevoked(captured);
  world_.Restart();
  ExpectRefusedAsRevoked(captured);
  // With a newer proof, and under a newer entry of the same identity key.
  ASSERT_TRUE(devices_.Name(ann_, first_).ok());
  ExpectRefusedAsRevoked(devices_.RequestOf(phone));
  EXPECT_FALSE(devices_.IsRegistered(phone));
  // The owner's will is a newer certificate.
  EXPECT_TRUE(world_.Enroll(devices_.RequestOf(phone, 1'700'000'000'001)).ok());
  EXPECT_TRUE(devices_.IsRegistered(phone));
}

TEST_F(DeviceRegistryTest, ADeviceMayRevokeItself) {
  ASSERT_TRUE(devices_.Revoke(ann_, ann_).ok());
  EXPECT_FALSE(devices_.IsRegistered(ann_));
  EXPECT_EQ(rpc::ReasonOf(devices_.Revoke(ann_, ann_)), common::v1::ERROR_REASON_UNKNOWN_DEVICE);
}

TEST_F(DeviceRegistryTest, ADeviceThatIsNotTheMembersIsNotFound) {
  for (const TestUser& device :
       {ann_.WithDevice("never enrolled"), bob_.WithDevice("bob device")}) {
    const absl::Status status = devices_.Revoke(ann_, device);
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(rpc::ReasonOf(status), common::v1::ERROR_REASON_NOT_FOUND);
    EXPECT_EQ(rpc::FieldOf(status), "device_key");
  }
  EXPECT_TRUE(devices_.IsRegistered(bob_));
}

TEST_F(DeviceRegistryTest, OfTwoThatRevokeEachOtherOneStays) {
  for (std::uint64_t round = 1; round <= 20; ++round) {
    const TestUser phone = ann_.WithDevice("phone");
    for (const TestUser* user : {&std::as_const(ann_), &phone}) {
      ASSERT_TRUE(world_.Enroll(devices_.RequestOf(*user, 1'800'000'000'000 + round)).ok());
    }
    const MemberGrant by_ann = world_.GrantOf(ann_);
    const MemberGrant by_phone = world_.GrantOf(phone);
    std::thread other([&] {
      (void)world_.devices->Revoke(by_phone, ann_.device.public_key(), MailWorld::Soon());
    });
    (void)world_.devices->Revoke(by_ann, phone.device.public_key(), MailWorld::Soon());
    other.join();
    EXPECT_NE(devices_.IsRegistered(ann_), devices_.IsRegistered(phone));
  }
}

TEST_F(DeviceRegistryTest, AnotherIdentityKeyEndsWhatWasRememberedWithTheCertificates) {
  const TestUser phone = Enrolled("phone");
  ASSERT_TRUE(devices_.Revoke(ann_, phone).ok());
  const auto first = ann_.member.Sign(ann_.member.FirstEntry());
  auto next = testing::TestMember::NextEntry(first.entry());
  next.set_identity_key(std::string(ann_.member.next_identity.public_key().bytes()));
  auto rotated = ann_.member.Sign(next);
  testing::TestMember::Authorise(&rotated, ann_.member.identity, false);
  world_.directory.Attest(&rotated);
  world_.directory.Put(rotated);
  world_.directory.MakeHead(world_.clock.Now());
  // A certificate by the new key: nobody has seen it before.
  EXPECT_TRUE(world_.Enroll(devices_.RequestOf(phone, 1)).ok());
  EXPECT_TRUE(devices_.IsRegistered(phone));
  EXPECT_FALSE(devices_.IsRegistered(ann_));
}

TEST_F(DeviceRegistryTest, TheOlderKeyringStaysUntilTheEntryThatNamesTheNewerOneIsEnrolled) {
  ASSERT_TRUE(devices_.Put(ann_, first_).ok());
  EXPECT_TRUE(absl::IsNotFound(devices_.Recover(ann_).status())) << "not named yet";
  ASSERT_TRUE(devices_.Name(ann_, first_).ok());
  EXPECT_EQ(devices_.Recover(ann_).value(), first_);

  ASSERT_TRUE(devices_.Put(ann_, second_).ok());
  EXPECT_EQ(devices_.Recover(ann_).value(), first_);
  EXPECT_EQ(devices_.KeyringRows(), 2u);
  world_.Restart();
  EXPECT_EQ(devices_.Recover(ann_).value(), first_);
  ASSERT_TRUE(devices_.Name(ann_, second_).ok());
  EXPECT_EQ(devices_.Recover(ann_).value(), second_);
  EXPECT_EQ(devices_.KeyringRows(), 1u);
}

// As when an account is made: who has no mailbox yet can't put a keyring into it.
TEST_F(DeviceRegistryTest, AKeyringMayComeAfterTheEntryThatNamesIt) {
  ASSERT_TRUE(devices_.Put(ann_, first_).ok());
  ASSERT_TRUE(devices_.Name(ann_, first_).ok());
  ASSERT_TRUE(devices_.Name(ann_, second_).ok());
  EXPECT_TRUE(absl::IsNotFound(devices_.Recover(ann_).status()));
  EXPECT_EQ(devices_.KeyringRows(), 1u) << "nothing goes before what takes its place is there";
  ASSERT_TRUE(devices_.Put(ann_, second_).ok());
  EXPECT_EQ(devices_.Recover(ann_).value(), second_);
  EXPECT_EQ(devices_.KeyringRows(), 1u);
}

TEST_F(DeviceRegistryTest, WhoPutsManyKeyringsKeepsTheNamedAndTheNewest) {
  ASSERT_TRUE(devices_.Put(ann_, first_).ok());
  ASSERT_TRUE(devices_.Name(ann_, first_).ok());
  std::string newest;
  for (int i = 0; i < 10; ++i) {
    newest = SealedKeyring(std::to_string(i), 65'536);
    ASSERT_TRUE(devices_.Put(ann_, newest).ok());
    EXPECT_EQ(devices_.KeyringRows(), 2u);
  }
  EXPECT_EQ(devices_.Recover(ann_).value(), first_);
  ASSERT_TRUE(devices_.Name(ann_, newest).ok());
  EXPECT_EQ(devices_.Recover(ann_).value(), newest);
}

TEST_F(DeviceRegistryTest, AKeyringThatIsThereIsNotWrittenAgain) {
  ASSERT_TRUE(devices_.Put(ann_, first_).ok());
  const std::uint64_t writes = devices_.Writes();
  ASSERT_TRUE(devices_.Put(ann_, first_).ok());
  EXPECT_EQ(devices_.Writes(), writes);
}

TEST_F(DeviceRegistryTest, EachMemberHasHerOwnKeyring) {
  for (TestUser* user : {&ann_, &bob_}) {
    const std::string keyring = SealedKeyring(user->member.handle.str());
    ASSERT_TRUE(devices_.Put(*user, keyring).ok());
    ASSERT_TRUE(devices_.Name(*user, keyring).ok());
  }
  EXPECT_EQ(devices_.Recover(ann_).value(), SealedKeyring("ann"));
  EXPECT_EQ(devices_.Recover(bob_).value(), SealedKeyring("bob"));
}

// What is answered with OK is on disk, also where another call's write is what made it so, and that
// one fails.
TEST_F(DeviceRegistryTest, AnAnswerIsNoGuess) {
  for (int round = 0; round < 30; ++round) {
    const std::string keyring = SealedKeyring(std::to_string(round));
    devices_.fake->Inject(round % 2 == 0 ? WriteFault::kFailsAndDoesNotPersist
                                         : WriteFault::kAborts);
    std::vector<absl::Status> answers(4);
    std::vector<std::thread> threads;
    for (absl::Status& answer : answers) {
      threads.emplace_back([&] { answer = devices_.Put(ann_, keyring); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const absl::Status& answer : answers) EXPECT_TRUE(answer.ok()) << answer;
    world_.Restart();
    ASSERT_TRUE(devices_.Name(ann_, keyring).ok());
    EXPECT_EQ(devices_.Recover(ann_).value(), keyring);
  }
}

TEST(DeviceRegistryOnRocksDb, KeepsKeyringsAndRevocationsOverARestart) {
  test::TemporaryDirectory directory;
  MailWorld world(RocksDbIn(directory / "store"));
  TestUser& ann = world.AddMember("ann");
  const TestUser phone = ann.WithDevice("phone");
  const auto captured = EnrollRequestOf(world.directory, phone);
  ASSERT_TRUE(world.Enroll(captured).ok());
  const std::string keyring = SealedKeyring("the largest", 65'536);
  ASSERT_TRUE(world.devices->PutKeyring(world.GrantOf(ann), keyring, MailWorld::Soon()).ok());
  testing::PublishKeyringIn(world.directory, ann, keyring, world.clock.Now());
  ASSERT_TRUE(world.Enroll(EnrollRequestOf(world.directory, ann)).ok());
  ASSERT_TRUE(
      world.devices->Revoke(world.GrantOf(ann), phone.device.public_key(), MailWorld::Soon()).ok());
  world.Restart();
  auto recovered = world.sessions->Recover(world.RecoverRequestOf(ann), MailWorld::Soon());
  ASSERT_TRUE(recovered.ok()) << recovered.status();
  EXPECT_EQ(recovered->sealed_keyring(), keyring);
  EXPECT_FALSE(world.Enroll(EnrollRequestOf(world.directory, phone)).ok());
  EXPECT_EQ(world.devices->List(world.GrantOf(ann), MailWorld::Soon())->size(), 1u);
}

// Each fault: refused, failed, and failed but persisted.
class RegistryFault : public DeviceRegistryTest,
                      public ::testing::WithParamInterface<WriteFault> {};

TEST_P(RegistryFault, OfARevocationIsMadeUpFor) {
  const TestUser phone = Enrolled("phone");
  devices_.fake->Inject(GetParam());
  const absl::Status revoked = devices_.Revoke(ann_, phone);
  EXPECT_TRUE(revoked.ok()) << revoked;
  world_.Restart();
  EXPECT_FALSE(devices_.IsRegistered(phone));
  ExpectRefusedAsRevoked(devices_.RequestOf(phone));
}

TEST_P(RegistryFault, OfADevicesOwnRevocationIsMadeUpFor) {
  devices_.fake->Inject(GetParam());
  const absl::Status revoked = devices_.Revoke(ann_, ann_);
  EXPECT_TRUE(revoked.ok()) << revoked;
  world_.Restart();
  EXPECT_FALSE(devices_.IsRegistered(ann_));
}

// Does something once, when a revocation's write is with the engine.
class WhenRevocationIsQueued final : public FaultPoints {
 public:
  explicit WhenRevocationIsQueued(std::function<void()> then) : then_(std::move(then)) {}
  void Reached(std::string_view point) override {
    if (point == point::kRevokeQueued) std::exchange(then_, [] {})();
  }

 private:
  std::function<void()> then_;
};

// The attack: a thief's device revokes the owner's, whose revocation of it has just failed; both
// would be gone.
TEST_P(RegistryFault, OfTwoThatRevokeEachOtherTheFirstOneWins) {
  const TestUser phone = Enrolled("phone");
  const TestUser tablet = Enrolled("tablet");
  const MemberGrant by_phone = world_.GrantOf(phone);
  absl::Status phones;
  WhenRevocationIsQueued points([&] {
    // The engine answers a mailbox's writes in order: the revocation's, then this one.
    ASSERT_TRUE(devices_.Put(tablet, first_).ok());
    phones = world_.devices->Revoke(by_phone, ann_.device.public_key(), MailWorld::Soon());
  });
  DeviceRegistry registry(*world_.mailboxes, &points);
  devices_.fake->Inject(GetParam());
  const absl::Status anns =
      registry.Revoke(world_.GrantOf(ann_), phone.device.public_key(), MailWorld::Soon());

  const bool ann_was_first = GetParam() == WriteFault::kFailsButPersists;
  const absl::Status& first = ann_was_first ? anns : phones;
  const absl::Status& second = ann_was_first ? phones : anns;
  EXPECT_TRUE(first.ok()) << first;
  EXPECT_EQ(rpc::ReasonOf(second), common::v1::ERROR_REASON_UNKNOWN_DEVICE) << second;
  world_.Restart();
  EXPECT_EQ(devices_.IsRegistered(ann_), ann_was_first);
  EXPECT_NE(devices_.IsRegistered(phone), ann_was_first);
}

TEST_P(RegistryFault, OfAKeyringIsMadeUpFor) {
  ASSERT_TRUE(devices_.Put(ann_, first_).ok());
  ASSERT_TRUE(devices_.Name(ann_, first_).ok());
  devices_.fake->Inject(GetParam());
  const absl::Status put = devices_.Put(ann_, second_);
  EXPECT_TRUE(put.ok()) << put;
  world_.Restart();
  EXPECT_EQ(devices_.Recover(ann_).value(), first_);
  devices_.fake->Inject(GetParam());
  ASSERT_TRUE(devices_.Name(ann_, second_).ok());
  world_.Restart();
  EXPECT_EQ(devices_.Recover(ann_).value(), second_);
  EXPECT_EQ(devices_.KeyringRows(), 1u);
}

TEST_P(RegistryFault, ThatGoesOnIsToldAndLeavesNothingHalfDone) {
  ASSERT_TRUE(devices_.Put(ann_, first_).ok());
  ASSERT_TRUE(devices_.Name(ann_, first_).ok());
  for (int i = 0; i < 8; ++i) devices_.fake->Inject(GetParam());
  const absl::Status put = devices_.Put(ann_, second_);
  if (!put.ok()) EXPECT_TRUE(rpc::RetryAfterOf(put).has_value()) << put;
  world_.Restart();
  EXPECT_EQ(devices_.Recover(ann_).value(), first_);
  EXPECT_LE(devices_.KeyringRows(), 2u);
  ASSERT_TRUE(devices_.Put(ann_, second_).ok());
  ASSERT_TRUE(devices_.Name(ann_, second_).ok());
  EXPECT_EQ(devices_.Recover(ann_).value(), second_);
}

INSTANTIATE_TEST_SUITE_P(Each, RegistryFault,
                         ::testing::Values(WriteFault::kAborts, WriteFault::kFailsAndDoesNotPersist,
                                           WriteFault::kFailsButPersists));

}  // namespace
}  // namespace letterlock::mail
