#include "crypto/seal/attachment.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "crypto/base/aead.h"
#include "crypto/base/bytes.h"
#include "crypto/base/context.h"
#include "crypto/base/hash.h"
#include "crypto/base/kdf.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/base/strings.h"
#include "padme.h"

namespace letterlock::seal {
namespace {

using crypto::AsView;
using crypto::KeyAccess;
using crypto::SecretBuffer;
using crypto::SecretBytes;
using Aead = crypto::XChaCha20Poly1305;

static_assert(kAttachmentChunkOverhead == Aead::kTagSize);
static_assert(kAttachmentPrefixSize + 5 == Aead::kNonceSize);

absl::Status Refused(const char* why) { return absl::InvalidArgumentError(why); }

SecretBytes<32> EncryptionKey(const SecretBytes<32>& key) {
  return crypto::Hkdf(key, "", context::kAttachment);
}

// prefix ‖ u32 index ‖ u8 last
Aead::Nonce NonceOf(std::string_view prefix, std::uint32_t index, bool last) {
  std::string bytes(prefix);
  crypto::AppendU32(&bytes, index);
  bytes.push_back(last ? '\1' : '\0');
  return *Aead::NonceFromBytes(bytes);
}

bool IsLast(const AttachmentShape& shape, std::uint32_t index) {
  return index + 1 == shape.chunk_count;
}

// Of the chunk's content with its padding.
std::size_t PaddedPartSize(const AttachmentShape& shape, std::uint32_t index) {
  return shape.CiphertextPart(index).size - kAttachmentChunkOverhead;
}

}  // namespace

AttachmentShape::Extent AttachmentShape::FilePart(std::uint32_t index) const {
  const std::uint64_t offset = std::min(std::uint64_t{index} * kAttachmentChunkSize, size);
  return {offset,
          static_cast<std::size_t>(std::min<std::uint64_t>(kAttachmentChunkSize, size - offset))};
}

AttachmentShape::Extent AttachmentShape::CiphertextPart(std::uint32_t index) const {
  constexpr std::uint64_t kWhole = kAttachmentChunkSize + kAttachmentChunkOverhead;
  const std::uint64_t offset = kAttachmentPrefixSize + index * kWhole;
  return {offset, static_cast<std::size_t>(std::min(kWhole, ciphertext_size - offset))};
}

absl::StatusOr<AttachmentShape> ShapeOfAttachment(std::uint64_t size) {
  if (size > kMaxAttachmentSize) return Refused("attachment is over 25 MiB");
  AttachmentShape shape{.size = size, .padded_size = size < 2 ? size : internal::Padme(size)};
  const std::uint64_t chunks =
      (shape.padded_size + kAttachmentChunkSize - 1) / kAttachmentChunkSize;
  shape.chunk_count = static_cast<std::uint32_t>(std::max<std::uint64_t>(1, chunks));
  shape.ciphertext_size = kAttachmentPrefixSize + shape.padded_size +
                          std::uint64_t{shape.chunk_count} * kAttachmentChunkOverhead;
  return shape;
}

AttachmentSealer::AttachmentSealer(const AttachmentShape& shape, SecretBytes<32> key,
                                   const Prefix& prefix)
    : shape_(shape), key_(std::move(key)), encryption_key_(EncryptionKey(key_)), prefix_(prefix) {}

absl::StatusOr<AttachmentSealer> AttachmentSealer::Create(std::uint64_t size,
                                                          crypto::RandomSource& random) {
  SecretBytes<32> key = SecretBytes<32>::Random(random);
  return Resume(size, std::move(key), crypto::RandomArray<kAttachmentPrefixSize>(random));
}

absl::StatusOr<AttachmentSealer> AttachmentSealer::Resume(std::uint64_t size, SecretBytes<32> key,
                                                          const Prefix& prefix) {
  const absl::StatusOr<AttachmentShape> shape = ShapeOfAttachment(size);
  if (!shape.ok()) return shape.status();
  return AttachmentSealer(*shape, std::move(key), prefix);
}

absl::StatusOr<std::string> AttachmentSealer::Seal(std::uint32_t index,
                                                   std::string_view part) const {
  if (index >= shape_.chunk_count || part.size() != shape_.FilePart(index).size) {
    return Refused("not a part of this file");
  }
  const Aead::Nonce nonce = NonceOf(AsView(prefix_), index, IsLast(shape_, index));
  const std::size_t padded_size = PaddedPartSize(shape_, index);
  if (padded_size == part.size()) return Aead::Seal(encryption_key_, nonce, "", part);
  SecretBuffer padded = SecretBuffer::OfSize(padded_size);
  std::ranges::copy(crypto::AsBytes(part), padded.RevealMutable(KeyAccess{}).begin());
  return Aead::Seal(encryption_key_, nonce, "", padded.RevealView(KeyAccess{}));
}

absl::Status OpenAttachment(
    const Attachment& reference, std::uint64_t ciphertext_size,
    absl::FunctionRef<absl::Status(std::uint64_t offset, std::span<std::uint8_t> out)> read,
    absl::FunctionRef<absl::Status(std::span<const std::uint8_t> part)> write) {
  const absl::StatusOr<AttachmentShape> shape = ShapeOfAttachment(reference.size);
  if (!shape.ok()) return shape.status();
  if (shape->chunk_count != reference.chunk_count || shape->ciphertext_size != ciphertext_size) {
    return Refused("attachment has another length than its size gives");
  }

  std::vector<std::uint8_t> buffer(kAttachmentChunkSize + kAttachmentChunkOverhead);
  const auto read_part = [&](const AttachmentShape::Extent& part) -> absl::Status {
    return read(part.offset, std::span(buffer).first(part.size));
  };
  AttachmentSealer::Prefix prefix;
  if (absl::Status s = read(0, prefix); !s.ok()) return s;
  crypto::Sha256Hasher hasher;
  hasher.Update(AsView(prefix));
  for (std::uint32_t i = 0; i < shape->chunk_count; ++i) {
    const AttachmentShape::Extent part = shape->CiphertextPart(i);
    if (absl::Status s = read_part(part); !s.ok()) return s;
    hasher.Update(AsView(std::span(buffer).first(part.size)));
  }
  if (hasher.Finish() != reference.ciphertext_hash) return Refused("attachment has another hash");

  const SecretBytes<32> key = EncryptionKey(reference.key);
  for (std::uint32_t i = 0; i < shape->chunk_count; ++i) {
    const AttachmentShape::Extent part = shape->CiphertextPart(i);
    if (absl::Status s = read_part(part); !s.ok()) return s;
    const absl::StatusOr<SecretBuffer> opened =
        Aead::Open(key, NonceOf(AsView(prefix), i, IsLast(*shape, i)), "",
                   AsView(std::span(buffer).first(part.size)));
    if (!opened.ok()) return opened.status();
    const std::span<const std::uint8_t> bytes = opened->Reveal(KeyAccess{});
    const std::size_t content = shape->FilePart(i).size;
    const auto padding = bytes.subspan(content);
    if (!std::ranges::all_of(padding, [](std::uint8_t b) { return b == 0; })) {
      return Refused("padding is not as it must be");
    }
    if (content == 0) continue;
    if (absl::Status s = write(bytes.first(content)); !s.ok()) return s;
  }
  return absl::OkStatus();
}

}  // namespace letterlock::seal
