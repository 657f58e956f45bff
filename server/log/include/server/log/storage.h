// The files of a log, as its sequencer needs them: whole files that are read, replaced atomically,
// and durable when a call says so. An interface, so that tests can fail it in every way a disk can.
//
// Thread-safe. Paths are relative, of names of [A-Za-z0-9._-] joined by '/', as attest/tiles.h
// makes them. Errors: NOT_FOUND, RESOURCE_EXHAUSTED (disk full), UNAVAILABLE (any other trouble
// with the disk).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "attest/stored_log.h"

namespace letterlock::log {

struct LogFile {
  std::string path;
  std::string bytes;
};

class LogStorage : public attest::LogFiles {
 public:
  // Makes or replaces each file atomically, all durable on return. After an error each is as it was
  // or as it should be, and may be either after the next crash.
  virtual absl::Status Put(absl::Span<const LogFile> files) = 0;

  // Removes a directory that holds files alone. OK if there is none.
  virtual absl::Status RemoveDirectory(std::string_view path) = 0;
};

// A directory on a local file system.
class PosixLogStorage final : public LogStorage {
 public:
  enum class Mode { kPublic, kPrivate };  // 0755 and 0644, or 0700 and 0600

  // Makes `directory` (its parent exists), durably; OK if it is there.
  static absl::Status MakeDirectory(const std::string& directory, Mode mode);

  // Opens or makes `directory` (its parent exists) and empties its `.tmp`. REQUIRES: one writer at
  // a time; the CheckpointLock sees to it.
  static absl::StatusOr<std::unique_ptr<PosixLogStorage>> Open(const std::string& directory,
                                                               Mode mode);
  ~PosixLogStorage() override;

  absl::StatusOr<std::string> Read(std::string_view path) const override;
  absl::Status Put(absl::Span<const LogFile> files) override;
  absl::Status RemoveDirectory(std::string_view path) override;

  // Of the directory, for flock and the like.
  int fd() const { return root_; }

 private:
  PosixLogStorage(int root, Mode mode) : root_(root), mode_(mode) {}

  const int root_;  // owned
  const Mode mode_;
};

}  // namespace letterlock::log
