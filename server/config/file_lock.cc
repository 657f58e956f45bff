#include "server/config/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/time/clock.h"
#include "crypto/base/strings.h"

namespace letterlock::config {

absl::StatusOr<FileLock> FileLock::Take(const std::string& path, absl::Duration patience,
                                        std::string_view held) {
  FileLock lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.fd_ < 0) return absl::ErrnoToStatus(errno, path);
  const absl::Time until = absl::Now() + patience;
  while (flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return absl::ErrnoToStatus(errno, path);
    }
    if (absl::Now() >= until) {
      return absl::Status(absl::StatusCode::kUnavailable, crypto::Absl(held));
    }
    absl::SleepFor(absl::Milliseconds(20));
  }
  return lock;
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FileLock::~FileLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace letterlock::config
