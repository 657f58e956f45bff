#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "crypto/base/strings.h"
#include "server/log/storage.h"

namespace letterlock::log {
namespace {

constexpr char kStaging[] = ".tmp";

absl::Status DiskError(std::string_view what, int error) {
  const std::string text =
      absl::StrCat("log storage: ", crypto::Absl(what), ": ", std::strerror(error));
  if (error == ENOENT) return absl::NotFoundError(text);
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(text);
  return absl::UnavailableError(text);
}

// Whether `path` is one that this code or attest/tiles.h makes: it can't leave the directory.
absl::Status CheckPath(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find("..") != std::string_view::npos) {
    return absl::InvalidArgumentError("log storage: not a path of a log");
  }
  return absl::OkStatus();
}

std::string ParentOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "." : std::string(path.substr(0, slash));
}

absl::Status WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return DiskError("write", errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status SyncDirectoryAt(int root, const std::string& path) {
  const int fd = ::openat(root, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return DiskError("open directory", errno);
  const int failed = ::fsync(fd) != 0 ? errno : 0;
  ::close(fd);
  return failed == 0 ? absl::OkStatus() : DiskError("sync directory", failed);
}

// Whatever the umask is. Through a descriptor: a confined daemon may call fchmod alone.
absl::Status SetDirectoryMode(int root, const std::string& path, mode_t mode) {
  const int fd = ::openat(root, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return DiskError("open directory", errno);
  const int failed = ::fchmod(fd, mode) != 0 ? errno : 0;
  ::close(fd);
  return failed == 0 ? absl::OkStatus() : DiskError("set mode", failed);
}

// Makes `path` and what is missing above it; adds every directory that got a new entry to
// `touched`.
absl::Status MakeDirectories(int root, const std::string& path, mode_t mode,
                             std::vector<std::string>* touched) {
  if (path == ".") return absl::OkStatus();
  if (::mkdirat(root, path.c_str(), mode) == 0) {
    absl::Status open_to_readers = SetDirectoryMode(root, path, mode);
    if (!open_to_readers.ok()) return open_to_readers;
    touched->push_back(ParentOf(path));
    return absl::OkStatus();
  }
  if (errno == EEXIST) return absl::OkStatus();
  if (errno != ENOENT) return DiskError("make directory", errno);
  absl::Status above = MakeDirectories(root, ParentOf(path), mode, touched);
  if (!above.ok()) return above;
  return MakeDirectories(root, path, mode, touched);
}

// A staged file: durable content, not yet under its name.
absl::Status Stage(int root, const std::string& staged, std::string_view bytes, mode_t mode) {
  const int fd =
      ::openat(root, staged.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
  if (fd < 0) return DiskError("create", errno);
  absl::Cleanup close = [fd] { ::close(fd); };
  if (::fchmod(fd, mode) != 0) return DiskError("set mode", errno);  // whatever the umask is
  absl::Status written = WriteAll(fd, bytes);
  if (!written.ok()) return written;
  if (::fsync(fd) != 0) return DiskError("sync", errno);
  // What is read back before signing shall come from the disk, not from the cache, where the kernel
  // allows it.
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  return absl::OkStatus();
}

// The names in a directory, without "." and "..".
absl::StatusOr<std::vector<std::string>> Names(int root, const std::string& path) {
  const int fd = ::openat(root, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return DiskError("open directory", errno);
  DIR* directory = ::fdopendir(fd);
  if (directory == nullptr) {
    ::close(fd);
    return DiskError("open directory", errno);
  }
  absl::Cleanup close = [directory] { ::closedir(directory); };
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(directory)) {  // NOLINT(concurrency-mt-unsafe): own DIR
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

absl::Status PosixLogStorage::MakeDirectory(const std::string& directory, Mode mode) {
  const mode_t bits = mode == Mode::kPublic ? 0755 : 0700;
  if (::mkdir(directory.c_str(), bits) != 0) {
    return errno == EEXIST ? absl::OkStatus() : DiskError("make log directory", errno);
  }
  absl::Status set = SetDirectoryMode(AT_FDCWD, directory, bits);
  return set.ok() ? SyncDirectoryAt(AT_FDCWD, directory + "/..") : set;
}

absl::StatusOr<std::unique_ptr<PosixLogStorage>> PosixLogStorage::Open(const std::string& directory,
                                                                       Mode mode) {
  absl::Status made = MakeDirectory(directory, mode);
  if (!made.ok()) return made;
  const int root = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (root < 0) return DiskError("open log directory", errno);
  std::unique_ptr<PosixLogStorage> storage(new PosixLogStorage(root, mode));
  absl::Status emptied = storage->RemoveDirectory(kStaging);
  if (!emptied.ok()) return emptied;
  return storage;
}

PosixLogStorage::~PosixLogStorage() { ::close(root_); }

absl::StatusOr<std::string> PosixLogStorage::Read(std::string_view path) const {
  absl::Status good = CheckPath(path);
  if (!good.ok()) return good;
  const int fd = ::openat(root_, std::string(path).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return DiskError("open", errno);
  absl::Cleanup close = [fd] { ::close(fd); };
  std::string bytes;
  char buffer[16384];
  while (true) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return DiskError("read", errno);
    if (got == 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(got));
  }
}

absl::Status PosixLogStorage::Put(absl::Span<const LogFile> files) {
  const mode_t file_mode = mode_ == Mode::kPublic ? 0644 : 0600;
  const mode_t directory_mode = mode_ == Mode::kPublic ? 0755 : 0700;
  std::vector<std::string> touched;
  absl::Status staging = MakeDirectories(root_, kStaging, directory_mode, &touched);
  if (!staging.ok()) return staging;

  const auto staged_name = [](size_t i) { return absl::StrCat(kStaging, "/", i); };
  for (size_t i = 0; i < files.size(); ++i) {
    absl::Status good = CheckPath(files[i].path);
    if (good.ok()) good = Stage(root_, staged_name(i), files[i].bytes, file_mode);
    if (!good.ok()) return good;
  }
  for (size_t i = 0; i < files.size(); ++i) {
    const std::string parent = ParentOf(files[i].path);
    absl::Status made = MakeDirectories(root_, parent, directory_mode, &touched);
    if (!made.ok()) return made;
    if (::renameat(root_, staged_name(i).c_str(), root_, files[i].path.c_str()) != 0) {
      return DiskError("rename", errno);
    }
    touched.push_back(parent);
  }
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  for (const std::string& directory : touched) {
    absl::Status synced = SyncDirectoryAt(root_, directory);
    if (!synced.ok()) return synced;
  }
  return absl::OkStatus();
}

absl::Status PosixLogStorage::RemoveDirectory(std::string_view path) {
  absl::Status good = CheckPath(path);
  if (!good.ok()) return good;
  const std::string directory(path);
  absl::StatusOr<std::vector<std::string>> names = Names(root_, directory);
  if (absl::IsNotFound(names.status())) return absl::OkStatus();
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    const std::string file = absl::StrCat(directory, "/", name);
    if (::unlinkat(root_, file.c_str(), 0) != 0 && errno != ENOENT)
      return DiskError("remove", errno);
  }
  if (::unlinkat(root_, directory.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) {
    return DiskError("remove directory", errno);
  }
  return absl::OkStatus();
}

}  // namespace letterlock::log
