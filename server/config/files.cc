#include "server/config/files.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "crypto/base/encoding.h"
#include "crypto/base/random.h"
#include "crypto/base/strings.h"
#include "server/config/file_descriptor.h"

namespace letterlock::config {
namespace {

constexpr std::size_t kReadChunk = 64 * 1024;
constexpr mode_t kGroupAndOthers = S_IRWXG | S_IRWXO;

// What the system said about `path`. To be called before anything else can change errno.
absl::Status SystemError(const std::string& path) { return absl::ErrnoToStatus(errno, path); }

absl::Status Refused(absl::StatusCode code, const std::string& path, std::string_view why) {
  return absl::Status(code, path + ": " + std::string(why));
}

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// Fewer bytes than asked for only at the end of the file; -1 on error.
ssize_t ReadAll(int fd, std::span<std::uint8_t> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t n = ::read(fd, into.data() + done, into.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return static_cast<ssize_t>(done);
}

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

absl::StatusOr<FileDescriptor> OpenDirectory(const std::string& path) {
  FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return SystemError(path);
  return fd;
}

// A regular file and its size. Does not wait for a writer where `path` is a FIFO.
absl::StatusOr<FileDescriptor> OpenRegular(const std::string& path, int flags, struct stat* about) {
  FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags));
  if (!fd.valid() && errno == ELOOP) {
    return Refused(absl::StatusCode::kPermissionDenied, path, "is a symbolic link");
  }
  if (!fd.valid() || ::fstat(fd.get(), about) != 0) return SystemError(path);
  if (!S_ISREG(about->st_mode)) {
    return Refused(absl::StatusCode::kFailedPrecondition, path, "is not a regular file");
  }
  return fd;
}

absl::Status CheckOwner(const std::string& path, const struct stat& about) {
  if (about.st_uid != ::geteuid() && about.st_uid != 0) {
    return Refused(absl::StatusCode::kPermissionDenied, path, "belongs to another user");
  }
  return absl::OkStatus();
}

absl::StatusOr<FileDescriptor> OpenSecret(const std::string& path, struct stat* about) {
  absl::StatusOr<FileDescriptor> fd = OpenRegular(path, O_NOFOLLOW, about);
  if (!fd.ok()) {
    // Whatever else it is, it is no file that holds a secret.
    if (fd.status().code() != absl::StatusCode::kFailedPrecondition) return fd.status();
    return Refused(absl::StatusCode::kPermissionDenied, path, "is not a regular file");
  }
  if ((about->st_mode & kGroupAndOthers) != 0) {
    return Refused(absl::StatusCode::kPermissionDenied, path,
                   "holds a secret and is open to group or others; chmod 600");
  }
  if (absl::Status owner = CheckOwner(path, *about); !owner.ok()) return owner;
  return fd;
}

// From where the file stands to its end.
absl::StatusOr<std::string> ReadToEnd(int fd, const std::string& path, std::size_t max_size) {
  std::string bytes;
  while (true) {
    const std::size_t had = bytes.size();
    bytes.resize(std::min(had + kReadChunk, max_size + 1));
    const std::span<std::uint8_t> room(reinterpret_cast<std::uint8_t*>(bytes.data()) + had,
                                       bytes.size() - had);
    const ssize_t got = ReadAll(fd, room);
    if (got < 0) return SystemError(path);
    bytes.resize(had + static_cast<std::size_t>(got));
    if (bytes.size() > max_size) {
      return Refused(absl::StatusCode::kResourceExhausted, path, "is too large");
    }
    if (static_cast<std::size_t>(got) < room.size()) return bytes;
  }
}

// A file that is not there any more unless Keep() was called.
class TemporaryFile {
 public:
  TemporaryFile(int directory, std::string name) : directory_(directory), name_(std::move(name)) {}
  ~TemporaryFile() {
    if (!kept_) ::unlinkat(directory_, name_.c_str(), 0);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void Keep() { kept_ = true; }
  const char* name() const { return name_.c_str(); }

 private:
  const int directory_;
  const std::string name_;
  bool kept_ = false;
};

std::string TemporaryName(const std::string& name) {
  std::array<std::uint8_t, 8> random;
  crypto::FillRandom(random);
  return "." + name + ".tmp-" + crypto::HexEncode(crypto::AsView(random));
}

absl::Status Put(const std::string& path, std::string_view bytes, FileMode mode,
                 unsigned rename_flags) {
  const std::string directory_path = DirectoryOf(path);
  const std::string name = NameOf(path);
  absl::StatusOr<FileDescriptor> directory = OpenDirectory(directory_path);
  if (!directory.ok()) return directory.status();

  const auto bits = static_cast<mode_t>(mode);
  TemporaryFile temporary(directory->get(), TemporaryName(name));
  const FileDescriptor file(::openat(directory->get(), temporary.name(),
                                     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, bits));
  if (!file.valid()) {
    const absl::Status status = SystemError(path);
    temporary.Keep();  // it is not ours
    return status;
  }
  if (::fchmod(file.get(), bits) != 0 || !WriteAll(file.get(), bytes) || ::fsync(file.get()) != 0) {
    return SystemError(path);
  }
  if (::renameat2(directory->get(), temporary.name(), directory->get(), name.c_str(),
                  rename_flags) != 0) {
    return SystemError(path);
  }
  temporary.Keep();
  if (::fsync(directory->get()) != 0) return SystemError(directory_path);
  return absl::OkStatus();
}

}  // namespace

std::string DirectoryOf(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

absl::StatusOr<std::string> ReadFile(const std::string& path, std::size_t max_size) {
  struct stat about = {};
  absl::StatusOr<FileDescriptor> fd = OpenRegular(path, 0, &about);
  if (!fd.ok()) return fd.status();
  return ReadToEnd(fd->get(), path, max_size);
}

absl::StatusOr<std::string> ReadTrustedFile(const std::string& path, std::size_t max_size) {
  struct stat about = {};
  absl::StatusOr<FileDescriptor> fd = OpenRegular(path, O_NOFOLLOW, &about);
  if (!fd.ok()) return fd.status();
  if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Refused(absl::StatusCode::kPermissionDenied, path,
                   "can be written by group or others; chmod go-w");
  }
  if (absl::Status owner = CheckOwner(path, about); !owner.ok()) return owner;
  return ReadToEnd(fd->get(), path, max_size);
}

absl::Status CheckSecretFile(const std::string& path) {
  struct stat about = {};
  return OpenSecret(path, &about).status();
}

absl::StatusOr<crypto::SecretBuffer> ReadSecretFile(const std::string& path, std::size_t max_size) {
  struct stat about = {};
  absl::StatusOr<FileDescriptor> fd = OpenSecret(path, &about);
  if (!fd.ok()) return fd.status();
  const auto size = static_cast<std::size_t>(about.st_size);
  if (size > max_size) return Refused(absl::StatusCode::kInvalidArgument, path, "is too large");
  crypto::SecretBuffer secret = crypto::SecretBuffer::OfSize(size);
  const ssize_t got = ReadAll(fd->get(), secret.RevealMutable(crypto::KeyAccess{}));
  if (got < 0) return SystemError(path);
  if (static_cast<std::size_t>(got) != size) {
    return Refused(absl::StatusCode::kInvalidArgument, path, "changed while it was read");
  }
  return secret;
}

absl::Status ReadSecretFileInto(const std::string& path, std::span<std::uint8_t> exactly) {
  struct stat about = {};
  absl::StatusOr<FileDescriptor> fd = OpenSecret(path, &about);
  if (!fd.ok()) return fd.status();
  if (static_cast<std::size_t>(about.st_size) != exactly.size()) {
    return Refused(absl::StatusCode::kInvalidArgument, path,
                   "must be " + std::to_string(exactly.size()) + " bytes");
  }
  const ssize_t got = ReadAll(fd->get(), exactly);
  if (got < 0) return SystemError(path);
  if (static_cast<std::size_t>(got) != exactly.size()) {
    return Refused(absl::StatusCode::kInvalidArgument, path, "changed while it was read");
  }
  return absl::OkStatus();
}

absl::Status WriteFileDurably(const std::string& path, std::string_view bytes, FileMode mode) {
  return Put(path, bytes, mode, 0);
}

absl::Status CreateFileDurably(const std::string& path, std::string_view bytes, FileMode mode) {
  return Put(path, bytes, mode, RENAME_NOREPLACE);
}

absl::Status SyncDirectory(const std::string& path) {
  absl::StatusOr<FileDescriptor> directory = OpenDirectory(path);
  if (!directory.ok()) return directory.status();
  if (::fsync(directory->get()) != 0) return SystemError(path);
  return absl::OkStatus();
}

absl::Status MakePrivateDirectory(const std::string& path) {
  if (::mkdir(path.c_str(), S_IRWXU) == 0) return SyncDirectory(DirectoryOf(path));
  if (errno != EEXIST) return SystemError(path);
  absl::StatusOr<FileDescriptor> directory = OpenDirectory(path);
  if (!directory.ok()) return directory.status();
  struct stat about = {};
  if (::fstat(directory->get(), &about) != 0) return SystemError(path);
  if (about.st_uid != ::geteuid()) {
    return Refused(absl::StatusCode::kPermissionDenied, path, "belongs to another user");
  }
  if ((about.st_mode & kGroupAndOthers) != 0) {
    return Refused(absl::StatusCode::kPermissionDenied, path,
                   "is open to group or others; chmod 700");
  }
  return absl::OkStatus();
}

}  // namespace letterlock::config
