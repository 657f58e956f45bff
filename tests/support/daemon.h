// A daemon of ours as a child process, for tests and benchmarks that run the real binaries.
//
// The child dies with its parent (PR_SET_PDEATHSIG), listens where its own configuration says, and
// says where through its --port_file. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace letterlock::testing {

struct DaemonOptions {
  std::string binary;                  // path
  std::vector<std::string> arguments;  // without --port_file
  std::string port_file;  // written by the daemon once it serves; removed before the start
  std::string log_file;   // standard output and error are appended here
  absl::Duration patience = absl::Seconds(30);  // for the start and for a stop
};

class Daemon {
 public:
  // Returns once the daemon serves. UNAVAILABLE with the end of its log where it exits before that,
  // DEADLINE_EXCEEDED where it takes too long.
  static absl::StatusOr<std::unique_ptr<Daemon>> Start(const DaemonOptions& options);
  // Starts a program that is not expected to serve, or not yet: no port is waited for.
  static absl::StatusOr<std::unique_ptr<Daemon>> Spawn(const DaemonOptions& options);
  // Kill().
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  pid_t pid() const { return pid_; }
  int port() const { return port_; }  // 0 until it serves
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // As Start does after Spawn.
  absl::Status WaitUntilServing();

  // SIGTERM; the exit code, or 128 + the signal that ended it. DEADLINE_EXCEEDED, and killed, where
  // it does not end.
  absl::StatusOr<int> Stop();
  // SIGKILL, and waits. Does nothing to one that has ended.
  void Kill();
  // Waits for an end that something else brings about; answers as Stop does.
  absl::StatusOr<int> WaitForExit();

 private:
  Daemon(DaemonOptions options, pid_t pid, int pidfd);
  bool EndsWithin(absl::Duration time);
  std::string EndOfLog() const;

  const DaemonOptions options_;
  const pid_t pid_;
  const int pidfd_;
  int port_ = 0;
  bool ended_ = false;
  int exit_code_ = 0;
};

// Runs a program to its end: the exit code and what it wrote to standard output and error together.
struct RunResult {
  int exit_code = 0;
  std::string output;
};
absl::StatusOr<RunResult> RunProgram(const std::string& binary,
                                     const std::vector<std::string>& arguments,
                                     absl::Duration patience = absl::Seconds(60));

}  // namespace letterlock::testing
