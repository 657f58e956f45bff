// Recovering an account that was cut off, over fakes of both servers: it goes on, under its own kit
// alone, and begins anew where what was begun leads nowhere.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <tuple>

#include "client/failure.h"
#include "recovery_world.h"

namespace letterlock::client {
namespace {

using ::testing::ElementsAre;

class InterruptedRecovery : public RecoveryTest,
                            public ::testing::WithParamInterface<std::tuple<const char*, bool>> {
 protected:
  void Interrupt() { std::tie(deployment_.break_call, deployment_.break_after) = GetParam(); }
};

TEST_P(InterruptedRecovery, GoesOn) {
  const auto bob = Make(bob_);
  Make(alice_);
  ASSERT_TRUE(bob->Send(To(alice_, "before")).ok());
  Interrupt();
  EXPECT_FALSE(Recover(alice_, kits_[1]).ok());
  EXPECT_EQ(ProblemOf(OpenAnew()->Account().status()), Problem::kUsage);
  Interrupt();
  EXPECT_FALSE(Recover(alice_, kits_[1]).ok());
  const absl::Status done = Recover(alice_, kits_[1]);
  ASSERT_TRUE(done.ok()) << done;
  EXPECT_EQ(OpenAnew()->Account()->version, 2u);
  EXPECT_THAT(Bodies(OpenAnew()->List(Folder::kInbox, 50)), ElementsAre("before"));
  EXPECT_TRUE(absl::IsAlreadyExists(Recover(alice_, kits_[1])));
}

TEST_P(InterruptedRecovery, GoesOnWithoutAKeyring) {
  const auto bob = Make(bob_);
  Make(alice_);
  deployment_.recovered_keyring = absl::NotFoundError("");
  Interrupt();
  EXPECT_FALSE(Recover(alice_, kits_[1], /*without_keyring=*/true).ok());
  const auto done = OpenAnew()->RotateKeys({});
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(OpenAnew()->Account()->version, 2u);
  EXPECT_EQ(MailboxOf(alice_).keyrings.size(), 1u);
  ASSERT_TRUE(bob->Send(To(alice_, "after")).ok());
  EXPECT_THAT(Bodies(OpenAnew()->List(Folder::kInbox, 50)), ElementsAre("after"));
}

INSTANTIATE_TEST_SUITE_P(AtEachCall, InterruptedRecovery,
                         ::testing::Combine(::testing::Values("PutKeyring", "Publish", "Enroll"),
                                            ::testing::Bool()));

// Without its key file there is no account yet, whatever else lies there: it begins anew.
TEST_F(RecoveryTest, BeginsAnewWhereItWasCutOffBeforeTheKeyFile) {
  Make(alice_);
  deployment_.break_call = "PutKeyring";
  ASSERT_FALSE(Recover(alice_, kits_[0]).ok());
  std::filesystem::remove(Anew() + "/account.key");
  const absl::Status recovered = Recover(alice_, kits_[0]);
  ASSERT_TRUE(recovered.ok()) << recovered;
  EXPECT_EQ(OpenAnew()->Account()->version, 2u);
}

TEST_F(RecoveryTest, BeginsAnewLikewiseWhereNoKeyringGaveTheKeyOfTheState) {
  Make(alice_);
  deployment_.recovered_keyring = absl::NotFoundError("");
  deployment_.break_call = "Publish";
  ASSERT_FALSE(Recover(alice_, kits_[0], /*without_keyring=*/true).ok());
  std::filesystem::remove(Anew() + "/account.key");
  const absl::Status recovered = Recover(alice_, kits_[0], /*without_keyring=*/true);
  ASSERT_TRUE(recovered.ok()) << recovered;
  EXPECT_EQ(OpenAnew()->Account()->version, 2u);
}

TEST_F(RecoveryTest, GoesOnUnderTheAccountsOwnKitAlone) {
  Make(alice_);
  Make(bob_);
  deployment_.break_call = "Publish";
  ASSERT_FALSE(Recover(alice_, kits_[0]).ok());
  const int publishes = deployment_.publishes;
  EXPECT_EQ(ProblemOf(Recover(alice_, kits_[1])), Problem::kUsage);
  EXPECT_EQ(ProblemOf(Recover(alice_, "no kit")), Problem::kUsage);
  EXPECT_EQ(deployment_.publishes, publishes);
  EXPECT_TRUE(Recover(alice_, kits_[0]).ok());
}

TEST_F(RecoveryTest, FinishesNoChangeOfKeysThatIsNoRecovery) {
  Make(alice_);
  const SecretBuffer kit = SecretBuffer::Copy(kits_[0]);
  const std::string& there = alice_.directory.path();
  const auto recover = [&] {
    return ClientImpl::RecoverAccount(SurroundingsOf(&deployment_), KeyFilesIn(there), there,
                                      {alice_.member.handle, kit});
  };
  deployment_.break_call = "Publish";
  ASSERT_FALSE(Open(alice_)->RotateKeys({}).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(recover()));
  ASSERT_TRUE(Open(alice_)->RotateKeys({}).ok());
  deployment_.break_call = "Publish";
  ASSERT_FALSE(ReplaceKit(alice_, kits_[0]).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(recover()));
  EXPECT_TRUE(*Open(alice_)->RotateKeys({}));
}

TEST_F(RecoveryTest, BeginsAnewWhereAThiefChangedTheEntryMeanwhile) {
  const auto bob = Make(bob_);
  Make(alice_);
  ASSERT_TRUE(bob->Send(To(alice_, "before")).ok());
  deployment_.break_call = "Publish";
  ASSERT_FALSE(Recover(alice_, kits_[1]).ok());
  Steal(alice_, Thief(alice_), "no keyring at all");
  deployment_.recovered_keyring = absl::NotFoundError("");
  EXPECT_EQ(ProblemOf(Recover(alice_, kits_[1])), Problem::kVerification);
  // Cut off once more: each beginning is as good as the first.
  deployment_.break_call = "Publish";
  EXPECT_FALSE(Recover(alice_, kits_[1], /*without_keyring=*/true).ok());
  const absl::Status recovered = Recover(alice_, kits_[1], /*without_keyring=*/true);
  ASSERT_TRUE(recovered.ok()) << recovered;
  EXPECT_EQ(OpenAnew()->Account()->version, 3u);
  EXPECT_THAT(Bodies(OpenAnew()->List(Folder::kInbox, 50)), ElementsAre("before"))
      << "its keys were in what was begun, and nowhere else";
}

}  // namespace
}  // namespace letterlock::client
