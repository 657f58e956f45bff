// A lock among processes: an open file that is locked for this holder alone. Private to the
// library. Not thread-safe; move-only; given up when destroyed.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace letterlock::client {

class FileLock {
 public:
  // Makes the file, 0600, if it is not there. UNAVAILABLE where another holds the lock for longer
  // than `patience`.
  static absl::StatusOr<FileLock> Take(const std::string& path, absl::Duration patience);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace letterlock::client
