// Files that go with a message (docs/formats.md, "Attachment"): sealed in chunks under a key of
// their own, so that no more than a chunk is in memory at a time. What opens one, the
// AttachmentReference (content.h), travels in the signed content alone.
//
// Thread-safety: the functions are thread-safe; concurrent const access to a sealer is safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/base/random.h"
#include "crypto/base/secret_bytes.h"
#include "crypto/seal/content.h"

namespace letterlock::seal {

inline constexpr std::uint64_t kMaxAttachmentSize = 26'214'400;  // bytes of file: 25 MiB
inline constexpr std::size_t kAttachmentChunkSize = 65'536;      // bytes of padded file
inline constexpr std::size_t kAttachmentChunkOverhead = 16;      // the tag
inline constexpr std::size_t kAttachmentPrefixSize = 19;

// What a file's size decides.
struct AttachmentShape {
  std::uint64_t size = 0;             // bytes of file
  std::uint64_t padded_size = 0;      // Padmé(size)
  std::uint32_t chunk_count = 0;      // at least 1
  std::uint64_t ciphertext_size = 0;  // prefix and chunks

  // A part of the file or of the ciphertext.
  struct Extent {
    std::uint64_t offset = 0;
    std::size_t size = 0;
  };
  // Of the chunk's content, without padding; of size 0 where a chunk is all padding.
  // REQUIRES: index < chunk_count.
  Extent FilePart(std::uint32_t index) const;
  Extent CiphertextPart(std::uint32_t index) const;
};

// INVALID_ARGUMENT above kMaxAttachmentSize.
absl::StatusOr<AttachmentShape> ShapeOfAttachment(std::uint64_t size);

// Seals one file. The same chunk of the same file gives the same bytes, so a sealer may go over a
// file twice: once for the hash, once to send it, or from the middle to send the rest.
//
// One sealer is for one file: two files under one sealer would share their keystream.
class AttachmentSealer {
 public:
  using Prefix = std::array<std::uint8_t, kAttachmentPrefixSize>;

  // With a fresh key. INVALID_ARGUMENT above kMaxAttachmentSize.
  static absl::StatusOr<AttachmentSealer> Create(std::uint64_t size, crypto::RandomSource& random);
  // Goes on with the file that another sealer, of this key and prefix, began.
  static absl::StatusOr<AttachmentSealer> Resume(std::uint64_t size, crypto::SecretBytes<32> key,
                                                 const Prefix& prefix);

  const AttachmentShape& shape() const { return shape_; }
  const crypto::SecretBytes<32>& key() const { return key_; }
  // The ciphertext begins with it.
  const Prefix& prefix() const { return prefix_; }

  // Chunk `index` of the ciphertext, from `part`, the file's bytes at shape().FilePart(index).
  // INVALID_ARGUMENT where the index or the part's size is another.
  absl::StatusOr<std::string> Seal(std::uint32_t index, std::string_view part) const;

 private:
  AttachmentSealer(const AttachmentShape& shape, crypto::SecretBytes<32> key, const Prefix& prefix);

  AttachmentShape shape_;
  crypto::SecretBytes<32> key_;
  crypto::SecretBytes<32> encryption_key_;
  Prefix prefix_;
};

// Reads the ciphertext that `read` gives against `reference` and hands the file's bytes to `write`,
// in order and in pieces of at most kAttachmentChunkSize. `read` fills the whole span with what is
// at `offset`; it is asked twice for everything, first for the hash. INVALID_ARGUMENT unless
// length, count, hash, every chunk and the padding are right; an error of `read` or `write` as it
// is. What was written counts only once the answer is OK.
absl::Status OpenAttachment(
    const Attachment& reference, std::uint64_t ciphertext_size,
    absl::FunctionRef<absl::Status(std::uint64_t offset, std::span<std::uint8_t> out)> read,
    absl::FunctionRef<absl::Status(std::span<const std::uint8_t> part)> write);

}  // namespace letterlock::seal
