// Taking an account back with its kit, over fakes of both servers: from nothing, from a thief, from
// a mail server that withholds or replaces the keyring, and from every point of interruption.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "client/failure.h"
#include "recovery_world.h"

namespace letterlock::client {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

TEST_F(RecoveryTest, TheKitAloneBringsTheAccountBack) {
  const auto bob = Make(bob_);
  const auto alice = Make(alice_);  // the second kit
  ASSERT_TRUE(alice->Send(To(bob_, "sent before")).ok());
  ASSERT_TRUE(bob->Send(To(alice_, "received before")).ok());
  ASSERT_EQ(bob->List(Folder::kInbox, 50)->messages.size(), 1u);

  const absl::Status recovered = Recover(alice_, kits_[1]);
  ASSERT_TRUE(recovered.ok()) << recovered;
  const auto anew = OpenAnew();
  EXPECT_EQ(anew->Account()->version, 2u);
  EXPECT_NE(anew->Account()->identity_key, alice_.member.identity.public_key());
  EXPECT_NE(anew->Account()->device_key, alice_.member.device.public_key());
  EXPECT_EQ(anew->Account()->pins, 0u) << "correspondents are pinned anew";
  EXPECT_THAT(Bodies(anew->List(Folder::kInbox, 50)), ElementsAre("received before"));
  EXPECT_THAT(Bodies(anew->List(Folder::kSent, 50)), ElementsAre("sent before"));

  ASSERT_TRUE(bob->Send(To(alice_, "received after")).ok());
  EXPECT_TRUE(bob->Lookup(alice_.member.handle)->correspondent->pin == PinVerdict::kSame)
      << "the change was one step, and followed";
  ASSERT_TRUE(anew->Send(To(bob_, "sent after")).ok());
  EXPECT_THAT(Bodies(anew->List(Folder::kInbox, 50)),
              ElementsAre("received after", "received before"));
  EXPECT_THAT(Bodies(bob->List(Folder::kInbox, 50)), ElementsAre("sent after", "sent before"));
  EXPECT_TRUE(bob->alarm().ok());

  // The lost device: signed out, and its keys are nobody's.
  EXPECT_EQ(ProblemOf(alice->Account().status()), Problem::kAlarm);
  EXPECT_EQ(deployment_.devices[std::string(alice_.member.member.bytes())].size(), 1u);
}

TEST_F(RecoveryTest, TheKitStaysGood) {
  Make(alice_);
  ASSERT_TRUE(Recover(alice_, kits_[0]).ok());
  std::filesystem::remove_all(Anew());
  const absl::Status again = Recover(alice_, kits_[0]);
  ASSERT_TRUE(again.ok()) << again;
  EXPECT_EQ(OpenAnew()->Account()->version, 3u);
}

TEST_F(RecoveryTest, AKitThatIsNotTheAccountsChangesNothing) {
  Make(alice_);
  Make(bob_);
  const int publishes = deployment_.publishes;
  const absl::Status bobs = Recover(alice_, kits_[1]);
  EXPECT_EQ(ProblemOf(bobs), Problem::kUsage) << bobs;
  std::string mistyped = kits_[0];
  mistyped[16] = mistyped[16] == 'A' ? 'B' : 'A';  // a check character: always found
  const absl::Status wrong = Recover(alice_, mistyped);
  EXPECT_EQ(ProblemOf(wrong), Problem::kUsage);
  EXPECT_EQ(wrong.message(), "recovery kit: group 3 is wrong");
  const User nobody(&deployment_, "nobody");
  EXPECT_EQ(ProblemOf(Recover(nobody, kits_[0])), Problem::kNotFound);
  EXPECT_EQ(deployment_.publishes, publishes);
  EXPECT_FALSE(std::filesystem::exists(Anew()));
}

TEST_F(RecoveryTest, DoesNotTouchAnAccountThatIsThere) {
  Make(alice_);
  const SecretBuffer kit = SecretBuffer::Copy(kits_[0]);
  const std::string& there = alice_.directory.path();
  EXPECT_TRUE(absl::IsAlreadyExists(ClientImpl::RecoverAccount(
      SurroundingsOf(&deployment_), KeyFilesIn(there), there, {alice_.member.handle, kit})));
  EXPECT_TRUE(Open(alice_)->Account().ok());
}

TEST_F(RecoveryTest, AnothersFilesInTheDirectoryStayAsTheyAre) {
  Make(alice_);
  Make(bob_);
  const std::string state = Anew() + "/state";
  std::filesystem::create_directory(Anew());
  std::filesystem::permissions(Anew(), std::filesystem::perms::owner_all);
  std::filesystem::copy(bob_.directory.path() + "/state", state);
  const auto size = std::filesystem::file_size(state);
  EXPECT_EQ(Recover(alice_, kits_[0]).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(std::filesystem::file_size(state), size);
  EXPECT_FALSE(std::filesystem::exists(Anew() + "/account.key"));
  std::filesystem::remove(state);
  EXPECT_TRUE(Recover(alice_, kits_[0]).ok());
}

// Nothing is published on half of the knowledge, and nothing is lost: later it works.
TEST_F(RecoveryTest, AKeyringThatIsWithheldOrReplacedEndsItBeforeAnythingIsMade) {
  Make(alice_);
  Make(bob_);
  const std::string old_one = KeyringOf(alice_);
  ASSERT_TRUE(Open(alice_)->RotateKeys({}).ok());
  const int publishes = deployment_.publishes;
  for (const absl::StatusOr<std::string>& given : std::vector<absl::StatusOr<std::string>>{
           absl::UnauthenticatedError(""), absl::NotFoundError(""), old_one, KeyringOf(bob_),
           std::string()}) {
    deployment_.recovered_keyring = given;
    const absl::Status recovered = Recover(alice_, kits_[0]);
    EXPECT_EQ(ProblemOf(recovered), Problem::kVerification) << recovered;
    EXPECT_FALSE(std::filesystem::exists(Anew()));
  }
  deployment_.recovered_keyring = absl::UnavailableError("down");
  EXPECT_EQ(ProblemOf(Recover(alice_, kits_[0], /*without_keyring=*/true)), Problem::kUnavailable)
      << "a server that is down has lost nothing";
  EXPECT_EQ(deployment_.publishes, publishes);
  deployment_.recovered_keyring.reset();
  EXPECT_TRUE(Recover(alice_, kits_[0]).ok());
}

TEST_F(RecoveryTest, WithoutAKeyringTheHandleComesBackAndOldMailStaysClosed) {
  const auto bob = Make(bob_);
  Make(alice_);
  ASSERT_TRUE(bob->Send(To(alice_, "before")).ok());
  deployment_.recovered_keyring = absl::NotFoundError("");
  const absl::Status recovered = Recover(alice_, kits_[1], /*without_keyring=*/true);
  ASSERT_TRUE(recovered.ok()) << recovered;
  ASSERT_TRUE(bob->Send(To(alice_, "after")).ok());
  const auto inbox = OpenAnew()->List(Folder::kInbox, 50);
  EXPECT_THAT(Bodies(inbox), ElementsAre("after"));
  EXPECT_EQ(inbox->refused.size(), 1u);
  // From here on it is an account like any other: its keyring is there.
  deployment_.recovered_keyring.reset();
  std::filesystem::remove_all(Anew());
  EXPECT_TRUE(Recover(alice_, kits_[1]).ok());
}

TEST_F(RecoveryTest, AnOlderKeyringOpensTheMailOfItsTime) {
  const auto bob = Make(bob_);
  Make(alice_);
  ASSERT_TRUE(bob->Send(To(alice_, "before the rotation")).ok());
  const std::string old_one = KeyringOf(alice_);
  ASSERT_TRUE(Open(alice_)->RotateKeys({}).ok());
  deployment_.recovered_keyring = old_one;
  ASSERT_TRUE(Recover(alice_, kits_[1], /*without_keyring=*/true).ok());
  EXPECT_THAT(Bodies(OpenAnew()->List(Folder::kInbox, 50)), ElementsAre("before the rotation"));
  // What was imported once is known again by it.
  EXPECT_TRUE(std::ranges::equal(KeyFilesIn(Anew())->Read()->state_key.Reveal(KeyAccess{}),
                                 alice_.state_key.Reveal(KeyAccess{})));
}

// --- thieves
// --------------------------------------------------------------------------------------

TEST_F(RecoveryTest, AThiefsKeyringIsWorthlessAfterwards) {
  Make(alice_);
  const seal::MemberKeys thief = Thief(alice_);
  const std::string planted = *seal::SealKeyring(thief, random_);
  Steal(alice_, thief, planted);
  MailboxOf(alice_).entry.ParseFromString(
      deployment_.world->Prove(alice_.member.handle).signed_entry().entry());
  deployment_.recovered_keyring = planted;
  const absl::Status recovered = Recover(alice_, kits_[0]);
  ASSERT_TRUE(recovered.ok()) << recovered;
  const auto account = OpenAnew()->Account();
  EXPECT_EQ(account->version, 3u);
  EXPECT_NE(account->identity_key, thief.identity.public_key());
  EXPECT_NE(account->encryption_key, thief.encryption.public_key());
}

TEST_F(RecoveryTest, AThiefWhoNamesNoGoodKeyringDoesNotKeepTheHandle) {
  const auto bob = Make(bob_);
  Make(alice_);
  ASSERT_TRUE(bob->Send(To(alice_, "before")).ok());
  const seal::MemberKeys thief = Thief(alice_);
  Steal(alice_, thief, "no keyring at all");
  const absl::Status refused = Recover(alice_, kits_[1]);
  EXPECT_EQ(ProblemOf(refused), Problem::kVerification) << refused;
  const absl::Status recovered = Recover(alice_, kits_[1], /*without_keyring=*/true);
  ASSERT_TRUE(recovered.ok()) << recovered;
  const auto anew = OpenAnew();
  EXPECT_EQ(anew->Account()->version, 3u);
  EXPECT_THAT(Bodies(anew->List(Folder::kInbox, 50)), ElementsAre("before"))
      << "the mail server still had the keyring of before the theft";
}

TEST_F(RecoveryTest, AThiefWhoFillsTheAccountWithDevicesDoesNotKeepIt) {
  const auto bob = Make(bob_);
  Make(alice_);
  ASSERT_TRUE(bob->Send(To(alice_, "before")).ok());
  auto& devices = deployment_.devices[std::string(alice_.member.member.bytes())];
  devices.clear();
  for (char i = 0; i < 16; ++i) {
    devices.emplace_back().set_device_key(std::string(32, static_cast<char>('a' + i)));
  }
  const absl::Status recovered = Recover(alice_, kits_[1]);
  ASSERT_TRUE(recovered.ok()) << recovered;
  EXPECT_EQ(devices.size(), 1u);
  EXPECT_EQ(OpenAnew()->Account()->version, 2u);
  EXPECT_EQ(MailboxOf(alice_).keyrings.size(), 1u);
  EXPECT_THAT(Bodies(OpenAnew()->List(Folder::kInbox, 50)), ElementsAre("before"));
}

TEST_F(RecoveryTest, AKeyringWithOtherKeysThanTheEntrysIsRefused) {
  Make(alice_);
  const std::string planted = *seal::SealKeyring(Thief(alice_), random_);
  Steal(alice_, Thief(alice_), planted);
  deployment_.recovered_keyring = planted;
  EXPECT_EQ(ProblemOf(Recover(alice_, kits_[0])), Problem::kVerification);
}

// --- a new kit
// ------------------------------------------------------------------------------------

TEST_F(RecoveryTest, ANewKitReplacesTheOldOne) {
  const auto bob = Make(bob_);
  Make(alice_);
  ASSERT_TRUE(bob->Send(To(alice_, "before")).ok());
  const std::string stolen = KeyringOf(alice_);
  const auto replaced = ReplaceKit(alice_, kits_[1]);
  ASSERT_TRUE(replaced.ok()) << replaced.status();
  EXPECT_TRUE(*replaced);
  ASSERT_EQ(kits_.size(), 3u);
  EXPECT_EQ(ProblemOf(Recover(alice_, kits_[1])), Problem::kUsage) << "the old one";
  // What the old kit opened before holds no key in force.
  const auto old_kit = seal::RecoveryKit::Parse(kits_[1]);
  const auto keyring =
      seal::OpenKeyring(*old_kit, deployment_.world->deployment(), alice_.member.member, stolen);
  EXPECT_NE(keyring->encryptions.back().public_key(), Open(alice_)->Account()->encryption_key);
  ASSERT_TRUE(Recover(alice_, kits_[2]).ok());
  EXPECT_THAT(Bodies(OpenAnew()->List(Folder::kInbox, 50)), ElementsAre("before"));
}

TEST_F(RecoveryTest, ANewKitNeedsTheOldOne) {
  Make(alice_);
  Make(bob_);
  EXPECT_EQ(ProblemOf(ReplaceKit(alice_, kits_[1]).status()), Problem::kUsage);
  EXPECT_EQ(kits_.size(), 2u) << "none was shown";
  EXPECT_EQ(Open(alice_)->Account()->version, 1u);
}

TEST_F(RecoveryTest, ANewKitIsShownBeforeItCountsAndOnce) {
  Make(alice_);
  const auto kit = seal::RecoveryKit::Parse(kits_[0]);
  const auto fail = [](const SecretBuffer&) { return absl::UnavailableError("disk full"); };
  EXPECT_FALSE(Open(alice_)->RotateKeys({.kit = &*kit, .show_new_kit = fail}).ok());
  EXPECT_EQ(Open(alice_)->Account()->version, 1u);
  deployment_.break_call = "Publish";
  EXPECT_FALSE(ReplaceKit(alice_, kits_[0]).ok());
  ASSERT_EQ(kits_.size(), 2u);
  const auto finished = ReplaceKit(alice_, kits_[0]);
  ASSERT_TRUE(finished.ok()) << finished.status();
  EXPECT_TRUE(*finished);
  EXPECT_EQ(kits_.size(), 2u) << "the one that was shown counts";
  EXPECT_TRUE(Recover(alice_, kits_[1]).ok());
}

// --- making the account
// ---------------------------------------------------------------------------

TEST_F(RecoveryTest, TheKeyringOfANewAccountIsPutHoweverOftenItIsCutOff) {
  for (const bool after : {false, true}) {
    deployment_.break_call = "PutKeyring";
    deployment_.break_after = after;
    EXPECT_FALSE(Open(alice_)->Complete(KeepKit()).ok());
    EXPECT_EQ(ProblemOf(Open(alice_)->Account().status()), Problem::kUsage) << "not complete yet";
  }
  EXPECT_TRUE(std::filesystem::exists(alice_.directory.path() + "/keyring"));
  Make(alice_);
  EXPECT_FALSE(std::filesystem::exists(alice_.directory.path() + "/keyring"));
  ASSERT_EQ(kits_.size(), 1u);
  EXPECT_TRUE(Recover(alice_, kits_[0]).ok());
}

TEST_F(RecoveryTest, ReadsMailOfCorrespondentsWhoseKeysChangedBeforeAndAfter) {
  const auto bob = Make(bob_);
  Make(alice_);
  ASSERT_TRUE(bob->Send(To(alice_, "under bob's first key")).ok());
  ASSERT_TRUE(Open(bob_)->RotateKeys({}).ok());
  ASSERT_TRUE(Open(bob_)->Send(To(alice_, "under bob's second key")).ok());
  ASSERT_TRUE(Recover(alice_, kits_[1]).ok());
  EXPECT_THAT(Bodies(OpenAnew()->List(Folder::kInbox, 50)),
              UnorderedElementsAre("under bob's first key", "under bob's second key"));
}

}  // namespace
}  // namespace letterlock::client
