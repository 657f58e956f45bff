#include "store_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/store_format.h"

namespace letterlock::engine {
namespace {

absl::Status Failed(const char* what, const std::string& path) {
  const int error = errno;
  const std::string message = absl::StrCat(what, " ", path, ": ", std::strerror(error));
  return error == ENOSPC || error == EDQUOT ? absl::ResourceExhaustedError(message)
                                            : absl::UnavailableError(message);
}

absl::Status CheckOwnership(int fd, const std::string& path) {
  struct stat info{};
  if (fstat(fd, &info) != 0) return Failed("can't stat", path);
  if (info.st_uid != geteuid()) {
    return absl::FailedPreconditionError(absl::StrCat(path, " belongs to another user"));
  }
  if ((info.st_mode & 077) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is open to others: chmod 0700"));
  }
  return absl::OkStatus();
}

absl::Status SyncDirectory(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed("can't open", path);
  const bool ok = fsync(fd) == 0;
  absl::Status status = ok ? absl::OkStatus() : Failed("can't sync", path);
  close(fd);
  return status;
}

absl::Status MakeDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0) return Failed("can't make", path);
  return SyncDirectory(std::filesystem::path(path).parent_path().empty()
                           ? std::string(".")
                           : std::filesystem::path(path).parent_path().string());
}

absl::Status WriteAndSync(const std::string& path, std::string_view content) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Failed("can't write", path);
  const bool ok =
      write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
      fsync(fd) == 0;
  absl::Status status = ok ? absl::OkStatus() : Failed("can't write", path);
  close(fd);
  return status;
}

}  // namespace

StoreDirectory::StoreDirectory(std::string path, std::string kind, int fd)
    : path_(std::move(path)), kind_(std::move(kind)), fd_(fd) {}

StoreDirectory::~StoreDirectory() { close(fd_); }

absl::StatusOr<std::unique_ptr<StoreDirectory>> StoreDirectory::Open(const std::string& path,
                                                                     std::string_view kind) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0 && errno == ENOENT) {
    if (absl::Status made = MakeDirectory(path); !made.ok()) return made;
  }
  auto directory = Lock(path, kind);
  if (!directory.ok()) return directory;
  if (absl::Status status = (*directory)->CheckFormat(); !status.ok()) return status;
  return directory;
}

absl::StatusOr<std::unique_ptr<StoreDirectory>> StoreDirectory::NewCopy(
    const std::string& path) const {
  if (absl::Status made = MakeDirectory(path); !made.ok()) return made;
  return Lock(path, kind_);
}

absl::StatusOr<std::unique_ptr<StoreDirectory>> StoreDirectory::Lock(const std::string& path,
                                                                     std::string_view kind) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed("can't open", path);
  std::unique_ptr<StoreDirectory> directory(new StoreDirectory(path, std::string(kind), fd));
  if (absl::Status status = CheckOwnership(fd, path); !status.ok()) return status;
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is in use"));
  }
  return directory;
}

absl::Status StoreDirectory::CheckFormat() {
  std::ifstream file(path_ + "/FORMAT", std::ios::binary);
  if (!file) {
    std::error_code error;
    const bool there = std::filesystem::exists(path_ + "/FORMAT", error);
    return there || error ? absl::UnavailableError(absl::StrCat("can't read ", path_, "/FORMAT"))
                          : absl::OkStatus();
  }
  std::string text(kMaxFormatSize + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));

  if (absl::Status sound = engine::CheckFormat(path_, text, kind_); !sound.ok()) return sound;
  complete_ = true;
  return absl::OkStatus();
}

absl::Status StoreDirectory::Complete() {
  const std::string fresh = path_ + "/FORMAT.new";
  if (absl::Status status = WriteAndSync(fresh, FormatOf(kind_)); !status.ok()) return status;
  if (rename(fresh.c_str(), (path_ + "/FORMAT").c_str()) != 0) return Failed("can't name", fresh);
  if (fsync(fd_) != 0) return Failed("can't sync", path_);
  complete_ = true;
  return absl::OkStatus();
}

}  // namespace letterlock::engine
