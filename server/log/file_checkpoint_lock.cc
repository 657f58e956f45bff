#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/log/checkpoint_lock.h"
#include "server/log/storage.h"

namespace letterlock::log {
namespace {

constexpr char kSignedName[] = "signed";

absl::Status LockError(const char* what, int error) {
  return absl::UnavailableError(
      absl::StrCat("checkpoint lock: ", what, ": ", std::strerror(error)));
}

// Opens `directory`/lock and takes the flock; the descriptor, or why not.
absl::StatusOr<int> Hold(const std::string& directory) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return LockError("make directory", errno);
  }
  const std::string path = directory + "/lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return LockError("open", errno);
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  const int failed = errno;
  ::close(fd);
  if (failed != EWOULDBLOCK) return LockError("lock", failed);
  return absl::FailedPreconditionError("checkpoint lock: another process signs for this log");
}

}  // namespace

FileCheckpointLock::FileCheckpointLock(int held, std::unique_ptr<PosixLogStorage> files)
    : held_(held), files_(std::move(files)) {}

FileCheckpointLock::~FileCheckpointLock() { ::close(held_); }

absl::StatusOr<std::unique_ptr<FileCheckpointLock>> FileCheckpointLock::Open(
    const std::string& directory) {
  absl::StatusOr<int> held = Hold(directory);
  if (!held.ok()) return held.status();
  absl::StatusOr<std::unique_ptr<PosixLogStorage>> files =
      PosixLogStorage::Open(directory, PosixLogStorage::Mode::kPrivate);
  if (!files.ok()) {
    ::close(*held);
    return files.status();
  }
  return std::unique_ptr<FileCheckpointLock>(new FileCheckpointLock(*held, *std::move(files)));
}

absl::StatusOr<std::string> FileCheckpointLock::Load() const {
  absl::StatusOr<std::string> note = files_->Read(kSignedName);
  if (absl::IsNotFound(note.status())) return std::string();
  if (note.ok() && note->empty()) return absl::DataLossError("checkpoint lock: `signed` is empty");
  return note;
}

absl::Status FileCheckpointLock::CompareAndSwap(std::string_view expected, std::string_view next) {
  absl::StatusOr<std::string> stored = Load();
  if (!stored.ok()) return stored.status();
  if (*stored != expected) {
    return absl::AbortedError("checkpoint lock: another checkpoint was signed meanwhile");
  }
  const LogFile file{kSignedName, std::string(next)};
  return files_->Put({&file, 1});
}

}  // namespace letterlock::log
