// Carrying an account to another device, and ending devices, over fakes of both servers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "client/failure.h"
#include "client_world.h"
#include "key_files.h"
#include "linking.h"

namespace letterlock::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Devices : public ClientTest {
 protected:
  absl::StatusOr<std::unique_ptr<ClientImpl>> Join(seal::MemberKeys carried,
                                                   const std::string& directory) {
    return ClientImpl::Link(SurroundingsOf(&deployment_), KeyFilesIn(directory), std::move(carried),
                            directory);
  }
  // What a link file of these keys is opened to on another device.
  seal::MemberKeys Carried(const User& user) {
    seal::MemberKeys keys = user.Keys();
    keys.device = crypto::SigningKey::Generate();
    return keys;
  }
  std::unique_ptr<ClientImpl> OpenIn(const std::string& directory) {
    return *ClientImpl::Make(SurroundingsOf(&deployment_), KeyFilesIn(directory),
                             *KeyFilesIn(directory)->Read(), directory);
  }
  crypto::PublicKey DeviceKeyIn(const std::string& directory) {
    return KeyFilesIn(directory)->Read()->device.public_key();
  }
  std::vector<std::string> KeysOf(const absl::StatusOr<std::vector<Device>>& devices) {
    EXPECT_TRUE(devices.ok()) << devices.status();
    std::vector<std::string> keys;
    for (const Device& device : *devices) keys.emplace_back(device.key.bytes());
    return keys;
  }
  test::TemporaryDirectory scratch_;
  const std::string phone_ = scratch_.path() + "/phone";
};

TEST_F(Devices, ALinkedDeviceReadsOldMailSendsAndHasAKeyOfItsOwn) {
  const auto laptop = Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(bob->Send(To(alice_, "from before")).ok());
  const auto phone = Join(Carried(alice_), phone_);
  ASSERT_TRUE(phone.ok()) << phone.status();
  const auto inbox = (*phone)->List(Folder::kInbox, 50);
  ASSERT_TRUE(inbox.ok()) << inbox.status();
  EXPECT_THAT(Bodies(inbox), ElementsAre("from before"));
  ASSERT_TRUE((*phone)->Send(To(bob_, "from the phone")).ok());
  EXPECT_THAT(Bodies(bob->List(Folder::kInbox, 50)), ElementsAre("from the phone"));
  EXPECT_THAT(Bodies(laptop->List(Folder::kSent, 50)), ElementsAre("from the phone"));
  EXPECT_NE(DeviceKeyIn(phone_), alice_.member.device.public_key());
  EXPECT_EQ(alice_.member.member, KeyFilesIn(phone_)->Read()->member);
}

TEST_F(Devices, TheLinkFileIsForItsOwnerAloneAndReplacesNothing) {
  const auto laptop = Make(alice_);
  const std::string path = scratch_.path() + "/link";
  const auto show = [](const SecretBuffer&) { return absl::OkStatus(); };
  ASSERT_TRUE(laptop->WriteLinkFile(path, show).ok());
  struct stat found{};
  ASSERT_EQ(stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  EXPECT_EQ(ProblemOf(laptop->WriteLinkFile(path, show)), Problem::kUsage);
}

TEST_F(Devices, ALinkFileWhoseCodeCouldNotBeShownIsGone) {
  const auto laptop = Make(alice_);
  const std::string path = scratch_.path() + "/link";
  EXPECT_TRUE(absl::IsDataLoss(laptop->WriteLinkFile(
      path, [](const SecretBuffer&) { return absl::DataLossError("no output"); })));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Devices, NoLinkFileIsWrittenWhereTheOwnEntryWasChangedByAnother) {
  const auto laptop = Make(alice_);
  Rotate(alice_);
  const std::string path = scratch_.path() + "/link";
  EXPECT_EQ(
      ProblemOf(laptop->WriteLinkFile(path, [](const SecretBuffer&) { return absl::OkStatus(); })),
      Problem::kAlarm);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Devices, ALinkFileOpensWithItsCodeAlone) {
  const auto laptop = Make(alice_);
  const std::string path = scratch_.path() + "/link";
  std::string code;
  ASSERT_TRUE(laptop
                  ->WriteLinkFile(path,
                                  [&](const SecretBuffer& shown) {
                                    code = Text(shown);
                                    return absl::OkStatus();
                                  })
                  .ok());
  std::ifstream file(path, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  crypto::SystemRandom random;
  const auto open = [&](const std::string& content, const std::string& typed) {
    return KeysInLinkFile(content, SecretBuffer::Copy(typed), random);
  };
  const auto keys = open(bytes, code);
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->member, alice_.member.member);
  EXPECT_TRUE(Join(keys->Clone(KeyAccess{}), phone_).ok());
  EXPECT_EQ(DeviceKeyIn(phone_), keys->device.public_key());
  EXPECT_TRUE(absl::IsPermissionDenied(open(bytes, "00000-00000-00000-00000").status()));
  EXPECT_EQ(ProblemOf(open(bytes, "00000").status()), Problem::kUsage);
  EXPECT_EQ(ProblemOf(open("no link file", code).status()), Problem::kUsage);
}

// Nothing that is in a file can be used up: the second use is one more device, or the same again.
TEST_F(Devices, UsedTwiceALinkFileMakesTwoDevicesButOneOfOneDirectory) {
  const auto laptop = Make(alice_);
  ASSERT_TRUE(Join(Carried(alice_), phone_).ok());
  const auto key = DeviceKeyIn(phone_);
  ASSERT_TRUE(Join(Carried(alice_), phone_).ok());
  EXPECT_EQ(DeviceKeyIn(phone_), key);
  EXPECT_EQ(laptop->Devices()->size(), 2u);
  ASSERT_TRUE(Join(Carried(alice_), scratch_.path() + "/tablet").ok());
  EXPECT_EQ(laptop->Devices()->size(), 3u);
}

TEST_F(Devices, GoesOnWhereLinkingStoppedWithTheSameDeviceKey) {
  const auto laptop = Make(alice_);
  deployment_.enroll_error = absl::InternalError("stopped");
  EXPECT_FALSE(Join(Carried(alice_), phone_).ok());
  const auto key = DeviceKeyIn(phone_);
  EXPECT_EQ(ProblemOf(OpenIn(phone_)->List(Folder::kInbox, 5).status()), Problem::kUsage)
      << "not complete yet";
  deployment_.enroll_error = absl::OkStatus();
  ASSERT_TRUE(Join(Carried(alice_), phone_).ok());
  EXPECT_EQ(DeviceKeyIn(phone_), key);
  EXPECT_TRUE(OpenIn(phone_)->List(Folder::kInbox, 5).ok());
}

TEST_F(Devices, LinkedAgainADirectoryTakesTheNewKeysAndKeepsDeviceKeyAndPins) {
  const auto laptop = Make(alice_);
  Make(bob_);
  {
    const auto phone = Join(Carried(alice_), phone_);
    ASSERT_TRUE((*phone)->Lookup(bob_.member.handle).ok());
  }
  const auto key = DeviceKeyIn(phone_);
  seal::MemberKeys changed = Carried(alice_);
  Rotate(alice_);  // elsewhere, by her
  changed.earlier_identities.push_back(std::move(changed.identity));
  changed.identity = crypto::SigningKey::FromSeed(alice_.identity);
  EXPECT_EQ(ProblemOf(OpenIn(phone_)->Account().status()), Problem::kAlarm);
  const auto phone = Join(std::move(changed), phone_);
  ASSERT_TRUE(phone.ok()) << phone.status();
  EXPECT_EQ(DeviceKeyIn(phone_), key);
  const auto account = (*phone)->Account();
  ASSERT_TRUE(account.ok()) << account.status();
  EXPECT_EQ(account->version, 2u);
  EXPECT_EQ(account->pins, 1u);
  EXPECT_EQ((*phone)->Lookup(bob_.member.handle)->correspondent->pin, PinVerdict::kSame);
}

// As after a recovery without a keyring.
TEST_F(Devices, LinkedAgainWithAnotherStateKeyItKeepsItsState) {
  const auto laptop = Make(alice_);
  Make(bob_);
  ASSERT_TRUE((*Join(Carried(alice_), phone_))->Lookup(bob_.member.handle).ok());
  seal::MemberKeys carried = Carried(alice_);
  carried.state_key = User(&deployment_, "alice").state_key.Clone(KeyAccess{});
  const auto phone = Join(std::move(carried), phone_);
  ASSERT_TRUE(phone.ok()) << phone.status();
  EXPECT_EQ((*phone)->Account()->pins, 1u);
}

TEST_F(Devices, LinkedAgainItTakesAChangeOfKeysBackAndSaysSoOfAKit) {
  Make(alice_);
  const auto kit = seal::RecoveryKit::Parse(kits_[0]);
  for (const bool replaces_kit : {false, true}) {
    ASSERT_TRUE(Join(Carried(alice_), phone_).ok());
    deployment_.break_call = "Publish";
    ASSERT_FALSE(OpenIn(phone_)
                     ->RotateKeys({.kit = replaces_kit ? &*kit : nullptr,
                                   .show_new_kit = replaces_kit ? KeepKit().show_kit : nullptr})
                     .ok());
    ASSERT_TRUE(std::filesystem::exists(phone_ + "/account.key.next"));
    const auto phone = Join(Carried(alice_), phone_);
    ASSERT_TRUE(phone.ok()) << phone.status();
    EXPECT_EQ((*phone)->shown_kit_dropped(), replaces_kit);
    EXPECT_FALSE(std::filesystem::exists(phone_ + "/account.key.next"));
    EXPECT_TRUE((*phone)->Account().ok());
  }
}

TEST_F(Devices, AFileOfBeforeAChangeOfKeysLinksNothing) {
  Make(alice_);
  seal::MemberKeys before = Carried(alice_);
  Rotate(alice_);
  EXPECT_EQ(ProblemOf(Join(std::move(before), phone_).status()), Problem::kVerification);
  EXPECT_FALSE(std::filesystem::exists(phone_));
}

TEST_F(Devices, AnotherAccountsDirectoryIsLeftAlone) {
  const auto laptop = Make(alice_);
  ASSERT_TRUE(Join(Carried(alice_), phone_).ok());
  const auto before = DeviceKeyIn(phone_);
  const auto bob = Make(bob_);
  EXPECT_EQ(ProblemOf(Join(Carried(bob_), phone_).status()), Problem::kUsage);
  EXPECT_EQ(KeyFilesIn(phone_)->Read()->handle, alice_.member.handle);
  EXPECT_EQ(DeviceKeyIn(phone_), before);
  EXPECT_TRUE(absl::IsPermissionDenied(ClientImpl::Link(SurroundingsOf(&deployment_),
                                                        KeyFilesIn(phone_, "wrong"),
                                                        Carried(alice_), phone_)
                                           .status()));
}

TEST_F(Devices, SaysThatThereAreAsManyAsMayBe) {
  const auto laptop = Make(alice_);
  deployment_.enroll_error = rpc::Fail(absl::StatusCode::kFailedPrecondition,
                                       common::v1::ERROR_REASON_TOO_MANY, "is of a 17th device");
  const absl::Status status = Join(Carried(alice_), phone_).status();
  EXPECT_NE(std::string(status.message()).find("revoke one"), std::string::npos) << status;
}

TEST_F(Devices, EachSeesAllAndWhichIsItself) {
  const auto laptop = Make(alice_);
  const auto phone = Join(Carried(alice_), phone_);
  ASSERT_TRUE(phone.ok());
  for (const auto& [client, mine] : {std::pair{laptop.get(), alice_.member.device.public_key()},
                                     std::pair{phone->get(), DeviceKeyIn(phone_)}}) {
    const auto devices = client->Devices();
    ASSERT_EQ(devices->size(), 2u);
    for (const Device& device : *devices) EXPECT_EQ(device.current, device.key == mine);
  }
}

TEST_F(Devices, ARevokedDeviceSaysSoAndShowsWhatItKeptOffline) {
  const auto laptop = Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(bob->Send(To(alice_, "kept")).ok());
  {
    const auto phone = Join(Carried(alice_), phone_);
    ASSERT_TRUE((*phone)->List(Folder::kInbox, 5).ok());
  }
  ASSERT_TRUE(laptop->RevokeDevice(DeviceKeyIn(phone_)).ok());
  EXPECT_THAT(KeysOf(laptop->Devices()),
              ElementsAre(std::string(alice_.member.device.public_key().bytes())));
  const auto phone = OpenIn(phone_);
  EXPECT_EQ(ProblemOf(phone->List(Folder::kInbox, 5).status()), Problem::kRevoked);
  EXPECT_EQ(ProblemOf(phone->Send(To(bob_, "x")).status()), Problem::kRevoked);
  EXPECT_EQ(ProblemOf(phone->Devices().status()), Problem::kRevoked);
  EXPECT_EQ(ProblemOf(phone->Watch(absl::Seconds(1), [](const Listing&) { return true; })),
            Problem::kRevoked);
  phone->StayOffline();
  EXPECT_THAT(Bodies(phone->List(Folder::kInbox, 5)), ElementsAre("kept"));
}

TEST_F(Devices, RevokingIsDoneAlsoWhereTheFirstAnswerWasLost) {
  const auto laptop = Make(alice_);
  ASSERT_TRUE(Join(Carried(alice_), phone_).ok());
  const auto phone = DeviceKeyIn(phone_);
  deployment_.loses_next_revocations_answer = true;
  EXPECT_TRUE(laptop->RevokeDevice(phone).ok());
  EXPECT_TRUE(laptop->RevokeDevice(phone).ok()) << "it is no device any more";
  deployment_.loses_next_revocations_answer = true;
  EXPECT_TRUE(laptop->RevokeDevice(alice_.member.device.public_key()).ok());
  EXPECT_EQ(ProblemOf(laptop->Devices().status()), Problem::kRevoked);
}

}  // namespace
}  // namespace letterlock::client
