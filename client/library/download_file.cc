#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "attachment_files.h"
#include "client/failure.h"
#include "crypto/base/encoding.h"
#include "crypto/base/hash.h"
#include "crypto/base/strings.h"
#include "crypto/seal/attachment.h"
#include "file_descriptor.h"
#include "letterlock/mail/v1/attachment_service.pb.h"

namespace letterlock::client {
namespace {

constexpr int kMostNames = 999;

// A file under a name of ours until it is whole. Goes where it does not become another's.
class TemporaryFile {
 public:
  static absl::StatusOr<TemporaryFile> Create(int directory, crypto::RandomSource& random) {
    const auto tail = crypto::RandomArray<8>(random);
    std::string name = ".letterlock-" + crypto::HexEncode(crypto::AsView(tail));
    const int fd = openat(directory, name.c_str(),
                          O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0) return absl::ErrnoToStatus(errno, "making a file");
    return TemporaryFile(directory, fd, std::move(name));
  }
  TemporaryFile(TemporaryFile&& other) noexcept
      : directory_(other.directory_),
        fd_(std::exchange(other.fd_, -1)),
        name_(std::exchange(other.name_, {})) {}
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile() {
    if (fd_ >= 0) close(fd_);
    if (!name_.empty()) unlinkat(directory_, name_.c_str(), 0);
  }

  int fd() const { return fd_; }
  // False where there is something of that name.
  absl::StatusOr<bool> Become(const std::string& name) {
    if (renameat2(directory_, name_.c_str(), directory_, name.c_str(), RENAME_NOREPLACE) == 0) {
      name_.clear();
      return true;
    }
    // A file system without that: a link is never made over anything either.
    if (errno == EINVAL && linkat(directory_, name_.c_str(), directory_, name.c_str(), 0) == 0) {
      return true;
    }
    if (errno == EEXIST) return false;
    return absl::ErrnoToStatus(errno, "naming a file");
  }

 private:
  TemporaryFile(int directory, int fd, std::string name)
      : directory_(directory), fd_(fd), name_(std::move(name)) {}

  int directory_;
  int fd_;
  std::string name_;
};

// "report.pdf" and 2: "report (2).pdf".
std::string Numbered(const std::string& name, int number) {
  if (number == 1) return name;
  const std::size_t dot = name.rfind('.');
  const std::size_t end = dot == std::string::npos || dot == 0 ? name.size() : dot;
  return name.substr(0, end) + " (" + std::to_string(number) + ")" + name.substr(end);
}

absl::Status Fetch(const AttachmentParts& parts, const seal::Attachment& reference,
                   std::uint64_t size, int fd, const Progress& progress) {
  std::uint64_t done = 0;
  mail::v1::DownloadRequest request;
  request.set_ciphertext_hash(crypto::ToString(reference.ciphertext_hash));
  absl::Status fetched = parts.mail->Do([&](std::string_view token) {
    request.set_offset(done);
    return parts.transport->Download(token, request, [&](std::string_view bytes) -> absl::Status {
      if (bytes.size() > size - done) {
        return VerificationFailed("the mail server sends more than the message names");
      }
      if (absl::Status put = WriteAll(fd, crypto::AsBytes(bytes)); !put.ok()) return put;
      done += bytes.size();
      if (progress) progress(done, size);
      return absl::OkStatus();
    });
  });
  if (absl::IsNotFound(fetched)) return NotFound("the mail server does not have the attachment");
  if (fetched.ok() && done != size) {
    return VerificationFailed("the mail server has less than the message names");
  }
  return fetched;
}

absl::Status Open(const seal::Attachment& reference, std::uint64_t size, int from, int to) {
  absl::Status of_files;
  const absl::Status opened = seal::OpenAttachment(
      reference, size,
      [&](std::uint64_t offset, std::span<std::uint8_t> out) {
        of_files.Update(ReadAt(from, offset, out));
        return of_files;
      },
      [&](std::span<const std::uint8_t> part) {
        of_files.Update(WriteAll(to, part));
        return of_files;
      });
  if (!of_files.ok()) return of_files;
  if (!opened.ok()) {
    return VerificationFailed("the attachment is not the one that the message names");
  }
  if (fsync(to) != 0) return absl::ErrnoToStatus(errno, "writing a file");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SavedFile> DownloadFile(const AttachmentParts& parts,
                                       const seal::Attachment& reference,
                                       const std::string& directory, const Progress& progress) {
  const FileDescriptor folder(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) return UsageProblem("the folder to save in can't be opened");
  const auto shape = seal::ShapeOfAttachment(reference.size);
  if (!shape.ok() || shape->chunk_count != reference.chunk_count) {
    return VerificationFailed("the message names an attachment that can't be");
  }
  auto ciphertext = TemporaryFile::Create(folder.get(), *parts.random);
  if (!ciphertext.ok()) return ciphertext.status();
  const std::uint64_t size = shape->ciphertext_size;
  absl::Status fetched = Fetch(parts, reference, size, ciphertext->fd(), progress);
  if (!fetched.ok()) return fetched;
  auto file = TemporaryFile::Create(folder.get(), *parts.random);
  if (!file.ok()) return file.status();
  absl::Status opened = Open(reference, size, ciphertext->fd(), file->fd());
  if (!opened.ok()) return opened;

  const std::string wanted = SafeFileName(reference.file_name);
  for (int number = 1; number <= kMostNames; ++number) {
    const std::string name = Numbered(wanted, number);
    const auto named = file->Become(name);
    if (!named.ok()) return named.status();
    if (!*named) continue;
    if (fsync(folder.get()) != 0) return absl::ErrnoToStatus(errno, "writing a folder");
    return SavedFile{.path = directory + (directory.ends_with('/') ? "" : "/") + name,
                     .size = reference.size,
                     .renamed = name != reference.file_name};
  }
  return absl::AlreadyExistsError("the folder has too many files of that name");
}

}  // namespace letterlock::client
