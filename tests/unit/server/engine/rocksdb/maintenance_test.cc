// Checkpoint, Purge, and what the store's own log says.

#include "support/temporary_directory.h"
#include "unit/server/engine/rocksdb/store.h"

namespace letterlock::engine {
namespace {

class RocksDbMaintenance : public ::testing::Test {
 protected:
  RocksDbMaintenance() { engine_ = *Open(store_); }

  // So many rows of some size that each memtable, and then a compaction, gets its share.
  void Fill(const MailboxTag& tag, const std::string& value) {
    for (Generation g = 0; g < 40; ++g) {
      ASSERT_TRUE(Apply(*engine_, tag, g, Put("key " + std::to_string(g), value)).ok());
    }
  }
  absl::StatusOr<Generation> Drop(const MailboxTag& tag, Generation expected) {
    absl::StatusOr<Generation> answer;
    absl::Notification done;
    engine_->Drop(tag, expected, [&](absl::StatusOr<Generation> generation) {
      answer = std::move(generation);
      done.Notify();
    });
    done.WaitForNotification();
    return answer;
  }

  const test::TemporaryDirectory temporary_;
  const std::string store_ = temporary_ / "store";
  std::unique_ptr<RocksDbEngine> engine_;
};

TEST_F(RocksDbMaintenance, CheckpointOpensAsTheStoreWasAndGoesItsOwnWay) {
  ASSERT_TRUE(Apply(*engine_, TagOf(1), 0, Put("a", "then")).ok());
  const std::string copy = temporary_ / "copy";
  ASSERT_TRUE(engine_->maintenance().Checkpoint(copy).ok());
  ASSERT_TRUE(Apply(*engine_, TagOf(1), 1, Put("a", "later")).ok());

  auto copied = Open(copy);
  ASSERT_TRUE(copied.ok()) << copied.status();
  EXPECT_EQ(Value(**copied, TagOf(1), "a"), "then");
  ASSERT_TRUE(Apply(**copied, TagOf(1), 1, Put("a", "elsewhere")).ok());
  EXPECT_EQ(Value(*engine_, TagOf(1), "a"), "later");
}

TEST_F(RocksDbMaintenance, CheckpointWhileWritingHoldsAPrefixOfTheWrites) {
  std::vector<std::unique_ptr<Writing>> writes;
  const auto write_some = [&] {
    for (int i = 0; i < 300; ++i) {
      const Generation g = writes.size();
      writes.push_back(
          std::make_unique<Writing>(*engine_, TagOf(1), g, Put(std::to_string(g), "v")));
    }
  };
  write_some();
  const Generation answered = *writes.front()->Get();
  const std::string copy = temporary_ / "copy";
  write_some();
  ASSERT_TRUE(engine_->maintenance().Checkpoint(copy).ok());
  for (auto& write : writes) EXPECT_TRUE(write->Get().ok());

  auto copied = Open(copy);
  ASSERT_TRUE(copied.ok()) << copied.status();
  const Generation held = Read(**copied, TagOf(1), "")->generation;
  EXPECT_GE(held, answered);
  for (Generation g = 0; g < writes.size(); ++g) {
    EXPECT_EQ(Value(**copied, TagOf(1), std::to_string(g)).has_value(), g < held);
  }
}

TEST_F(RocksDbMaintenance, CheckpointToAnExistingDirectoryLeavesItAlone) {
  const std::string there = temporary_ / "there";
  std::filesystem::create_directory(there);
  WriteFile(there + "/file", "precious");
  EXPECT_FALSE(engine_->maintenance().Checkpoint(there).ok());
  EXPECT_EQ(ReadFile(there + "/file"), "precious");
}

TEST_F(RocksDbMaintenance, PurgeTakesDroppedRowsOutOfEveryFile) {
  const std::string gone = "the rows of the mailbox that is erased";
  const std::string kept = "the rows of the mailbox that stays";
  const std::string replaced = "what the mailbox that stays has replaced";
  Fill(TagOf(1), gone);
  Fill(TagOf(2), kept);
  ASSERT_TRUE(Apply(*engine_, TagOf(3), 0, Put("a", replaced)).ok());
  ASSERT_TRUE(Apply(*engine_, TagOf(3), 1, Put("a", "newer")).ok());
  EXPECT_FALSE(FilesWith(store_, gone).empty());
  ASSERT_TRUE(Drop(TagOf(1), 40).ok());
  EXPECT_FALSE(FilesWith(store_, gone).empty()) << "dropping alone does not purge";

  ASSERT_TRUE(engine_->maintenance().Purge(TagOf(1)).ok());
  ASSERT_TRUE(engine_->maintenance().Purge(TagOf(3)).ok());
  EXPECT_EQ(FilesWith(store_, gone), std::vector<std::string>());
  EXPECT_EQ(FilesWith(store_, replaced), std::vector<std::string>());
  EXPECT_FALSE(FilesWith(store_, kept).empty());
  EXPECT_EQ(Value(*engine_, TagOf(2), "key 39"), kept);
  EXPECT_EQ(Value(*engine_, TagOf(3), "a"), "newer");
  EXPECT_EQ(Value(*engine_, TagOf(1), "key 39"), std::nullopt);
  engine_ = nullptr;
  engine_ = *Open(store_);
  EXPECT_EQ(Read(*engine_, TagOf(1), "")->generation, kNoPartition);
  EXPECT_EQ(Value(*engine_, TagOf(2), "key 39"), kept);
}

TEST_F(RocksDbMaintenance, LogOfTheStoreHoldsNoKeyAndNoValue) {
  const std::string tag_bytes = "TAG:planted-here";
  const MailboxTag tag = *MailboxTag::FromBytes(tag_bytes);
  Fill(tag, "VALUE:planted-here");
  ASSERT_TRUE(engine_->maintenance().Purge(tag).ok());
  ASSERT_TRUE(engine_->maintenance().Checkpoint(temporary_ / "copy").ok());
  ASSERT_TRUE(Drop(tag, 40).ok());
  engine_ = nullptr;
  ASSERT_TRUE(Open(store_).ok());

  std::string logs;
  for (const auto& entry : std::filesystem::directory_iterator(store_ + "/db")) {
    if (entry.path().filename().string().starts_with("LOG")) logs += ReadFile(entry.path());
  }
  EXPECT_FALSE(logs.empty());
  const auto hex = [](const std::string& bytes, const char* format) {
    std::string out;
    for (char c : bytes) {
      char two[3];
      snprintf(two, sizeof two, format, static_cast<unsigned char>(c));
      out += two;
    }
    return out;
  };
  for (const std::string& planted :
       std::vector<std::string>{tag_bytes, "VALUE:planted-here", "key 1"}) {
    EXPECT_EQ(logs.find(planted), std::string::npos) << planted;
    EXPECT_EQ(logs.find(hex(planted, "%02x")), std::string::npos) << planted;
    EXPECT_EQ(logs.find(hex(planted, "%02X")), std::string::npos) << planted;
  }
  // The same search finds them where they are.
  EXPECT_FALSE(FilesWith(store_, tag_bytes).empty());
  EXPECT_FALSE(FilesWith(temporary_ / "copy", "VALUE:planted-here").empty());
}

}  // namespace
}  // namespace letterlock::engine
