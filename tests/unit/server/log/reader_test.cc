#include "server/log/reader.h"

#include <gtest/gtest.h>

#include "attest/tiles.h"
#include "log_fixture.h"

namespace letterlock::log {
namespace {

class LogReaderTest : public LogTest {
 protected:
  void SetUp() override {
    Fill(600, 300);
    tree_ = (*Open())->tree();
  }
  std::shared_ptr<const SignedTree> tree_;
};

TEST_F(LogReaderTest, NarrowerTileIsThePrefixOfTheStoredOne) {
  const LogReader reader = ReaderOf(tree_);
  EXPECT_EQ(*reader.ReadTile("tile/0/000.p/7"), reader.ReadTile("tile/0/000")->substr(0, 7 * 32));
  EXPECT_EQ(*reader.ReadTile("tile/0/002.p/3"),
            reader.ReadTile("tile/0/002.p/88")->substr(0, 3 * 32));
}

TEST_F(LogReaderTest, NarrowerBundleHoldsTheFirstLeaves) {
  const auto bundle = ReaderOf(tree_).ReadTile("tile/entries/001.p/2");
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_EQ(*attest::ParseBundle(*bundle, 2), Leaves(256, 2));
}

TEST_F(LogReaderTest, NothingBeyondTheCheckpointIsServedThoughItIsOnDisk) {
  const auto older = tree_;
  Fill(900, 300);
  const LogReader reader = ReaderOf(older);
  for (const char* path : {"tile/0/002", "tile/0/002.p/89", "tile/0/003.p/1", "tile/1/000.p/3",
                           "tile/2/000.p/1", "tile/entries/002.p/89", "tile/entries/003.p/1"}) {
    EXPECT_EQ(reader.ReadTile(path).status().code(), absl::StatusCode::kOutOfRange) << path;
  }
  EXPECT_EQ(reader.ReadEntries(600, 1).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(reader.ReadEntries(590, 256)->size(), 10u);
  EXPECT_EQ(reader.ProveInclusion(0, 601).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(reader.ProveConsistency(1, 601).status().code(), absl::StatusCode::kOutOfRange);
}

TEST_F(LogReaderTest, OlderTreeIsServedAfterItsPartialTilesAreGone) {
  const auto older = tree_;
  Fill(1100, 100);
  ASSERT_FALSE(storage_.files.contains("tile/0/002.p/88"));
  ExpectServes(older);
  EXPECT_TRUE(ReaderOf(older).ReadTile("tile/0/002.p/88").ok());
}

TEST_F(LogReaderTest, EntriesComeFromAnywhereUpToTheEnd) {
  const LogReader reader = ReaderOf(tree_);
  EXPECT_EQ(*reader.ReadEntries(0, 1), Leaves(0, 1));
  EXPECT_EQ(*reader.ReadEntries(250, 256), Leaves(250, 256));
  EXPECT_EQ(*reader.ReadEntries(599, 256), Leaves(599, 1));
}

TEST_F(LogReaderTest, MalformedRequestsAreRefused) {
  const LogReader reader = ReaderOf(tree_);
  for (const char* path :
       {"", "checkpoint", "tile/0", "tile/0/0", "tile/00/000", "tile/0/x000/000", "tile/0/000.p/0",
        "tile/0/000.p/256", "tile/0/../entries/000", "/tile/0/000", "tile/64/000", "tile/entries/",
        "tile/0/000/", "tile/0/000.p/7/"}) {
    EXPECT_EQ(reader.ReadTile(path).status().code(), absl::StatusCode::kInvalidArgument) << path;
  }
  EXPECT_EQ(reader.ReadEntries(0, 0).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(reader.ReadEntries(0, 257).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(reader.ProveInclusion(5, 5).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(reader.ProveConsistency(0, 5).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(reader.ProveConsistency(6, 5).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(LogReaderTest, LargeLeavesComeInSmallerAnswersButAlwaysOne) {
  test::MemoryLogStorage storage;
  test::MemoryLock lock;
  auto sequencer = Sequencer::Open(&storage, &lock, &signer_, &points_, StartCheck::kAll);
  ASSERT_TRUE((*sequencer)->Append(std::vector<std::string>(100, std::string(65535, 'x'))).ok());
  const LogReader reader(&storage, (*sequencer)->tree());
  const auto entries = reader.ReadEntries(10, 90);
  ASSERT_TRUE(entries.ok());
  EXPECT_GE(entries->size(), 1u);
  EXPECT_LE(entries->size() * 65535, kMaxEntryBytesPerRead);
}

}  // namespace
}  // namespace letterlock::log
