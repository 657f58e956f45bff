// Opening an attachment, against a server and against a sender. The first byte chooses:
//   0, 1, 2  the rest is what a server hands out for one of three references of
//            tests/vectors/letterlock/attachment.json: none but the true ciphertext may open.
//   3        a sender's choice: u32 size, u32 place, and bytes that stand there in the padded file,
//            sealed chunk by chunk with her keys. It opens if no byte of the padding is set, to the
//            file, and is then what our own sealer makes of it.
//   4        the same, with the padding right, and then one thing changed as `Damage` has it: it
//            must not open, though the hash (but for kHash) is that of what is there.
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "crypto/base/aead.h"
#include "crypto/base/bytes.h"
#include "crypto/base/context.h"
#include "crypto/base/encoding.h"
#include "crypto/base/hash.h"
#include "crypto/base/kdf.h"
#include "crypto/base/strings.h"
#include "crypto/seal/attachment.h"
#include "round_trip.h"

namespace {

using namespace letterlock;  // NOLINT: a fuzzer is one function
using Aead = crypto::XChaCha20Poly1305;

constexpr std::uint32_t kMostFuzzed = 200'000;  // bytes of file: four chunks

struct Vector {
  const char* key;
  const char* hash;
  std::uint64_t size;
};
constexpr Vector kVectors[] = {
    {"bf4f5dc9f763347527311aa583c3f9004ce2a698fac467c6623f0af5f8eb61f6",
     "f3ddac8bc0ec29351b38e3eb000477ef844573f98b0df65808599736038de2ff", 0},
    {"cf078299ba5aee1749a972960aef994c8013d54677c249f4e5ef9c6d39c289ab",
     "9c5d6193c29da829716388a01428ab2c03942579684d73f895089024aaa60430", 1},
    {"0d31249a1ad710eae54c692572e76dbe488389c8ca906796486797849dfb623c",
     "047642b5cb31504e6c6c54ad2655cd4074e5cdafeb51f33ad3d0937199f8f00d", 100},
};

enum class Damage {
  kByte,        // one byte of it
  kShorter,     // a piece of its end
  kLonger,      // bytes behind it
  kChunksSwap,  // two whole chunks change places
  kSize,        // the reference says another size
  kCount,       // the reference says another count
  kKey,         // the reference has another key
  kHash,        // the reference has another hash
};
constexpr int kDamages = 8;

seal::Attachment ReferenceTo(std::string_view key, std::uint64_t size,
                             std::string_view ciphertext) {
  return {.file_name = "file",
          .key = *crypto::SecretBytes<32>::FromBytes(key),
          .ciphertext_hash = crypto::Sha256(ciphertext),
          .size = size,
          .chunk_count = seal::ShapeOfAttachment(size)->chunk_count};
}

// The file, or why not. Nothing over the reference's size is ever written, nor more than a chunk.
absl::StatusOr<std::string> Open(const seal::Attachment& reference, std::string_view ciphertext) {
  std::string file;
  const absl::Status opened = seal::OpenAttachment(
      reference, ciphertext.size(),
      [&](std::uint64_t offset, std::span<std::uint8_t> out) {
        if (offset + out.size() > ciphertext.size()) __builtin_trap();
        std::ranges::copy(crypto::AsBytes(ciphertext.substr(offset, out.size())), out.begin());
        return absl::OkStatus();
      },
      [&](std::span<const std::uint8_t> part) {
        if (part.empty() || part.size() > seal::kAttachmentChunkSize) __builtin_trap();
        file += crypto::AsView(part);
        if (file.size() > reference.size) __builtin_trap();
        return absl::OkStatus();
      });
  if (!opened.ok()) return opened;
  if (file.size() != reference.size) __builtin_trap();
  return file;
}

void ServerHandsOut(const Vector& vector, std::string_view ciphertext) {
  seal::Attachment reference = ReferenceTo(*crypto::HexDecode(vector.key), vector.size, "");
  reference.ciphertext_hash = *crypto::DigestFromBytes(*crypto::HexDecode(vector.hash));
  const bool is_true = crypto::Sha256(ciphertext) == reference.ciphertext_hash;
  if (Open(reference, ciphertext).ok() != is_true) __builtin_trap();
}

const std::string kKey(32, 'k');
const std::string kPrefix(seal::kAttachmentPrefixSize, 'p');

// As docs/formats.md has it, and not by our sealer: the padding may be anything.
std::string SealPadded(const seal::AttachmentShape& shape, std::string_view padded) {
  const auto key =
      crypto::Hkdf(*crypto::SecretBytes<32>::FromBytes(kKey), "", context::kAttachment);
  std::string out = kPrefix;
  for (std::uint32_t i = 0; i < shape.chunk_count; ++i) {
    std::string nonce = kPrefix;
    crypto::AppendU32(&nonce, i);
    nonce.push_back(i + 1 == shape.chunk_count ? '\1' : '\0');
    out += Aead::Seal(
        key, *Aead::NonceFromBytes(nonce), "",
        padded.substr(std::min<std::size_t>(padded.size(), i * seal::kAttachmentChunkSize),
                      seal::kAttachmentChunkSize));
  }
  return out;
}

std::string SealWithOurs(std::string_view file) {
  seal::AttachmentSealer::Prefix prefix;
  std::ranges::copy(crypto::AsBytes(kPrefix), prefix.begin());
  const auto sealer = *seal::AttachmentSealer::Resume(
      file.size(), *crypto::SecretBytes<32>::FromBytes(kKey), prefix);
  std::string out = kPrefix;
  for (std::uint32_t i = 0; i < sealer.shape().chunk_count; ++i) {
    const auto part = sealer.shape().FilePart(i);
    out += *sealer.Seal(i, file.substr(part.offset, part.size));
  }
  return out;
}

void SenderSeals(std::uint64_t size, std::uint32_t place, std::string_view bytes) {
  const seal::AttachmentShape shape = *seal::ShapeOfAttachment(size);
  std::string padded(shape.padded_size, '\0');
  if (!padded.empty()) {
    place %= padded.size();
    bytes = bytes.substr(0, padded.size() - place);
    padded.replace(place, bytes.size(), bytes);
  }
  const std::string ciphertext = SealPadded(shape, padded);
  const auto opened = Open(ReferenceTo(kKey, size, ciphertext), ciphertext);
  const bool is_padded = padded.find_first_not_of('\0', size) == std::string::npos;
  if (opened.ok() != is_padded) __builtin_trap();
  if (!opened.ok()) return;
  fuzz::MustBe(std::string_view(padded).substr(0, size), *opened);
  fuzz::MustBe(ciphertext, SealWithOurs(*opened));
}

// False where there is nothing to change so.
bool Change(Damage damage, std::uint32_t place, std::string_view bytes, std::string* ciphertext,
            seal::Attachment* reference) {
  constexpr std::size_t kWhole = seal::kAttachmentChunkSize + seal::kAttachmentChunkOverhead;
  switch (damage) {
    case Damage::kByte:
      (*ciphertext)[place % ciphertext->size()] ^= static_cast<char>(1 << (bytes.size() % 8));
      return true;
    case Damage::kShorter:
      ciphertext->resize(ciphertext->size() - 1 - place % ciphertext->size());
      return true;
    case Damage::kLonger:
      ciphertext->append(bytes.empty() ? std::string_view("x") : bytes);
      return true;
    case Damage::kChunksSwap: {
      char* first = ciphertext->data() + kPrefix.size();
      if (ciphertext->size() < kPrefix.size() + 2 * kWhole) return false;
      std::swap_ranges(first, first + kWhole, first + kWhole);
      return true;
    }
    case Damage::kSize:
      reference->size += 1 + place;
      if (seal::ShapeOfAttachment(reference->size).ok()) {
        // A sender may name a size that pads to the same length, and seal so: then it is that file.
        return seal::ShapeOfAttachment(reference->size)->ciphertext_size != ciphertext->size();
      }
      return true;
    case Damage::kCount:
      reference->chunk_count += 1 + place % 0xffff'fffe;
      return true;
    case Damage::kKey:
      reference->key = *crypto::SecretBytes<32>::FromBytes(std::string(32, 'x'));
      return true;
    case Damage::kHash:
      return true;
  }
  return false;
}

void SenderSealsAndChanges(std::uint64_t size, std::uint32_t place, std::string_view bytes) {
  std::string file(size, '\0');
  for (std::size_t i = 0; i < std::min<std::size_t>(bytes.size(), size); ++i) file[i] = bytes[i];
  std::string ciphertext = SealWithOurs(file);
  seal::Attachment reference = ReferenceTo(kKey, size, ciphertext);
  const auto damage = static_cast<Damage>(bytes.empty() ? 0 : bytes.front() % kDamages);
  if (!Change(damage, place, bytes, &ciphertext, &reference)) return;
  reference.ciphertext_hash = crypto::Sha256(damage == Damage::kHash ? "other" : ciphertext);
  if (Open(reference, ciphertext).ok()) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const int choice = data[0] % 5;
  std::string_view rest = fuzz::Text(data + 1, size - 1);
  if (choice < 3) {
    ServerHandsOut(kVectors[choice], rest);
    return 0;
  }
  crypto::ByteReader reader(rest);
  const std::uint32_t file_size = reader.U32() % kMostFuzzed;
  const std::uint32_t place = reader.U32();
  rest = reader.Rest();
  if (choice == 3) {
    SenderSeals(file_size, place, rest);
  } else {
    SenderSealsAndChanges(file_size, place, rest);
  }
  return 0;
}
