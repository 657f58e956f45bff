// A log's storage and lock in memory, which fail when told to: as a disk does that refuses, and as
// one that does the work but reports that it didn't.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/log/checkpoint_lock.h"
#include "server/log/storage.h"

namespace letterlock::test {

enum class Fault { kNone, kFailsAndDoesNotPersist, kFailsButPersists, kFailsHalfway };

// Not thread-safe.
class MemoryLogStorage final : public log::LogStorage {
 public:
  absl::StatusOr<std::string> Read(std::string_view path) const override {
    const auto found = files.find(std::string(path));
    if (found == files.end()) return absl::NotFoundError("no such file");
    return found->second;
  }
  absl::Status Put(absl::Span<const log::LogFile> put) override {
    const Fault now = puts_before_fault-- == 0 ? fault : Fault::kNone;
    size_t persisted = put.size();
    if (now == Fault::kFailsAndDoesNotPersist) persisted = 0;
    if (now == Fault::kFailsHalfway) persisted = put.size() / 2;
    for (size_t i = 0; i < persisted; ++i) files[put[i].path] = put[i].bytes;
    return now == Fault::kNone ? absl::OkStatus() : absl::UnavailableError("the disk says no");
  }
  absl::Status RemoveDirectory(std::string_view path) override {
    const std::string prefix = std::string(path) + "/";
    std::erase_if(files, [&](const auto& file) { return file.first.starts_with(prefix); });
    return absl::OkStatus();
  }

  std::map<std::string, std::string> files;
  Fault fault = Fault::kNone;
  int puts_before_fault = -1;  // the fault strikes the Put after so many; negative: none
};

// Not thread-safe.
class MemoryLock final : public log::CheckpointLock {
 public:
  absl::StatusOr<std::string> Load() const override { return note; }
  absl::Status CompareAndSwap(std::string_view expected, std::string_view next) override {
    if (note != expected) return absl::AbortedError("another checkpoint");
    if (fault != Fault::kFailsAndDoesNotPersist) note = next;
    return fault == Fault::kNone ? absl::OkStatus() : absl::UnavailableError("the disk says no");
  }

  std::string note;
  Fault fault = Fault::kNone;
};

}  // namespace letterlock::test
