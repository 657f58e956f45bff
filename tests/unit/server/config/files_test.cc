#include "server/config/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "support/temporary_directory.h"

namespace letterlock::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class FilesTest : public ::testing::Test {
 protected:
  static mode_t ModeOf(const std::string& path) {
    struct stat about = {};
    EXPECT_EQ(::stat(path.c_str(), &about), 0);
    return about.st_mode & 07777;
  }
  std::string Secret(std::string_view bytes, mode_t mode = 0600) {
    const std::string path = directory_ / "secret";
    EXPECT_TRUE(WriteFileDurably(path, bytes, FileMode::kSecret).ok());
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }
  std::size_t Entries() {
    return std::distance(std::filesystem::directory_iterator(directory_.path()),
                         std::filesystem::directory_iterator());
  }

  test::TemporaryDirectory directory_;
};

TEST_F(FilesTest, WhatIsWrittenIsReadBackWhateverTheBytes) {
  std::string bytes;
  for (int i = 0; i < 300'000; ++i) bytes.push_back(static_cast<char>(i * 7));
  ASSERT_TRUE(WriteFileDurably(directory_ / "f", bytes, FileMode::kPublic).ok());
  EXPECT_EQ(*ReadFile(directory_ / "f", bytes.size()), bytes);
  EXPECT_EQ(ReadFile(directory_ / "f", bytes.size() - 1).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(FilesTest, WritingReplacesTheWholeAndLeavesNothingElse) {
  ASSERT_TRUE(WriteFileDurably(directory_ / "f", "a longer text", FileMode::kPublic).ok());
  ASSERT_TRUE(WriteFileDurably(directory_ / "f", "short", FileMode::kPublic).ok());
  EXPECT_EQ(*ReadFile(directory_ / "f", 100), "short");
  EXPECT_EQ(Entries(), 1u);
}

TEST_F(FilesTest, ModesHoldWhateverTheUmask) {
  const mode_t before = ::umask(0);
  ASSERT_TRUE(WriteFileDurably(directory_ / "secret", "x", FileMode::kSecret).ok());
  ::umask(0777);
  ASSERT_TRUE(WriteFileDurably(directory_ / "public", "x", FileMode::kPublic).ok());
  ::umask(before);
  EXPECT_EQ(ModeOf(directory_ / "secret"), 0600u);
  EXPECT_EQ(ModeOf(directory_ / "public"), 0644u);
}

TEST_F(FilesTest, CreatingNeverOverwrites) {
  ASSERT_TRUE(CreateFileDurably(directory_ / "key", "first", FileMode::kSecret).ok());
  EXPECT_EQ(CreateFileDurably(directory_ / "key", "second", FileMode::kSecret).code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(*ReadFile(directory_ / "key", 100), "first");
  EXPECT_EQ(Entries(), 1u);
}

// A full disk, as the child sees it: writes beyond a limit fail. What was there stays, and nothing
// else.
TEST_F(FilesTest, AWriteThatFailsLeavesTheOldContentAndNoTemporaryFile) {
  const std::string path = directory_ / "f";
  ASSERT_TRUE(WriteFileDurably(path, "old", FileMode::kPublic).ok());
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {10, 10};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::_exit(WriteFileDurably(path, std::string(100, 'x'), FileMode::kPublic).ok() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(*ReadFile(path, 100), "old");
  EXPECT_EQ(Entries(), 1u);
}

TEST_F(FilesTest, ErrorsNameThePathAndNotTheContent) {
  const absl::Status status = WriteFileDurably(directory_ / "no/such", "sesame", FileMode::kSecret);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr(directory_ / "no"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("sesame")));
}

TEST_F(FilesTest, ADirectoryIsNoFile) {
  EXPECT_EQ(ReadFile(directory_.path(), 100).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(FilesTest, ASecretOfTheRightSizeIsRead) {
  const auto key = ReadSecretFile<5>(Secret("12345"));
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->Reveal(crypto::KeyAccess{})[4], '5');
  const auto buffer = ReadSecretFile(Secret("12345"), 5);
  ASSERT_TRUE(buffer.ok());
  EXPECT_EQ(buffer->RevealView(crypto::KeyAccess{}), "12345");
}

TEST_F(FilesTest, ASecretOfAnotherSizeIsRefused) {
  for (const char* bytes : {"", "1234", "123456"}) {
    EXPECT_EQ(ReadSecretFile<5>(Secret(bytes)).status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(ReadSecretFile(Secret("123456"), 5).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(FilesTest, ASecretThatGroupOrOthersCanTouchIsRefused) {
  for (const mode_t mode : {0640, 0604, 0660, 0620, 0602, 0610, 0601, 0644}) {
    const std::string path = Secret("12345", mode);
    EXPECT_EQ(ReadSecretFile<5>(path).status().code(), absl::StatusCode::kPermissionDenied) << mode;
    EXPECT_EQ(ReadSecretFile(path, 5).status().code(), absl::StatusCode::kPermissionDenied);
    EXPECT_EQ(CheckSecretFile(path).code(), absl::StatusCode::kPermissionDenied);
  }
  for (const mode_t mode : {0600, 0400}) EXPECT_TRUE(ReadSecretFile<5>(Secret("12345", mode)).ok());
}

TEST_F(FilesTest, ASecretBehindASymbolicLinkIsRefusedAndInALinkedDirectoryTaken) {
  const std::string path = Secret("12345");
  std::filesystem::create_symlink(path, directory_ / "link");
  EXPECT_EQ(ReadSecretFile<5>(directory_ / "link").status().code(),
            absl::StatusCode::kPermissionDenied);
  std::filesystem::create_directory_symlink(directory_.path(), directory_ / "current");
  EXPECT_TRUE(ReadSecretFile<5>(directory_ / "current/secret").ok());
}

TEST_F(FilesTest, AFileThatDecidesAboutTrustIsReadWhereOnlyItsOwnerCanWriteIt) {
  for (const mode_t mode : {0644, 0600, 0444}) {
    EXPECT_EQ(ReadTrustedFile(Secret("12345", mode), 5).value_or(""), "12345") << mode;
  }
  for (const mode_t mode : {0664, 0646, 0620}) {
    EXPECT_EQ(ReadTrustedFile(Secret("12345", mode), 5).status().code(),
              absl::StatusCode::kPermissionDenied)
        << mode;
  }
  const std::string path = Secret("12345", 0644);
  EXPECT_EQ(ReadTrustedFile(path, 4).status().code(), absl::StatusCode::kResourceExhausted);
  std::filesystem::create_symlink(path, directory_ / "link");
  EXPECT_EQ(ReadTrustedFile(directory_ / "link", 5).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(absl::IsNotFound(ReadTrustedFile(directory_ / "none", 5).status()));
}

// Both kinds of file, as another user meets them. Needs root to give a file away.
TEST_F(FilesTest, AFileOfAnotherUserIsRefused) {
  if (::geteuid() != 0) return;  // only root can make one
  const std::string path = Secret("12345");
  ASSERT_EQ(::chown(path.c_str(), 4242, 4242), 0);
  EXPECT_EQ(ReadTrustedFile(path, 5).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReadSecretFile<5>(path).status().code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(FilesTest, AFifoIsRefusedWithoutWaitingForItsWriter) {
  ASSERT_EQ(::mkfifo((directory_ / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(ReadSecretFile<5>(directory_ / "fifo").status().code(),
            absl::StatusCode::kPermissionDenied);
}

TEST_F(FilesTest, AMissingSecretIsNotFound) {
  EXPECT_EQ(ReadSecretFile<5>(directory_ / "none").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(FilesTest, PrivateDirectoriesAreMadeOnceAndForTheirOwnerAlone) {
  const std::string path = directory_ / "d";
  ASSERT_TRUE(MakePrivateDirectory(path).ok());
  EXPECT_EQ(ModeOf(path), 0700u);
  EXPECT_TRUE(MakePrivateDirectory(path).ok());
  ASSERT_TRUE(WriteFileDurably(directory_ / "f", "", FileMode::kPublic).ok());
  EXPECT_FALSE(MakePrivateDirectory(directory_ / "f").ok());
}

TEST_F(FilesTest, APrivateDirectoryThatOthersCanOpenOrThatAnotherOwnsIsRefused) {
  const std::string path = directory_ / "d";
  for (const ::mode_t open : {0750, 0705, 0701, 0770, 0777}) {
    ::mkdir(path.c_str(), 0700);
    ASSERT_EQ(::chmod(path.c_str(), open), 0);
    EXPECT_EQ(MakePrivateDirectory(path).code(), absl::StatusCode::kPermissionDenied) << open;
  }
  ASSERT_EQ(::chmod(path.c_str(), 0700), 0);
  EXPECT_TRUE(MakePrivateDirectory(path).ok());
  // "/" is root's: another user's, or open to others.
  EXPECT_EQ(MakePrivateDirectory("/").code(), absl::StatusCode::kPermissionDenied);
  if (::geteuid() != 0) return;  // only root can give a directory away
  ASSERT_EQ(::chown(path.c_str(), 65534, 65534), 0);
  EXPECT_EQ(MakePrivateDirectory(path).code(), absl::StatusCode::kPermissionDenied);
}

}  // namespace
}  // namespace letterlock::config
