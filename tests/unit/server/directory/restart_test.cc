// What a kill, a disk or a restored backup leaves, and what a start makes of it.
#include <gtest/gtest.h>

#include "registry_fixture.h"

namespace letterlock::directory {
namespace {

using test::DirectoryMember;
using test::Fault;

class KillPoint : public RegistryTest, public ::testing::WithParamInterface<std::string_view> {};

TEST_P(KillPoint, DuringARegistrationLeavesItWholeOrAbsent) {
  DirectoryMember alice = NewMember("alice");
  const v1::SignedEntry first = alice.Next();
  ExpectShows(Decide(first), "alice", first);

  DirectoryMember bob = NewMember("bob");
  const v1::SignedEntry unanswered = bob.Next();
  points_.kill_at = GetParam();
  const auto answer = Submit(unanswered);
  EXPECT_THROW((void)registry_->MakeHead(false), Killed);
  EXPECT_FALSE(answer->has_value());
  points_.kill_at = "";

  // Committed, so rolled forward, and under a checkpoint that extends the one before.
  Start();
  ExpectShows(Lookup("alice"), "alice", first);
  ExpectShows(Lookup("bob"), "bob", unanswered);
  EXPECT_EQ(registry_->head_sequence(), 3u);
  EXPECT_EQ(log_->tree()->size, 4u);
  // The same request again is answered, without a new head.
  ExpectShows(Decide(unanswered), "bob", unanswered);
  EXPECT_EQ(registry_->head_sequence(), 3u);
}

TEST_P(KillPoint, DuringTheVeryFirstStartLeavesAStartThatWorks) {
  Stop();
  store_ = {};
  log_files_.files.clear();
  lock_.note.clear();
  for (int nth = 1; nth <= 2; ++nth) {
    points_.kill_at = GetParam();
    points_.nth = nth;
    EXPECT_TRUE([&] {
      try {
        return TryStart().ok();  // fewer than `nth` of these points are left
      } catch (const Killed&) {
        return true;
      }
    }());
  }
  points_.kill_at = "";
  Start();
  EXPECT_EQ(registry_->head_sequence(), 1u);
  EXPECT_EQ(log_->tree()->size, 2u);
  ExpectAbsent(Lookup("alice"), "alice");
}

TEST_P(KillPoint, WhileRollingForwardIsRolledForwardByTheNext) {
  DirectoryMember alice = NewMember("alice");
  const v1::SignedEntry entry = alice.Next();
  (void)Submit(entry);
  points_.kill_at = kPointHeadStaged;
  EXPECT_THROW((void)registry_->MakeHead(false), Killed);
  points_.kill_at = GetParam();
  points_.nth = 1;
  try {
    (void)TryStart();
  } catch (const Killed&) {
  }
  points_.kill_at = "";
  Start();
  ExpectShows(Lookup("alice"), "alice", entry);
  EXPECT_EQ(registry_->head_sequence(), 2u);
  EXPECT_EQ(log_->tree()->size, 3u);
}

INSTANTIATE_TEST_SUITE_P(Each, KillPoint,
                         ::testing::Values(kPointHeadStaged, log::kPointLeavesWritten,
                                           log::kPointLeavesChecked, log::kPointSigned,
                                           log::kPointLockMoved, log::kPointPublished,
                                           kPointHeadPublished));

class StoreFault : public RegistryTest, public ::testing::WithParamInterface<Fault> {};

TEST_P(StoreFault, WhileCommittingBreaksAndTheNextStartKnows) {
  const v1::SignedEntry entry = NewMember("alice").Next();
  store_.fault = GetParam();
  store_.writes_before_fault = 0;
  const auto answer = Submit(entry);
  EXPECT_FALSE(registry_->MakeHead(false).ok());
  EXPECT_TRUE(registry_->broken());
  ASSERT_TRUE(answer->has_value());
  EXPECT_TRUE(absl::IsUnavailable((*answer)->status()));
  EXPECT_EQ(rpc::ReasonOf((*answer)->status()), common::v1::ERROR_REASON_STORE_UNAVAILABLE);
  ExpectAbsent(Lookup("alice"), "alice");  // reads go on, at the head that was published
  const auto late = Submit(NewMember("bob").Next());
  ASSERT_TRUE(late->has_value());
  EXPECT_TRUE(absl::IsUnavailable((*late)->status()));

  Start();
  if (GetParam() == Fault::kFailsButPersists) {
    ExpectShows(Lookup("alice"), "alice", entry);
  } else {
    ExpectAbsent(Lookup("alice"), "alice");
  }
  ExpectShows(Decide(entry), "alice", entry);
}

INSTANTIATE_TEST_SUITE_P(Each, StoreFault,
                         ::testing::Values(Fault::kFailsAndDoesNotPersist,
                                           Fault::kFailsButPersists));

class LogFault : public RegistryTest, public ::testing::WithParamInterface<Fault> {};

TEST_P(LogFault, BeforeTheSignatureIsTriedAgainWithTheSameHead) {
  const v1::SignedEntry entry = NewMember("alice").Next();
  log_files_.fault = GetParam();
  log_files_.puts_before_fault = 0;
  const auto answer = Submit(entry);
  EXPECT_FALSE(registry_->MakeHead(false).ok());
  EXPECT_FALSE(registry_->broken());
  EXPECT_FALSE(answer->has_value());
  ExpectAbsent(Lookup("alice"), "alice");
  ASSERT_TRUE(registry_->MakeHead(false).ok());
  ASSERT_TRUE(answer->has_value());
  ExpectShows(**answer, "alice", entry);
  EXPECT_EQ(registry_->head_sequence(), 2u);
}

TEST_P(LogFault, AfterTheLockMovedBreaksAndTheNextStartPublishes) {
  const v1::SignedEntry entry = NewMember("alice").Next();
  log_files_.fault = GetParam();
  log_files_.puts_before_fault = 1;
  const auto answer = Submit(entry);
  EXPECT_FALSE(registry_->MakeHead(false).ok());
  EXPECT_TRUE(registry_->broken());
  ASSERT_TRUE(answer->has_value());
  EXPECT_TRUE(absl::IsUnavailable((*answer)->status()));
  Start();
  ExpectShows(Lookup("alice"), "alice", entry);
}

INSTANTIATE_TEST_SUITE_P(Each, LogFault,
                         ::testing::Values(Fault::kFailsAndDoesNotPersist, Fault::kFailsButPersists,
                                           Fault::kFailsHalfway));

TEST_F(RegistryTest, LockFaultsBreakAndTheNextStartKnows) {
  for (const Fault fault : {Fault::kFailsAndDoesNotPersist, Fault::kFailsButPersists}) {
    const std::string handle = fault == Fault::kFailsButPersists ? "alice" : "bob";
    const v1::SignedEntry entry = NewMember(handle).Next();
    lock_.fault = fault;
    (void)Submit(entry);
    EXPECT_FALSE(registry_->MakeHead(false).ok());
    EXPECT_TRUE(registry_->broken());
    lock_.fault = Fault::kNone;
    Start();
    ExpectShows(Lookup(handle), handle, entry);
  }
}

// Backups: each part restored alone refuses the start; an older whole can't be told from a younger
// one here.

class RestoredTest : public RegistryTest {
 protected:
  void SetUp() override {
    RegistryTest::SetUp();
    ASSERT_TRUE(Decide(NewMember("alice").Next()).ok());
    Stop();
    older_rows_ = store_.newest.rows;
    older_files_ = log_files_.files;
    older_note_ = lock_.note;
    Start();
    for (const char* handle : {"bob", "cat"}) ASSERT_TRUE(Decide(NewMember(handle).Next()).ok());
    Stop();
  }
  void ExpectRefused() {
    const absl::Status started = TryStart();
    EXPECT_TRUE(absl::IsFailedPrecondition(started) || absl::IsDataLoss(started)) << started;
  }
  std::map<std::string, std::string> older_rows_, older_files_;
  std::string older_note_;
};

TEST_F(RestoredTest, OlderStoreUnderANewerLogIsRefused) {
  store_.newest.rows = older_rows_;
  ExpectRefused();
}

TEST_F(RestoredTest, OlderLogUnderANewerStoreIsRefused) {
  log_files_.files = older_files_;
  lock_.note = older_note_;
  ExpectRefused();
}

TEST_F(RestoredTest, EmptyStoreUnderALogIsRefused) {
  store_.newest.rows.clear();
  ExpectRefused();
}

TEST_F(RestoredTest, EmptyLogUnderAStoreIsRefused) {
  log_files_.files.clear();
  lock_.note.clear();
  ExpectRefused();
}

TEST_F(RestoredTest, StoreOfAnotherDeploymentIsRefused) {
  genesis_ = MakeGenesis({}, 'm');
  ExpectRefused();
}

TEST_F(RestoredTest, LogOfAnotherDeploymentIsRefused) {
  genesis_ = MakeGenesis({}, 'm');
  store_.newest.rows.clear();
  ExpectRefused();
}

TEST_F(RestoredTest, StagedHeadOverAnotherHistoryOfTheSameLengthIsRefused) {
  // The store has staged head 5; the log gets another leaf in the place of head 4.
  Start();
  (void)Submit(NewMember("dan").Next());
  points_.kill_at = kPointHeadStaged;
  EXPECT_THROW((void)registry_->MakeHead(false), Killed);
  points_.kill_at = "";
  Stop();
  log_files_.files = older_files_;
  lock_.note = older_note_;
  auto forged =
      log::Sequencer::Open(&log_files_, &lock_, &signer_, &points_, log::StartCheck::kAll);
  ASSERT_TRUE(forged.ok()) << forged.status();
  ASSERT_TRUE((*forged)->Append({{"another leaf"}}).ok());
  ASSERT_TRUE((*forged)->Append({{"and another"}}).ok());
  ExpectRefused();
}

}  // namespace
}  // namespace letterlock::directory
