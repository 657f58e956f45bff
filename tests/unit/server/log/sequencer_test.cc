#include "server/log/sequencer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "attest/tile_edge.h"
#include "attest/tiles.h"
#include "log_fixture.h"

namespace letterlock::log {
namespace {

using test::Fault;
using SequencerTest = LogTest;

TEST_F(SequencerTest, NewLogHasSignedNothing) {
  auto sequencer = Open();
  ASSERT_TRUE(sequencer.ok()) << sequencer.status();
  EXPECT_EQ((*sequencer)->tree()->size, 0u);
  EXPECT_EQ((*sequencer)->tree()->note, "");
  EXPECT_TRUE(storage_.files.empty());
}

TEST_F(SequencerTest, AppendPublishesACheckpointOverItsLeaves) {
  auto sequencer = Open();
  auto tree = (*sequencer)->Append(Leaves(0, 3));
  ASSERT_TRUE(tree.ok()) << tree.status();
  EXPECT_EQ((*tree)->size, 3u);
  EXPECT_EQ(storage_.files["checkpoint"], (*tree)->note);
  EXPECT_EQ(lock_.note, (*tree)->note);
  EXPECT_EQ((*sequencer)->tree(), *tree);
  ExpectServes(*tree);
}

TEST_F(SequencerTest, TilesOnDiskAreThoseOfTheLayout) {
  Fill(300, 1);
  // Partial tiles of tile 0 stay until tile 1 is full.
  EXPECT_TRUE(storage_.files.contains("tile/0/000"));
  EXPECT_TRUE(storage_.files.contains("tile/0/000.p/255"));
  EXPECT_TRUE(storage_.files.contains("tile/0/001.p/44"));
  EXPECT_TRUE(storage_.files.contains("tile/1/000.p/1"));
  EXPECT_TRUE(storage_.files.contains("tile/entries/000"));
  EXPECT_TRUE(storage_.files.contains("tile/entries/001.p/44"));
}

TEST_F(SequencerTest, PartialTilesGoOnceTheNextTileIsFull) {
  Fill(512, 1);
  EXPECT_FALSE(storage_.files.contains("tile/0/000.p/255"));
  EXPECT_FALSE(storage_.files.contains("tile/entries/000.p/255"));
  EXPECT_TRUE(storage_.files.contains("tile/0/000"));
  EXPECT_TRUE(storage_.files.contains("tile/entries/000"));
  EXPECT_TRUE(storage_.files.contains("tile/0/001.p/255"));
}

TEST_F(SequencerTest, LeavesOfWrongSizeAreRefused) {
  auto sequencer = Open();
  for (const std::vector<std::string>& leaves : {std::vector<std::string>{},
                                                 {""},
                                                 {"good", ""},
                                                 {std::string(65536, 'x')},
                                                 std::vector<std::string>(1025, "x")}) {
    EXPECT_EQ((*sequencer)->Append(leaves).status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_TRUE(storage_.files.empty());
  EXPECT_TRUE((*sequencer)->Append({{std::string(65535, 'x')}}).ok());
}

TEST_F(SequencerTest, AppendCrossesManyTilesAtOnce) {
  Fill(1000, 1000);
  auto sequencer = Open();
  ASSERT_TRUE(sequencer.ok()) << sequencer.status();
  ExpectServes((*sequencer)->tree());
}

// Whatever the sizes of the appends, each tree extends the one before and a reopened log goes on
// with it.
RC_GTEST_FIXTURE_PROP(LogTest, EveryTreeExtendsTheOneBefore, ()) {
  const auto steps =
      *rc::gen::resize(8, rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 300)));
  auto sequencer = Open();
  RC_ASSERT(sequencer.ok());
  auto before = (*sequencer)->tree();
  for (const int step : steps) {
    const bool reopen = *rc::gen::arbitrary<bool>();
    if (reopen) {
      sequencer = Open(*rc::gen::element(StartCheck::kAll, StartCheck::kEdge));
      RC_ASSERT(sequencer.ok());
    }
    auto tree = (*sequencer)->Append(Leaves(before->size, static_cast<uint64_t>(step)));
    RC_ASSERT(tree.ok());
    ExpectExtends(before, *tree);
    before = *tree;
  }
  if (before->size > 0) ExpectServes(before);
}

// Faults of the storage before anything is signed: the append may be made again.

class StorageFault : public LogTest, public testing::WithParamInterface<Fault> {};

TEST_P(StorageFault, WhileWritingTilesSignsNothingAndMayBeTriedAgain) {
  Fill(250);
  auto sequencer = Open();
  const auto before = (*sequencer)->tree();
  storage_.fault = GetParam();
  storage_.puts_before_fault = 0;
  EXPECT_TRUE(absl::IsUnavailable((*sequencer)->Append(Leaves(250, 20)).status()));
  EXPECT_FALSE((*sequencer)->closed());
  EXPECT_EQ(lock_.note, before->note);
  EXPECT_EQ(storage_.files["checkpoint"], before->note);
  ExpectServes((*sequencer)->tree());

  // Other leaves this time: what the failed append left is replaced.
  auto tree = (*sequencer)->Append(Leaves(250, 10));
  ASSERT_TRUE(tree.ok()) << tree.status();
  ExpectExtends(before, *tree);
  ExpectServes(*tree);
  EXPECT_TRUE(Open().ok());
}

TEST_P(StorageFault, WhilePublishingClosesAndTheNextStartPublishes) {
  Fill(250);
  auto sequencer = Open();
  const auto before = (*sequencer)->tree();
  storage_.fault = GetParam();
  storage_.puts_before_fault = 1;  // the first writes the tiles
  EXPECT_TRUE(absl::IsUnavailable((*sequencer)->Append(Leaves(250, 20)).status()));
  EXPECT_TRUE((*sequencer)->closed());
  EXPECT_EQ((*sequencer)->tree(), before);
  EXPECT_TRUE(absl::IsFailedPrecondition((*sequencer)->Append(Leaves(250, 20)).status()));

  auto reopened = Open();
  ASSERT_TRUE(reopened.ok()) << reopened.status();
  EXPECT_EQ((*reopened)->tree()->size, 270u);
  EXPECT_EQ(storage_.files["checkpoint"], lock_.note);
  ExpectExtends(before, (*reopened)->tree());
  ExpectServes((*reopened)->tree());
}

INSTANTIATE_TEST_SUITE_P(Each, StorageFault,
                         testing::Values(Fault::kFailsAndDoesNotPersist, Fault::kFailsButPersists,
                                         Fault::kFailsHalfway));

TEST_F(SequencerTest, LockThatFailsAndDoesNotPersistLeavesTheOldTreeForTheNextStart) {
  Fill(10);
  auto sequencer = Open();
  lock_.fault = Fault::kFailsAndDoesNotPersist;
  EXPECT_FALSE((*sequencer)->Append(Leaves(10, 1)).ok());
  EXPECT_TRUE((*sequencer)->closed());
  lock_.fault = Fault::kNone;
  auto reopened = Open();
  ASSERT_TRUE(reopened.ok()) << reopened.status();
  EXPECT_EQ((*reopened)->tree()->size, 10u);
}

TEST_F(SequencerTest, LockThatFailsButPersistsMakesTheNewTreeTheTruth) {
  Fill(10);
  auto sequencer = Open();
  const auto before = (*sequencer)->tree();
  lock_.fault = Fault::kFailsButPersists;
  EXPECT_FALSE((*sequencer)->Append(Leaves(10, 1)).ok());
  EXPECT_TRUE((*sequencer)->closed());
  EXPECT_EQ(storage_.files["checkpoint"], before->note);  // nobody was shown the new one
  lock_.fault = Fault::kNone;
  auto reopened = Open();
  ASSERT_TRUE(reopened.ok()) << reopened.status();
  EXPECT_EQ((*reopened)->tree()->size, 11u);
  ExpectExtends(before, (*reopened)->tree());
}

TEST_F(SequencerTest, TwoSignersOfOneLockCannotFork) {
  Fill(10);
  auto first = Open();
  auto second = Open();
  auto signed_by_first = (*first)->Append({{"from the first"}});
  ASSERT_TRUE(signed_by_first.ok());
  EXPECT_TRUE(absl::IsAborted((*second)->Append({{"from the second"}}).status()));
  EXPECT_TRUE((*second)->closed());
  EXPECT_EQ(lock_.note, (*signed_by_first)->note);
  EXPECT_EQ(storage_.files["checkpoint"], (*signed_by_first)->note);
}

// A disk that stores something else than it was given, without an error.
class LyingStorage final : public LogStorage {
 public:
  explicit LyingStorage(LogStorage* honest) : honest_(honest) {}
  absl::StatusOr<std::string> Read(std::string_view path) const override {
    return honest_->Read(path);
  }
  absl::Status Put(absl::Span<const LogFile> files) override {
    std::vector<LogFile> changed(files.begin(), files.end());
    for (LogFile& file : changed) {
      if (file.path.find(lie_about) != std::string::npos) file.bytes.back() ^= 1;
    }
    return honest_->Put(changed);
  }
  absl::Status RemoveDirectory(std::string_view path) override {
    return honest_->RemoveDirectory(path);
  }
  std::string lie_about = "none";

 private:
  LogStorage* honest_;
};

TEST_F(SequencerTest, OneFlippedBitInWhatWasJustWrittenIsNotSigned) {
  LyingStorage lying(&storage_);
  auto sequencer = Sequencer::Open(&lying, &lock_, &signer_, &points_, StartCheck::kAll);
  ASSERT_TRUE((*sequencer)->Append(Leaves(0, 200)).ok());
  const std::string before = lock_.note;
  for (const char* file :
       {"tile/entries/000", "tile/entries/001", "tile/0/000", "tile/0/001", "tile/1"}) {
    lying.lie_about = file;
    EXPECT_TRUE(absl::IsDataLoss((*sequencer)->Append(Leaves(200, 100)).status())) << file;
    EXPECT_EQ(lock_.note, before);
    EXPECT_FALSE((*sequencer)->closed());
  }
  lying.lie_about = "none";
  EXPECT_TRUE((*sequencer)->Append(Leaves(200, 100)).ok());
}

}  // namespace
}  // namespace letterlock::log
