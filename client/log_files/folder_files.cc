#include "log_files/folder_files.h"

#include <cstddef>

#include "attest/tiles.h"
#include "server/config/files.h"

namespace letterlock::log_files {
namespace {

// The largest file of a log: an entry bundle of 256 leaves.
constexpr std::size_t kMaxFile = attest::kTileWidth * (attest::kMaxLeafSize + 2);

}  // namespace

absl::StatusOr<std::string> FolderFiles::Read(std::string_view path) const {
  return config::ReadFile(folder_ + "/" + std::string(path), kMaxFile);
}

}  // namespace letterlock::log_files
