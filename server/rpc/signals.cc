#include <signal.h>
#include <sys/signalfd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "server/rpc/server.h"

namespace letterlock::rpc {
namespace {

bool OtherThreadsRun() {
  std::error_code error;
  const std::filesystem::directory_iterator tasks("/proc/self/task", error);
  return error || std::distance(begin(tasks), end(tasks)) != 1;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TerminationSignals>> TerminationSignals::Block() {
  if (OtherThreadsRun()) {
    return absl::FailedPreconditionError("signals must be blocked before threads are started");
  }
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  const int fd = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) return absl::ErrnoToStatus(errno, "signalfd");
  auto signals = std::unique_ptr<TerminationSignals>(new TerminationSignals(fd));
  if (::pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) return absl::InternalError("sigmask");
  // A reader of our logs that goes away must not take the daemon with it.
  ::signal(SIGPIPE, SIG_IGN);
  return signals;
}

TerminationSignals::~TerminationSignals() = default;

}  // namespace letterlock::rpc
