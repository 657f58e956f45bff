#include "support/daemon.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/time/clock.h"
#include "support/temporary_directory.h"

namespace letterlock::testing {
namespace {

constexpr absl::Duration kPollInterval = absl::Milliseconds(5);
constexpr size_t kLogShown = 2000;

std::string ReadWhole(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// Between fork and exec: async-signal-safe calls alone.
[[noreturn]] void Become(const char* binary, char* const* arguments, int output) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  execv(binary, arguments);
  _exit(127);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Spawn(const DaemonOptions& options) {
  if (!options.port_file.empty()) unlink(options.port_file.c_str());
  std::vector<std::string> words = {options.binary};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  if (!options.port_file.empty()) {
    words.push_back("--port_file");
    words.push_back(options.port_file);
  }
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  const int output =
      open(options.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (output < 0) return absl::InternalError("the log file of a child can't be opened");
  const pid_t pid = fork();
  if (pid == 0) Become(arguments[0], arguments.data(), output);
  close(output);
  if (pid < 0) return absl::ResourceExhaustedError("fork");
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return absl::InternalError("pidfd_open");
  }
  return std::unique_ptr<Daemon>(new Daemon(options, pid, pidfd));
}

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Start(const DaemonOptions& options) {
  auto daemon = Spawn(options);
  if (!daemon.ok()) return daemon.status();
  if (auto serving = (*daemon)->WaitUntilServing(); !serving.ok()) return serving;
  return daemon;
}

Daemon::Daemon(DaemonOptions options, pid_t pid, int pidfd)
    : options_(std::move(options)), pid_(pid), pidfd_(pidfd) {}

Daemon::~Daemon() {
  Kill();
  close(pidfd_);
}

absl::Status Daemon::WaitUntilServing() {
  const absl::Time deadline = absl::Now() + options_.patience;
  while (absl::Now() < deadline) {
    // The file appears whole: the daemons write it atomically.
    const std::string text = ReadWhole(options_.port_file);
    if (!text.empty()) {
      port_ = std::atoi(text.c_str());
      return port_ > 0 ? absl::OkStatus() : absl::InternalError("a port file without a port");
    }
    if (EndsWithin(kPollInterval)) {
      return absl::UnavailableError(options_.binary + " ended with " + std::to_string(exit_code_) +
                                    ":\n" + EndOfLog());
    }
  }
  return absl::DeadlineExceededError(options_.binary + " does not serve:\n" + EndOfLog());
}

absl::StatusOr<int> Daemon::Stop() {
  if (!ended_) kill(pid_, SIGTERM);
  return WaitForExit();
}

void Daemon::Kill() {
  if (ended_) return;
  kill(pid_, SIGKILL);
  EndsWithin(absl::InfiniteDuration());
}

absl::StatusOr<int> Daemon::WaitForExit() {
  if (EndsWithin(options_.patience)) return exit_code_;
  Kill();
  return absl::DeadlineExceededError(options_.binary + " does not end:\n" + EndOfLog());
}

bool Daemon::EndsWithin(absl::Duration time) {
  if (ended_) return true;
  pollfd end = {pidfd_, POLLIN, 0};
  const int timeout =
      time == absl::InfiniteDuration() ? -1 : static_cast<int>(absl::ToInt64Milliseconds(time));
  if (poll(&end, 1, timeout) <= 0) return false;
  int status = 0;
  waitpid(pid_, &status, 0);
  ended_ = true;
  exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return true;
}

std::string Daemon::EndOfLog() const {
  const std::string log = ReadWhole(options_.log_file);
  return log.size() <= kLogShown ? log : log.substr(log.size() - kLogShown);
}

absl::StatusOr<RunResult> RunProgram(const std::string& binary,
                                     const std::vector<std::string>& arguments,
                                     absl::Duration patience) {
  const test::TemporaryDirectory folder;
  const std::string log = folder.path() + "/output";
  auto program = Daemon::Spawn({.binary = binary,
                                .arguments = arguments,
                                .port_file = "",
                                .log_file = log,
                                .patience = patience});
  if (!program.ok()) return program.status();
  const auto code = (*program)->WaitForExit();
  if (!code.ok()) return code.status();
  return RunResult{*code, ReadWhole(log)};
}

}  // namespace letterlock::testing
