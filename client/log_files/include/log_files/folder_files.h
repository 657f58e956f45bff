// The files of a log below a folder, as directoryd writes them or a mirror holds them.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "attest/stored_log.h"

namespace letterlock::log_files {

// Thread-safe.
class FolderFiles final : public attest::LogFiles {
 public:
  explicit FolderFiles(std::string folder) : folder_(std::move(folder)) {}
  // Errors: as config::ReadFile; a file longer than any of a log is one.
  absl::StatusOr<std::string> Read(std::string_view path) const override;

 private:
  const std::string folder_;
};

}  // namespace letterlock::log_files
