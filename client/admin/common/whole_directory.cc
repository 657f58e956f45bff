#include "admin/whole_directory.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "server/config/files.h"

namespace letterlock::admin {
namespace {

namespace fs = std::filesystem;

// Without a '/' at its end, which a sibling's name could not follow.
std::string Plain(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

absl::Status CheckFree(const std::string& path, const std::string& sibling) {
  std::error_code error;
  if (fs::exists(path, error) &&
      !(fs::is_directory(path, error) && fs::is_empty(path, error) && !error)) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": is there, and is not empty"));
  }
  if (fs::exists(sibling, error)) {
    return absl::FailedPreconditionError(absl::StrCat(sibling, ": is there; remove it first"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MakeWholeDirectory(const std::string& path,
                                const std::function<absl::Status(const std::string& base)>& make) {
  const std::string target = Plain(path);
  const std::string base = target + ".new";
  if (absl::Status free = CheckFree(target, base); !free.ok()) return free;
  absl::Cleanup remove = [&] {
    std::error_code ignored;
    fs::remove_all(base, ignored);
  };
  if (absl::Status made = config::MakePrivateDirectory(base); !made.ok()) return made;
  if (absl::Status made = make(base); !made.ok()) return made;
  std::error_code error;
  fs::rename(base, target, error);  // onto an empty directory, too
  if (error) return absl::UnavailableError(absl::StrCat(target, ": ", error.message()));
  std::move(remove).Cancel();
  return config::SyncDirectory(fs::absolute(target).parent_path().string());
}

}  // namespace letterlock::admin
