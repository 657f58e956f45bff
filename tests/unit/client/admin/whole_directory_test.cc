#include "admin/whole_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "server/config/files.h"
#include "support/temporary_directory.h"

namespace letterlock::admin {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class WholeDirectory : public ::testing::Test {
 protected:
  static absl::Status Fill(const std::string& base) {
    return config::CreateFileDurably(base + "/key", "x", config::FileMode::kSecret);
  }
  bool NothingThere() const { return fs::is_empty(directory_.path()); }

  test::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "plane";
};

TEST_F(WholeDirectory, IsThereWithAllThatWasMade) {
  ASSERT_TRUE(MakeWholeDirectory(path_, &Fill).ok());
  EXPECT_EQ(*config::ReadFile(path_ + "/key", 10), "x");
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_all);
  EXPECT_FALSE(fs::exists(path_ + ".new"));
}

TEST_F(WholeDirectory, MayBeAnEmptyOneThatIsThere) {
  fs::create_directory(path_);
  EXPECT_TRUE(MakeWholeDirectory(path_ + "/", &Fill).ok());
  EXPECT_TRUE(fs::exists(path_ + "/key"));
}

TEST_F(WholeDirectory, IsNotThereWhereMakingItFails) {
  const absl::Status made = MakeWholeDirectory(path_, [](const std::string& base) {
    EXPECT_TRUE(Fill(base).ok());
    return absl::UnavailableError("disk");
  });
  EXPECT_EQ(made.message(), "disk");
  EXPECT_TRUE(NothingThere());
}

TEST_F(WholeDirectory, IsNotThereWhereItsMakerIsKilled) {
  const pid_t child = ::fork();
  if (child == 0) {
    MakeWholeDirectory(path_, [](const std::string& base) {
      Fill(base).IgnoreError();
      ::raise(SIGKILL);
      return absl::OkStatus();
    }).IgnoreError();
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_FALSE(fs::exists(path_));
  // What is left has keys in it: nobody but its owner says that it may go.
  EXPECT_THAT(std::string(MakeWholeDirectory(path_, &Fill).message()),
              HasSubstr("plane.new: is there; remove it first"));
}

TEST_F(WholeDirectory, NeverReplacesWhatIsThere) {
  ASSERT_TRUE(MakeWholeDirectory(path_, &Fill).ok());
  const absl::Status again = MakeWholeDirectory(path_, [](const std::string&) {
    ADD_FAILURE();
    return absl::OkStatus();
  });
  EXPECT_TRUE(absl::IsFailedPrecondition(again));
  EXPECT_THAT(std::string(again.message()), HasSubstr("is not empty"));
}

}  // namespace
}  // namespace letterlock::admin
