// The whole client against a deployment in memory: real proofs, real seals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "client/failure.h"
#include "client_world.h"

namespace letterlock::client {
namespace {

using ::testing::ElementsAre;

TEST_F(ClientTest, WhatOneSendsTheOtherReads) {
  const auto alice = Make(alice_);
  const auto bob = Make(bob_);
  const auto receipt = alice->Send(To(bob_, "hello\n\"there\" 李明 ", "subject"));
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_EQ(receipt->delivery, Delivery::kDelivered);

  const auto inbox = bob->List(Folder::kInbox, 50);
  ASSERT_TRUE(inbox.ok()) << inbox.status();
  ASSERT_EQ(inbox->messages.size(), 1u);
  const Message& message = inbox->messages[0];
  EXPECT_EQ(Text(message.subject), "subject");
  EXPECT_EQ(message.from.str(), "alice");
  EXPECT_EQ(message.to.str(), "bob");
  EXPECT_EQ(message.thread.bytes(), message.id.bytes());
  const std::string id = crypto::HexEncode(message.id.bytes());
  for (const auto& reader : {bob.get(), alice.get()}) {
    EXPECT_EQ(Text(reader->Read(id)->body), "hello\n\"there\" 李明 ");
  }
  EXPECT_EQ(alice->List(Folder::kSent, 50)->messages.size(), 1u);
}

TEST_F(ClientTest, RefusesLimitsUnknownHandlesAndItself) {
  const auto alice = Make(alice_);
  EXPECT_EQ(ProblemOf(alice->Send(To(bob_, "x")).status()), Problem::kNotFound);
  const auto bob = Make(bob_);
  EXPECT_EQ(ProblemOf(alice->Send(To(bob_, std::string(2001, 'x'))).status()), Problem::kUsage);
  EXPECT_EQ(ProblemOf(alice->Send(To(bob_, "x", std::string(201, 'x'))).status()), Problem::kUsage);
  EXPECT_EQ(ProblemOf(alice->Send(To(bob_, "\xff")).status()), Problem::kUsage);
  EXPECT_EQ(ProblemOf(alice->Send(To(alice_, "x")).status()), Problem::kUsage);
  EXPECT_TRUE(BoxOf(bob_).empty());
}

TEST_F(ClientTest, TrustsKeysThatChangedTwiceUnseenOnlyWhenToldTo) {
  Make(alice_);
  const auto bob = Make(bob_);
  ASSERT_TRUE(bob->Lookup(alice_.member.handle).ok());
  EXPECT_FALSE((*bob->AskTrust(alice_.member.handle)).has_value()) << "nothing to decide";
  Rotate(alice_);
  Rotate(alice_);
  EXPECT_EQ(ProblemOf(bob->Send(To(alice_, "x")).status()), Problem::kVerification);
  const auto question = bob->AskTrust(alice_.member.handle);
  ASSERT_TRUE(question.ok() && question->has_value()) << question.status();
  EXPECT_EQ((*question)->shown.version, 3u);
  EXPECT_EQ(ProblemOf(bob->Send(To(alice_, "x")).status()), Problem::kVerification);
  ASSERT_TRUE(bob->Trust(**question).ok());
  EXPECT_TRUE(Open(bob_)->Send(To(alice_, "x")).ok());
}

TEST_F(ClientTest, SaysThatAMessageMayHaveBeenTakenOnlyWhereItWasOnItsWay) {
  const auto alice = Make(alice_);
  Make(bob_);
  using Code = absl::StatusCode;
  for (const Code code : {Code::kUnavailable, Code::kDeadlineExceeded, Code::kCancelled,
                          Code::kUnknown, Code::kInternal}) {
    deployment_.send_errors = std::vector<absl::Status>(20, absl::Status(code, "lost"));
    EXPECT_TRUE(OutcomeUnknown(alice->Send(To(bob_, "x")).status())) << static_cast<int>(code);
  }
  // The server answers a repetition as it answered the first: its refusal is about both.
  deployment_.send_errors = {absl::UnavailableError("lost"), absl::NotFoundError("no mailbox")};
  EXPECT_FALSE(OutcomeUnknown(alice->Send(To(bob_, "x")).status()));
  deployment_.send_errors = {absl::UnavailableError("lost"), absl::ResourceExhaustedError("busy")};
  EXPECT_TRUE(OutcomeUnknown(alice->Send(To(bob_, "x")).status()));
  deployment_.send_errors = {absl::ResourceExhaustedError("busy")};
  EXPECT_FALSE(OutcomeUnknown(alice->Send(To(bob_, "x")).status()));
  deployment_.directory_error = absl::UnavailableError("down");
  EXPECT_FALSE(OutcomeUnknown(alice->Send(To(bob_, "x")).status())) << "nothing was sent";
}

TEST_F(ClientTest, ShowsTheRecoveryKitOnceAndBeforeAnythingIsPublished) {
  auto client = Open(alice_);
  int published_before = -1;
  EXPECT_TRUE(client
                  ->Complete(Showing([&](const SecretBuffer&) {
                    published_before = deployment_.publishes;
                    return absl::OkStatus();
                  }))
                  .ok());
  EXPECT_EQ(published_before, 0);
  Make(alice_);
  EXPECT_TRUE(kits_.empty()) << "shown a second time";
}

TEST_F(ClientTest, PublishesNothingWhereTheKitCouldNotBeShown) {
  auto client = Open(alice_);
  const auto fail = [](const SecretBuffer&) { return absl::UnavailableError("disk full"); };
  EXPECT_FALSE(client->Complete(Showing(fail)).ok());
  EXPECT_EQ(deployment_.publishes, 0);
  Make(alice_);
  EXPECT_EQ(kits_.size(), 1u);
}

TEST_F(ClientTest, GoesOnWhereMakingTheAccountStopped) {
  deployment_.enroll_error = absl::InternalError("stopped");
  auto client = Open(alice_);
  EXPECT_FALSE(client->Complete(KeepKit()).ok());
  EXPECT_EQ(ProblemOf(client->Account().status()), Problem::kUsage) << "not complete yet";
  deployment_.enroll_error = absl::OkStatus();
  Make(alice_);
  EXPECT_EQ(kits_.size(), 1u);
  EXPECT_EQ(deployment_.publishes, 1);
}

// What the log has shown before a step failed must count afterwards: it may fork before the next
// try.
TEST_F(ClientTest, RemembersTheLogAlsoWhereAStepOfMakingTheAccountFailed) {
  deployment_.enroll_error = absl::InternalError("stopped");
  EXPECT_FALSE(Open(alice_)->Complete(KeepKit()).ok());
  const StateFile file(alice_.directory.path(), alice_.state_key.Clone(KeyAccess{}));
  const std::uint64_t after_first = file.Begin()->state().log.size;
  EXPECT_GT(after_first, 0u);
  deployment_.NewHead();
  EXPECT_FALSE(Open(alice_)->Complete(KeepKit()).ok());
  EXPECT_GT(file.Begin()->state().log.size, after_first);
}

TEST_F(ClientTest, FindsItsOwnEntryAgainWhereTheStateWasLost) {
  Make(alice_);
  std::filesystem::remove(alice_.directory.path() + "/state");
  const auto alice = Make(alice_);
  EXPECT_EQ(kits_.size(), 1u);
  EXPECT_TRUE(alice->Account().ok());
}

TEST_F(ClientTest, DoesNotTakeAHandleThatAnotherHas) {
  Make(alice_);
  User impostor(&deployment_, "alice");
  auto client = Open(impostor);
  EXPECT_TRUE(absl::IsAlreadyExists(client->Complete(KeepKit())));
}

TEST_F(ClientTest, RefusesKeysOfAnotherDeployment) {
  seal::MemberKeys keys = alice_.Keys();
  keys.deployment = crypto::DeploymentId();
  EXPECT_EQ(ProblemOf(ClientImpl::Make(SurroundingsOf(&deployment_), KeyFilesIn("/x"),
                                       std::move(keys), "/x")
                          .status()),
            Problem::kUsage);
}

}  // namespace
}  // namespace letterlock::client
