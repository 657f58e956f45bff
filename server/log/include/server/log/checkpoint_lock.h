// What was last signed, kept so that two signers can't fork the log: every signer moves it from the
// checkpoint that it built upon to the one that it signed, durably, before anybody sees the new one
// (docs/log.md, "Append").
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace letterlock::log {

class PosixLogStorage;

// Thread-safe.
class CheckpointLock {
 public:
  virtual ~CheckpointLock() = default;

  // The signed note that was stored last; empty before the first.
  virtual absl::StatusOr<std::string> Load() const = 0;

  // Stores `next`, durably, if the stored note is `expected` (empty: none). ABORTED, and nothing is
  // changed, if it is another. After any other error it is UNKNOWN which of the two is stored.
  virtual absl::Status CompareAndSwap(std::string_view expected, std::string_view next) = 0;
};

// In a directory of its own: `lock` is held with flock(2) while the object lives, `signed` is the
// note.
class FileCheckpointLock final : public CheckpointLock {
 public:
  // Opens or makes the directory (0700). FAILED_PRECONDITION while another process holds it.
  static absl::StatusOr<std::unique_ptr<FileCheckpointLock>> Open(const std::string& directory);
  ~FileCheckpointLock() override;

  absl::StatusOr<std::string> Load() const override;
  absl::Status CompareAndSwap(std::string_view expected, std::string_view next) override;

 private:
  FileCheckpointLock(int held, std::unique_ptr<PosixLogStorage> files);

  const int held_;  // owned; the flock ends with it
  const std::unique_ptr<PosixLogStorage> files_;
};

}  // namespace letterlock::log
