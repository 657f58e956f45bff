// A lock among processes: an open file that is locked for this holder alone. Not thread-safe;
// move-only; given up when destroyed.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace letterlock::config {

class FileLock {
 public:
  // Makes the file, 0600, if it is not there. UNAVAILABLE, with `held` for a message, where another
  // holds the lock for longer than `patience`.
  static absl::StatusOr<FileLock> Take(const std::string& path, absl::Duration patience,
                                       std::string_view held);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace letterlock::config
