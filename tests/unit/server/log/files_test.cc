// The log's storage and lock on a real file system.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "server/log/checkpoint_lock.h"
#include "server/log/storage.h"
#include "support/temporary_directory.h"

namespace letterlock::log {
namespace {

namespace fs = std::filesystem;

mode_t ModeOf(const std::string& path) {
  struct stat info{};
  EXPECT_EQ(::lstat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777;
}

TEST(PosixLogStorage, WritesFilesWhereTheirPathsSayAndReadsThemBack) {
  test::TemporaryDirectory directory;
  auto storage = PosixLogStorage::Open(directory / "log", PosixLogStorage::Mode::kPublic);
  ASSERT_TRUE(storage.ok()) << storage.status();
  const std::string binary("\0\1\n\xff", 4);
  ASSERT_TRUE((*storage)->Put({{"checkpoint", binary}, {"tile/0/x001/234.p/7", "tile"}}).ok());
  EXPECT_EQ(*(*storage)->Read("checkpoint"), binary);
  EXPECT_EQ(*(*storage)->Read("tile/0/x001/234.p/7"), "tile");
  ASSERT_TRUE((*storage)->Put({{"checkpoint", "newer"}}).ok());
  EXPECT_EQ(*(*storage)->Read("checkpoint"), "newer");
}

TEST(PosixLogStorage, MakesFilesReadableForAWebServerWhateverTheUmask) {
  test::TemporaryDirectory directory;
  const mode_t before = ::umask(077);
  auto storage = PosixLogStorage::Open(directory / "log", PosixLogStorage::Mode::kPublic);
  ASSERT_TRUE((*storage)->Put({{"tile/0/000.p/1", "x"}}).ok());
  ::umask(before);
  EXPECT_EQ(ModeOf(directory / "log"), 0755u);
  EXPECT_EQ(ModeOf(directory / "log/tile/0/000.p"), 0755u);
  EXPECT_EQ(ModeOf(directory / "log/tile/0/000.p/1"), 0644u);
}

TEST(PosixLogStorage, PrivateFilesAreTheOwnersAlone) {
  test::TemporaryDirectory directory;
  const mode_t before = ::umask(0);
  auto storage = PosixLogStorage::Open(directory / "lock", PosixLogStorage::Mode::kPrivate);
  ASSERT_TRUE((*storage)->Put({{"signed", "x"}}).ok());
  ::umask(before);
  EXPECT_EQ(ModeOf(directory / "lock"), 0700u);
  EXPECT_EQ(ModeOf(directory / "lock/signed"), 0600u);
}

TEST(PosixLogStorage, PathsCannotLeaveTheDirectory) {
  test::TemporaryDirectory directory;
  auto storage = PosixLogStorage::Open(directory / "log", PosixLogStorage::Mode::kPublic);
  for (const char* path : {"", "/etc/hostname", "../x", "tile/../../x"}) {
    EXPECT_TRUE(absl::IsInvalidArgument((*storage)->Read(path).status())) << path;
    EXPECT_TRUE(absl::IsInvalidArgument((*storage)->Put({{path, "x"}}))) << path;
  }
}

TEST(PosixLogStorage, StartEmptiesWhatAKillLeftOnItsWay) {
  test::TemporaryDirectory directory;
  fs::create_directories(directory / "log/.tmp");
  std::ofstream(directory / "log/.tmp/0") << "half a ti";
  auto storage = PosixLogStorage::Open(directory / "log", PosixLogStorage::Mode::kPublic);
  ASSERT_TRUE(storage.ok());
  EXPECT_FALSE(fs::exists(directory / "log/.tmp/0"));
}

TEST(PosixLogStorage, FailedWriteKeepsTheOldFile) {
  test::TemporaryDirectory directory;
  auto storage = PosixLogStorage::Open(directory / "log", PosixLogStorage::Mode::kPublic);
  ASSERT_TRUE((*storage)->Put({{"checkpoint", "old"}}).ok());
  // The staged file can not be made.
  fs::remove_all(directory / "log/.tmp");
  fs::create_directories(directory / "log/.tmp/0");
  EXPECT_TRUE(absl::IsUnavailable((*storage)->Put({{"checkpoint", "new"}})));
  EXPECT_EQ(*(*storage)->Read("checkpoint"), "old");
}

TEST(PosixLogStorage, RemovesADirectoryOfFiles) {
  test::TemporaryDirectory directory;
  auto storage = PosixLogStorage::Open(directory / "log", PosixLogStorage::Mode::kPublic);
  ASSERT_TRUE((*storage)->Put({{"tile/0/000.p/1", "x"}, {"tile/0/000.p/2", "x"}}).ok());
  EXPECT_TRUE((*storage)->RemoveDirectory("tile/0/000.p").ok());
  EXPECT_FALSE(fs::exists(directory / "log/tile/0/000.p"));
  EXPECT_TRUE((*storage)->RemoveDirectory("tile/0/000.p").ok());
}

TEST(FileCheckpointLock, KeepsWhatWasSignedAcrossOpenings) {
  test::TemporaryDirectory directory;
  {
    auto lock = FileCheckpointLock::Open(directory / "lock");
    ASSERT_TRUE(lock.ok()) << lock.status();
    EXPECT_EQ(*(*lock)->Load(), "");
    EXPECT_TRUE((*lock)->CompareAndSwap("", "first").ok());
    EXPECT_TRUE((*lock)->CompareAndSwap("first", "second").ok());
  }
  EXPECT_EQ(*(*FileCheckpointLock::Open(directory / "lock"))->Load(), "second");
}

TEST(FileCheckpointLock, SwapFromAnotherCheckpointIsAborted) {
  test::TemporaryDirectory directory;
  auto lock = FileCheckpointLock::Open(directory / "lock");
  ASSERT_TRUE((*lock)->CompareAndSwap("", "first").ok());
  EXPECT_TRUE(absl::IsAborted((*lock)->CompareAndSwap("", "other")));
  EXPECT_TRUE(absl::IsAborted((*lock)->CompareAndSwap("firs", "other")));
  EXPECT_EQ(*(*lock)->Load(), "first");
}

TEST(FileCheckpointLock, SecondHolderIsRefusedUntilTheFirstIsGone) {
  test::TemporaryDirectory directory;
  auto first = FileCheckpointLock::Open(directory / "lock");
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(FileCheckpointLock::Open(directory / "lock").status()));
  first->reset();
  EXPECT_TRUE(FileCheckpointLock::Open(directory / "lock").ok());
}

TEST(FileCheckpointLock, EmptyFileIsNotTakenForANewLog) {
  test::TemporaryDirectory directory;
  fs::create_directory(directory / "lock");
  std::ofstream(directory / "lock/signed").flush();
  auto lock = FileCheckpointLock::Open(directory / "lock");
  ASSERT_TRUE(lock.ok());
  EXPECT_TRUE(absl::IsDataLoss((*lock)->Load().status()));
}

}  // namespace
}  // namespace letterlock::log
