#include "store_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"

namespace letterlock::engine {
namespace {

constexpr std::string_view kKindField = "letterlock-store ";
constexpr std::string_view kReaderField = "min_reader ";
constexpr std::string_view kWriterField = "min_writer ";
constexpr size_t kMaxFormatSize = 256;

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

struct Format {
  std::string kind;
  int min_reader = 0;
  int min_writer = 0;
};

std::optional<std::string_view> TakeLine(std::string_view& text, std::string_view field) {
  if (!text.starts_with(field)) return std::nullopt;
  text.remove_prefix(field.size());
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view value = text.substr(0, end);
  text.remove_prefix(end + 1);
  return value;
}

std::optional<int> ParseVersion(std::optional<std::string_view> text) {
  int value = 0;
  if (!text || text->empty() || text->front() < '1' || text->front() > '9') return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

std::optional<Format> ParseFormat(std::string_view text) {
  const auto kind = TakeLine(text, kKindField);
  if (!kind) return std::nullopt;
  const auto reader = ParseVersion(TakeLine(text, kReaderField));
  const auto writer = ParseVersion(TakeLine(text, kWriterField));
  if (!reader || !writer || !text.empty()) return std::nullopt;
  return Format{std::string(*kind), *reader, *writer};
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

  const std::optional<Format> format = ParseFormat(text);
  if (!format) return absl::DataLossError(absl::StrCat(path_, "/FORMAT is malformed"));
  if (format->kind != kind_) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, " is a store of another kind: ", format->kind));
  }
  if (format->min_reader > kFormatVersion || format->min_writer > kFormatVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, " was written by newer software (format ", format->min_writer,
                     "); this one knows ", kFormatVersion));
  }
  complete_ = true;
  return absl::OkStatus();
}

absl::Status StoreDirectory::Complete() {
  std::ostringstream text;
  text << kKindField << kind_ << '\n'
       << kReaderField << kFormatVersion << '\n'
       << kWriterField << kFormatVersion << '\n';
  const std::string fresh = path_ + "/FORMAT.new";
  if (absl::Status status = WriteAndSync(fresh, text.str()); !status.ok()) return status;
  if (rename(fresh.c_str(), (path_ + "/FORMAT").c_str()) != 0) return Failed("can't name", fresh);
  if (fsync(fd_) != 0) return Failed("can't sync", path_);
  complete_ = true;
  return absl::OkStatus();
}

}  // namespace letterlock::engine
