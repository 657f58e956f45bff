#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "attachment_files.h"
#include "client/failure.h"
#include "crypto/base/hash.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/base/strings.h"
#include "crypto/seal/attachment.h"
#include "file_descriptor.h"
#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/mail/v1/attachment_service.pb.h"
#include "server/rpc/status.h"

namespace letterlock::client {
namespace {

using crypto::KeyAccess;
using crypto::SecretBuffer;

constexpr std::size_t kPiece = 65'536;
// A server whose word on where an upload stands never fits would keep us for ever.
constexpr int kMostTakeovers = 20;

absl::Status Changed() {
  return absl::FailedPreconditionError("the file was changed while it was being sent");
}

// Reads a file's ciphertext from any place on.
class SealedFile {
 public:
  SealedFile(int fd, const seal::AttachmentSealer* sealer) : fd_(fd), sealer_(*sealer) {}

  // `take` gets everything from `offset` on, a chunk at a time.
  absl::Status Read(std::uint64_t offset,
                    absl::FunctionRef<absl::Status(std::string_view)> take) const {
    const std::string_view prefix = crypto::AsView(sealer_.prefix());
    if (offset < prefix.size()) {
      if (absl::Status taken = take(prefix.substr(offset)); !taken.ok()) return taken;
      offset = prefix.size();
    }
    for (std::uint32_t i = ChunkAt(offset); i < sealer_.shape().chunk_count; ++i) {
      const auto chunk = Seal(i);
      if (!chunk.ok()) return chunk.status();
      const std::uint64_t start = sealer_.shape().CiphertextPart(i).offset;
      const std::size_t skip = offset > start ? static_cast<std::size_t>(offset - start) : 0;
      if (skip >= chunk->size()) continue;
      absl::Status taken = take(std::string_view(*chunk).substr(skip));
      if (!taken.ok()) return taken;
    }
    return absl::OkStatus();
  }

  // Chunk `i` of the ciphertext.
  absl::StatusOr<std::string> Seal(std::uint32_t i) const {
    const auto part = sealer_.shape().FilePart(i);
    SecretBuffer bytes = SecretBuffer::OfSize(part.size);
    absl::Status read = ReadAt(fd_, part.offset, bytes.RevealMutable(KeyAccess{}));
    if (absl::IsOutOfRange(read)) return Changed();
    if (!read.ok()) return read;
    return sealer_.Seal(i, bytes.RevealView(KeyAccess{}));
  }

  std::uint32_t ChunkAt(std::uint64_t offset) const {
    constexpr std::uint64_t kWhole = seal::kAttachmentChunkSize + seal::kAttachmentChunkOverhead;
    return static_cast<std::uint32_t>((offset - seal::kAttachmentPrefixSize) / kWhole);
  }
  const seal::AttachmentSealer& sealer() const { return sealer_; }

 private:
  const int fd_;
  const seal::AttachmentSealer& sealer_;
};

// The ciphertext in pieces of kPiece, as the transport wants it.
class Pieces {
 public:
  Pieces(const SealedFile* file, std::uint64_t offset, const Progress* progress)
      : file_(*file), at_(offset), progress_(*progress) {
    if (at_ >= seal::kAttachmentPrefixSize) {
      next_ = file_.ChunkAt(at_);
      skip_ = at_ - file_.sealer().shape().CiphertextPart(next_).offset;
    } else {
      pending_ = std::string(crypto::AsView(file_.sealer().prefix()).substr(at_));
    }
  }

  absl::StatusOr<std::string> Next() {
    while (pending_.size() < kPiece && next_ < file_.sealer().shape().chunk_count) {
      const auto chunk = file_.Seal(next_++);
      if (!chunk.ok()) return chunk.status();
      pending_.append(*chunk, std::exchange(skip_, 0));
    }
    std::string piece = pending_.substr(0, kPiece);
    pending_.erase(0, piece.size());
    at_ += piece.size();
    if (progress_) progress_(at_, file_.sealer().shape().ciphertext_size);
    return piece;
  }

 private:
  const SealedFile& file_;
  std::uint64_t at_;
  const Progress& progress_;
  std::uint32_t next_ = 0;
  std::size_t skip_ = 0;
  std::string pending_;
};

absl::StatusOr<crypto::Digest> HashOf(const SealedFile& file) {
  crypto::Sha256Hasher hasher;
  const absl::Status read = file.Read(0, [&](std::string_view bytes) {
    hasher.Update(bytes);
    return absl::OkStatus();
  });
  if (!read.ok()) return read;
  return hasher.Finish();
}

absl::Status Explain(const absl::Status& status) {
  switch (rpc::ReasonOf(status).value_or(common::v1::ERROR_REASON_UNSPECIFIED)) {
    case common::v1::ERROR_REASON_UPLOAD_HASH:
      return Changed();
    case common::v1::ERROR_REASON_MAILBOX_FULL:
      return absl::ResourceExhaustedError("your mailbox has no room for the attachment");
    case common::v1::ERROR_REASON_TOO_MANY:
      return absl::ResourceExhaustedError(
          "16 uploads wait for their messages: they go after a day");
    case common::v1::ERROR_REASON_NOT_SERVED:
      return absl::UnimplementedError("this mail server takes no attachments");
    default:
      return status;
  }
}

// One attempt: from where the server says that the upload stands.
absl::Status TryUpload(AttachmentTransport& transport, std::string_view token,
                       const SealedFile& file, const std::string& hash, const Progress& progress) {
  for (int i = 0;; ++i) {
    mail::v1::GetUploadRequest ask;
    ask.set_ciphertext_hash(hash);
    mail::v1::GetUploadResponse standing;
    absl::Status asked = transport.GetUpload(token, ask, &standing);
    if (!asked.ok() && !absl::IsNotFound(asked)) return asked;
    if (asked.ok() && standing.complete()) return absl::OkStatus();
    const std::uint64_t size = file.sealer().shape().ciphertext_size;
    const std::uint64_t offset = asked.ok() ? standing.offset() : 0;
    if (offset > size) return absl::InternalError("the server has more than was sent");
    mail::v1::UploadStart start;
    start.set_ciphertext_hash(hash);
    start.set_size(size);
    start.set_offset(offset);
    Pieces pieces(&file, offset, &progress);
    mail::v1::UploadResponse response;
    absl::Status uploaded =
        transport.Upload(token, start, [&] { return pieces.Next(); }, &response);
    // We never cancel: the server ended the call while we wrote, and gRPC (1.51) let the reset
    // overtake what it had to say. Asked again it says it again, or takes the rest.
    if (absl::IsCancelled(uploaded)) {
      return absl::UnavailableError("the mail server broke the upload off");
    }
    // What a broken call left may be written down only just now.
    if (!absl::IsOutOfRange(uploaded) || i == kMostTakeovers) return uploaded;
  }
}

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

absl::StatusOr<seal::Attachment> UploadFile(const AttachmentParts& parts, const std::string& path,
                                            const Progress& progress) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat about{};
  if (file.get() < 0 || fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) {
    return UsageProblem("an attachment is no file that can be read");
  }
  const std::uint64_t size = static_cast<std::uint64_t>(about.st_size);
  if (size > seal::kMaxAttachmentSize) return UsageProblem("an attachment is over 25 MiB");
  const std::string name = NameOf(path);
  if (!seal::IsFileName(name)) return UsageProblem("an attachment's name is not UTF-8");
  const auto sealer = seal::AttachmentSealer::Create(size, *parts.random);
  if (!sealer.ok()) return sealer.status();
  const SealedFile sealed(file.get(), &*sealer);
  const auto hash = HashOf(sealed);
  if (!hash.ok()) return hash.status();

  const std::string name_of_it = crypto::ToString(*hash);
  const absl::Status uploaded = parts.mail->Do([&](std::string_view token) {
    return TryUpload(*parts.transport, token, sealed, name_of_it, progress);
  });
  if (!uploaded.ok()) return Explain(uploaded);
  return seal::Attachment{.file_name = name,
                          .key = sealer->key().Clone(KeyAccess{}),
                          .ciphertext_hash = *hash,
                          .size = size,
                          .chunk_count = sealer->shape().chunk_count};
}

}  // namespace letterlock::client
