// The rules where each mailbox is written by itself, and any write may fail or be left to a later
// process: credits come back once, answers arrive.
#include <gtest/gtest.h>

#include "rules_world.h"

namespace letterlock::mail {
namespace {

using testing::WriteFault;

class StepwiseRules : public ::testing::Test {
 protected:
  // The next writes but `first` of them fail, so that what comes behind is left undone.
  void StopAfter(int first) {
    for (int i = 0; i < first; ++i) rules_.fake->Inject(WriteFault::kNone);
    for (int i = 0; i < 40; ++i) rules_.fake->Inject(WriteFault::kFailsAndDoesNotPersist);
  }
  void NewProcess() {
    rules_.fake->Crash();
    world_.Restart();
  }

  RulesWorld rules_{Store::kStepwise};
  MailWorld& world_ = rules_.world;
  TestUser& ann_ = world_.AddMember("ann");
  TestUser& bob_ = world_.AddMember("bob");
};

TEST_F(StepwiseRules, ABlockBetweenTheStepsRefusesAndGivesTheCreditBack) {
  StopAfter(1);
  const auto envelope = testing::EnvelopeOf(ann_, bob_, FreshMessageId());
  EXPECT_EQ(world_.Send(ann_, envelope)->state, v1::DELIVERY_STATE_PENDING);
  NewProcess();
  EXPECT_EQ(rules_.CreditsOf(ann_), 2u);
  ASSERT_TRUE(rules_.Block(bob_, ann_).ok());
  // The write that gives it back is made, and its answer lost.
  rules_.fake->Inject(WriteFault::kFailsButPersists);
  EXPECT_EQ(world_.Send(ann_, envelope)->state, v1::DELIVERY_STATE_REFUSED);
  rules_.WaitUntilSettled();
  EXPECT_EQ(rules_.CreditsOf(ann_), 3u);
  EXPECT_TRUE(world_.ListAll(bob_).empty());
  // Nothing of the contact is left: the next one is a first one again.
  ASSERT_TRUE(world_.contacts->Unblock(world_.GrantOf(bob_), ann_.id(), MailWorld::Soon()).ok());
  ASSERT_TRUE(rules_.Send(ann_, bob_).ok());
  EXPECT_EQ(rules_.CreditsOf(ann_), 2u);
}

struct FaultAt {
  int write;
  WriteFault fault;
};
class AnswerFault : public StepwiseRules, public ::testing::WithParamInterface<FaultAt> {};

TEST_P(AnswerFault, IsMadeUpForAndTheCreditComesBackOnce) {
  ASSERT_TRUE(rules_.Send(ann_, bob_).ok());
  rules_.WaitUntilSettled();
  for (int i = 1; i < GetParam().write; ++i) rules_.fake->Inject(WriteFault::kNone);
  rules_.fake->Inject(GetParam().fault);
  ASSERT_TRUE(rules_.Respond(bob_, ann_, Decision::kAccept).ok());
  rules_.WaitUntilSettled();
  EXPECT_EQ(rules_.CreditsOf(ann_), 3u);
  EXPECT_EQ(rules_.Count(bob_, v1::FOLDER_INBOX), 1u);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(rules_.Send(ann_, bob_).ok());
}

// Writes of an answer: the requests, the own row, the other's, the outbox.
INSTANTIATE_TEST_SUITE_P(
    EachWrite, AnswerFault,
    ::testing::Values(FaultAt{1, WriteFault::kAborts},
                      FaultAt{1, WriteFault::kFailsAndDoesNotPersist},
                      FaultAt{1, WriteFault::kFailsButPersists}, FaultAt{2, WriteFault::kAborts},
                      FaultAt{2, WriteFault::kFailsAndDoesNotPersist},
                      FaultAt{2, WriteFault::kFailsButPersists}, FaultAt{3, WriteFault::kAborts},
                      FaultAt{3, WriteFault::kFailsAndDoesNotPersist},
                      FaultAt{3, WriteFault::kFailsButPersists}, FaultAt{4, WriteFault::kAborts},
                      FaultAt{4, WriteFault::kFailsAndDoesNotPersist},
                      FaultAt{4, WriteFault::kFailsButPersists}));

class AnswerCutOff : public StepwiseRules, public ::testing::WithParamInterface<int> {};

TEST_P(AnswerCutOff, IsToldByALaterProcess) {
  ASSERT_TRUE(rules_.Send(ann_, bob_).ok());
  rules_.WaitUntilSettled();
  StopAfter(GetParam());
  ASSERT_TRUE(rules_.Respond(bob_, ann_, Decision::kDecline).ok());
  EXPECT_EQ(rules_.OutboxRows(), 1u);
  NewProcess();
  world_.sender->SettleOutbox(world_.MailboxOf(bob_));
  rules_.WaitUntilSettled();
  EXPECT_EQ(rules_.CreditsOf(ann_), 3u);
  EXPECT_EQ(ReasonOf(rules_.Send(ann_, bob_).status()), common::v1::ERROR_REASON_DECLINED);
}

// Behind the answerer's own rows; behind the other's, too.
INSTANTIATE_TEST_SUITE_P(After, AnswerCutOff, ::testing::Values(2, 3));

TEST_F(StepwiseRules, ADeclineThatTheSenderHasNotHeardOfRefusesHerMessage) {
  ASSERT_TRUE(rules_.Send(ann_, bob_).ok());
  rules_.WaitUntilSettled();
  StopAfter(2);
  ASSERT_TRUE(rules_.Respond(bob_, ann_, Decision::kDecline).ok());
  NewProcess();
  EXPECT_EQ(ReasonOf(rules_.Send(ann_, bob_).status()), common::v1::ERROR_REASON_DECLINED);
  EXPECT_EQ(rules_.Count(ann_, v1::FOLDER_SENT), 1u);
}

TEST_F(StepwiseRules, BothWritingFirstAtOnceIsAnAnswerForBoth) {
  // Ann's message is in her outbox when Bob's, who does not know, arrives.
  StopAfter(1);
  EXPECT_EQ(rules_.Send(ann_, bob_)->state, v1::DELIVERY_STATE_PENDING);
  NewProcess();
  ASSERT_TRUE(rules_.Send(bob_, ann_).ok());
  rules_.WaitUntilSettled(1);
  EXPECT_EQ(rules_.CreditsOf(ann_), 3u);
  world_.sender->SettleOutbox(world_.MailboxOf(ann_));
  rules_.WaitUntilSettled();
  EXPECT_EQ(rules_.CreditsOf(bob_), 3u);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(rules_.Send(ann_, bob_).ok());
    ASSERT_TRUE(rules_.Send(bob_, ann_).ok());
  }
}

}  // namespace
}  // namespace letterlock::mail
