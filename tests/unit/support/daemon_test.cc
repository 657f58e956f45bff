// The harness itself: a test that starts a daemon must notice when that fails.
#include "support/daemon.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "support/temporary_directory.h"

namespace letterlock::testing {
namespace {

class DaemonTest : public ::testing::Test {
 protected:
  // A shell script as the daemon; its last two arguments are --port_file and the file.
  DaemonOptions Script(const std::string& script) const {
    return {.binary = "/bin/sh",
            .arguments = {"-c", script, "daemon"},
            .port_file = folder_ / "port",
            .log_file = folder_ / "log",
            .patience = absl::Seconds(5)};
  }

  const test::TemporaryDirectory folder_;
};

TEST_F(DaemonTest, StartReturnsOnceThePortIsKnown) {
  const auto daemon = Daemon::Start(Script("echo 4711 > \"$2\"; exec sleep 60"));
  ASSERT_TRUE(daemon.ok()) << daemon.status();
  EXPECT_EQ((*daemon)->port(), 4711);
  EXPECT_EQ(kill((*daemon)->pid(), 0), 0);
}

TEST_F(DaemonTest, StartOfOneThatEndsSaysWhatItWrote) {
  const auto daemon = Daemon::Start(Script("echo broken >&2; exit 3"));
  EXPECT_EQ(daemon.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(
      std::string(daemon.status().message()),
      ::testing::AllOf(::testing::HasSubstr("ended with 3"), ::testing::HasSubstr("broken")));
}

TEST_F(DaemonTest, StopTellsTheExitCode) {
  const auto daemon =
      Daemon::Start(Script("trap 'exit 7' TERM; echo 1 > \"$2\"; while :; do sleep 0.01; done"));
  ASSERT_TRUE(daemon.ok()) << daemon.status();
  const auto code = (*daemon)->Stop();
  ASSERT_TRUE(code.ok()) << code.status();
  EXPECT_EQ(*code, 7);
}

TEST_F(DaemonTest, KillEndsIt) {
  const auto daemon = Daemon::Start(Script("echo 1 > \"$2\"; exec sleep 60"));
  ASSERT_TRUE(daemon.ok()) << daemon.status();
  (*daemon)->Kill();
  EXPECT_NE(kill((*daemon)->pid(), 0), 0);
}

TEST_F(DaemonTest, RunProgramGivesOutputAndExitCode) {
  const auto result = RunProgram("/bin/sh", {"-c", "echo out; echo err >&2; exit 4"});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_code, 4);
  EXPECT_EQ(result->output, "out\nerr\n");
}

}  // namespace
}  // namespace letterlock::testing
