// Who may open a store, and what becomes of one that is not what it should be.

#include <sys/stat.h>
#include <unistd.h>

#include "engine/rocksdb/rocksdb_ordered_store.h"
#include "support/temporary_directory.h"
#include "unit/server/engine/rocksdb/store.h"

namespace letterlock::engine {
namespace {

using absl::StatusCode;

class StoreDirectory : public ::testing::Test {
 protected:
  void MakeStore() {
    auto engine = Open(store_);
    ASSERT_TRUE(engine.ok()) << engine.status();
    ASSERT_TRUE(Apply(**engine, TagOf(1), 0, Put("a", "kept")).ok());
  }
  StatusCode CodeOfOpen() { return Open(store_).status().code(); }
  void ExpectKept() {
    auto engine = Open(store_);
    ASSERT_TRUE(engine.ok()) << engine.status();
    EXPECT_EQ(Value(**engine, TagOf(1), "a"), "kept");
  }

  const test::TemporaryDirectory temporary_;
  const std::string store_ = temporary_ / "store";
};

TEST_F(StoreDirectory, IsMadeForItsOwnerAlone) {
  const mode_t before = umask(0);
  MakeStore();
  umask(before);
  struct stat info{};
  ASSERT_EQ(stat(store_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
}

TEST_F(StoreDirectory, OpenToOthersIsRefused) {
  MakeStore();
  for (const mode_t mode : {0755u, 0710u, 0701u}) {
    ASSERT_EQ(chmod(store_.c_str(), mode), 0);
    EXPECT_EQ(CodeOfOpen(), StatusCode::kFailedPrecondition);
  }
  ASSERT_EQ(chmod(store_.c_str(), 0700), 0);
  ExpectKept();
}

TEST_F(StoreDirectory, OfAnotherUserIsRefused) {
  // A directory that surely belongs to somebody else: root's, or, for root, one given away.
  if (geteuid() != 0) {
    EXPECT_EQ(Open("/").status().code(), StatusCode::kFailedPrecondition);
    return;
  }
  MakeStore();
  ASSERT_EQ(chown(store_.c_str(), 65534, 65534), 0);
  EXPECT_EQ(CodeOfOpen(), StatusCode::kFailedPrecondition);
}

TEST_F(StoreDirectory, InUseIsRefused) {
  MakeStore();
  auto engine = Open(store_);
  ASSERT_TRUE(engine.ok());
  EXPECT_EQ(CodeOfOpen(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Value(**engine, TagOf(1), "a"), "kept");
}

TEST_F(StoreDirectory, FormatIsWhatTheDocumentSays) {
  MakeStore();
  EXPECT_EQ(ReadFile(store_ + "/FORMAT"),
            "letterlock-store mailboxes\nmin_reader 1\nmin_writer 1\n");
}

TEST_F(StoreDirectory, OfNewerSoftwareIsRefused) {
  MakeStore();
  const std::string format = ReadFile(store_ + "/FORMAT");
  for (const char* newer : {"letterlock-store mailboxes\nmin_reader 2\nmin_writer 2\n",
                            "letterlock-store mailboxes\nmin_reader 1\nmin_writer 2\n",
                            "letterlock-store mailboxes\nmin_reader 999999999\nmin_writer 1\n"}) {
    WriteFile(store_ + "/FORMAT", newer);
    EXPECT_EQ(CodeOfOpen(), StatusCode::kFailedPrecondition);
    EXPECT_EQ(ReadFile(store_ + "/FORMAT"), newer);
  }
  WriteFile(store_ + "/FORMAT", format);
  ExpectKept();
}

TEST_F(StoreDirectory, OfAnotherKindIsRefused) {
  MakeStore();
  EXPECT_EQ(OpenRocksDbOrderedStore(OptionsFor(store_)).status().code(),
            StatusCode::kFailedPrecondition);
  ExpectKept();
}

TEST_F(StoreDirectory, MalformedFormatIsDamage) {
  MakeStore();
  for (const std::string& malformed :
       {std::string(), std::string("letterlock-store mailboxes\n"),
        std::string("letterlock-store mailboxes\nmin_reader 1\nmin_writer 1"),
        std::string("letterlock-store mailboxes\nmin_reader 1\nmin_writer 1\n\n"),
        std::string("letterlock-store mailboxes\nmin_writer 1\nmin_reader 1\n"),
        std::string("letterlock-store mailboxes\nmin_reader 01\nmin_writer 1\n"),
        std::string("letterlock-store mailboxes\nmin_reader 0\nmin_writer 1\n"),
        std::string("letterlock-store mailboxes\nmin_reader -1\nmin_writer 1\n"),
        std::string("letterlock-store mailboxes\nmin_reader 1 \nmin_writer 1\n"),
        std::string("letterlock-store mailboxes\nmin_reader 99999999999\nmin_writer 1\n"),
        "letterlock-store " + std::string(1000, 'x') + "\nmin_reader 1\nmin_writer 1\n"}) {
    WriteFile(store_ + "/FORMAT", malformed);
    EXPECT_EQ(CodeOfOpen(), StatusCode::kDataLoss) << malformed;
  }
}

TEST_F(StoreDirectory, RowsWithoutFormatAreRefused) {
  MakeStore();
  std::filesystem::remove(store_ + "/FORMAT");
  EXPECT_EQ(CodeOfOpen(), StatusCode::kFailedPrecondition);
  EXPECT_FALSE(std::filesystem::exists(store_ + "/FORMAT"));
}

TEST_F(StoreDirectory, LostDatabaseDoesNotComeUpEmpty) {
  MakeStore();
  std::filesystem::remove_all(store_ + "/db");
  EXPECT_EQ(CodeOfOpen(), StatusCode::kDataLoss);
}

TEST_F(StoreDirectory, LostDatabaseFileIsDamage) {
  MakeStore();
  std::filesystem::remove(store_ + "/db/CURRENT");
  EXPECT_EQ(CodeOfOpen(), StatusCode::kDataLoss);
}

TEST_F(StoreDirectory, MakingThatWasCutShortIsTakenUpAgain) {
  MakeStore();
  {
    auto engine = Open(store_);
    absl::Notification dropped;
    (*engine)->Drop(TagOf(1), 1, [&](absl::StatusOr<Generation>) { dropped.Notify(); });
    dropped.WaitForNotification();
  }
  std::filesystem::remove(store_ + "/FORMAT");  // an empty database, not yet complete
  MakeStore();
  ExpectKept();

  ASSERT_EQ(mkdir((temporary_ / "bare").c_str(), 0700), 0);  // not even a database
  EXPECT_TRUE(Open(temporary_ / "bare").ok());
}

TEST_F(StoreDirectory, MissingParentIsAnError) {
  EXPECT_EQ(Open(temporary_ / "no/such/parent").status().code(), StatusCode::kUnavailable);
}

}  // namespace
}  // namespace letterlock::engine
