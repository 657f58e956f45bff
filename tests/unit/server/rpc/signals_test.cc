// In a process of its own: signals must be blocked before gRPC starts a thread, and the test forks.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "echo_server.h"
#include "server/config/files.h"

namespace letterlock::rpc {
namespace {

// The child: a daemon's main.
[[noreturn]] void RunDaemon(int ready) {
  auto signals = TerminationSignals::Block();
  if (!signals.ok()) ::_exit(10);
  {
    EchoServer server;
    const char byte = '1';
    if (::write(ready, &byte, 1) != 1) ::_exit(11);
    if (!server.runner->RunUntil(**signals).ok()) ::_exit(12);
    if (server.log.All().find("\"by_signal\":true") == std::string::npos) ::_exit(13);
  }
  ::_exit(0);
}

int ExitCodeAfter(int signal_number) {
  int pipe_fds[2];
  EXPECT_EQ(::pipe(pipe_fds), 0);
  const pid_t child = ::fork();
  if (child == 0) RunDaemon(pipe_fds[1]);
  ::close(pipe_fds[1]);
  char byte = 0;
  EXPECT_EQ(::read(pipe_fds[0], &byte, 1), 1);
  ::close(pipe_fds[0]);
  ::kill(child, signal_number);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST(Signals, SigtermStopsTheServerCleanly) { EXPECT_EQ(ExitCodeAfter(SIGTERM), 0); }

TEST(Signals, SigintStopsTheServerCleanly) { EXPECT_EQ(ExitCodeAfter(SIGINT), 0); }

TEST(Signals, BlockingThemIsRefusedOnceThreadsRun) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::thread other([] { ::pause(); });
    const auto signals = TerminationSignals::Block();
    ::_exit(signals.status().code() == absl::StatusCode::kFailedPrecondition ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace letterlock::rpc
