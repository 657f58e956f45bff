// What a log does when it starts over what a kill, a disk or somebody else left.
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "log_fixture.h"

namespace letterlock::log {
namespace {

class Kill : public LogTest, public testing::WithParamInterface<std::string_view> {};

TEST_P(Kill, AtAnyPointLosesNothingSignedAndForksNothing) {
  for (const uint64_t size : {0u, 1u, 255u, 256u, 511u, 600u}) {
    storage_.files.clear();
    lock_.note.clear();
    points_.at = "";
    if (size > 0) Fill(size);
    auto sequencer = Open();
    ASSERT_TRUE(sequencer.ok()) << sequencer.status();
    const auto before = (*sequencer)->tree();
    points_.at = GetParam();
    points_.nth = 1;
    EXPECT_THROW((void)(*sequencer)->Append(Leaves(size, 3)), Killed);

    points_.at = "";
    auto reopened = Open();
    ASSERT_TRUE(reopened.ok()) << reopened.status();
    const auto after = (*reopened)->tree();
    const bool was_signed = GetParam() == kPointLockMoved || GetParam() == kPointPublished;
    EXPECT_EQ(after->size, was_signed ? size + 3 : size);
    ExpectExtends(before, after);
    if (after->size > 0) {
      EXPECT_EQ(storage_.files["checkpoint"], after->note);
      ExpectServes(after);
    }
    // And it goes on, with other leaves than the killed append where that was not signed.
    auto next = (*reopened)->Append(Leaves(after->size, 300));
    ASSERT_TRUE(next.ok()) << next.status();
    ExpectExtends(after, *next);
    ExpectServes(*next);
    EXPECT_TRUE(Open().ok());
  }
}

INSTANTIATE_TEST_SUITE_P(Each, Kill,
                         testing::Values(kPointLeavesWritten, kPointLeavesChecked, kPointSigned,
                                         kPointLockMoved, kPointPublished));

TEST_F(LogTest, KilledWhileItPublishesAtStartStartsAgain) {
  Fill(5);
  storage_.files.erase("checkpoint");
  points_.at = kPointPublished;
  EXPECT_THROW((void)Open(), Killed);
  points_.at = "";
  EXPECT_TRUE(Open().ok());
}

TEST_F(LogTest, AnyFlippedBitOfASignedFileRefusesTheStart) {
  Fill(600, 300);
  const auto good = storage_.files;
  for (const auto& [path, bytes] : good) {
    // A partial file that a wider one has replaced is read by nobody.
    if (absl::StartsWith(path, "tile/") && absl::StrContains(path, ".p/") &&
        !absl::StrContains(path, "002.p/88") && !absl::StrContains(path, "tile/1/000.p/2")) {
      continue;
    }
    for (size_t at = 0; at < bytes.size(); at += 1 + bytes.size() / 7) {
      storage_.files = good;
      storage_.files[path][at] ^= static_cast<char>(1 << (at % 8));
      auto opened = Open();
      EXPECT_FALSE(opened.ok()) << path << " byte " << at;
      EXPECT_TRUE(absl::IsDataLoss(opened.status())) << opened.status();
    }
  }
}

TEST_F(LogTest, MissingTileOrBundleRefusesTheStart) {
  Fill(600, 300);
  const auto good = storage_.files;
  for (const char* path : {"tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2",
                           "tile/entries/000", "tile/entries/001", "tile/entries/002.p/88"}) {
    storage_.files = good;
    ASSERT_EQ(storage_.files.erase(path), 1u) << path;
    EXPECT_TRUE(absl::IsDataLoss(Open().status())) << path;
  }
}

TEST_F(LogTest, EdgeCheckCoversThePartialTilesAndTheLastBundle) {
  Fill(600, 300);
  const auto good = storage_.files;
  for (const char* path : {"tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/002.p/88"}) {
    storage_.files = good;
    storage_.files[path][5] ^= 1;
    EXPECT_TRUE(absl::IsDataLoss(Open(StartCheck::kEdge).status())) << path;
  }
}

TEST_F(LogTest, FlippedBitInTheLockRefusesTheStart) {
  Fill(3);
  const std::string good = lock_.note;
  for (size_t at = 0; at < good.size(); ++at) {
    lock_.note = good;
    lock_.note[at] ^= 1;
    EXPECT_FALSE(Open().ok()) << at;
  }
}

TEST_F(LogTest, LockBehindTheCheckpointRefusesTheStart) {
  Fill(5);
  const std::string older = lock_.note;
  Fill(6);
  lock_.note = older;
  EXPECT_TRUE(absl::IsFailedPrecondition(Open().status())) << Open().status();
}

TEST_F(LogTest, LostLockRefusesTheStart) {
  Fill(5);
  lock_.note.clear();
  EXPECT_TRUE(absl::IsFailedPrecondition(Open().status()));
}

TEST_F(LogTest, CheckpointOfAnotherTreeRefusesTheStart) {
  Fill(5);
  storage_.files["checkpoint"] = signer_.Sign(4, attest::LeafHash("a fork"))->note;
  EXPECT_TRUE(absl::IsFailedPrecondition(Open().status()));
  storage_.files["checkpoint"] = signer_.Sign(5, attest::LeafHash("a fork"))->note;
  EXPECT_TRUE(absl::IsFailedPrecondition(Open().status()));
}

TEST_F(LogTest, OlderCheckpointIsPublishedAnew) {
  Fill(5);
  const std::string older = storage_.files["checkpoint"];
  Fill(9);
  const std::string newest = storage_.files["checkpoint"];
  storage_.files["checkpoint"] = older;
  EXPECT_TRUE(Open().ok());
  EXPECT_EQ(storage_.files["checkpoint"], newest);
}

TEST_F(LogTest, MissingCheckpointIsPublishedAnew) {
  Fill(5);
  const std::string newest = storage_.files["checkpoint"];
  storage_.files.erase("checkpoint");
  EXPECT_TRUE(Open().ok());
  EXPECT_EQ(storage_.files["checkpoint"], newest);
}

TEST_F(LogTest, AnotherKeyOrOriginRefusesTheStart) {
  Fill(5);
  for (const TreeSigner& other : {MakeSigner(8), MakeSigner(7, "example.com/other")}) {
    EXPECT_TRUE(absl::IsDataLoss(
        Sequencer::Open(&storage_, &lock_, &other, &points_, StartCheck::kAll).status()));
  }
}

}  // namespace
}  // namespace letterlock::log
