#include "crypto/seal/attachment.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/hash.h"
#include "crypto/base/strings.h"
#include "support/deterministic_random.h"
#include "support/flip.h"
#include "support/vectors.h"

namespace letterlock::seal {
namespace {

using crypto::AsView;
using crypto::SystemRandom;
using testing::Flip;
using testing::Hex;

constexpr std::size_t kWholeChunk = kAttachmentChunkSize + kAttachmentChunkOverhead;

std::string FileOf(std::size_t size, std::string_view seed = "a file") {
  std::vector<std::uint8_t> bytes(size);
  testing::DeterministicRandom(seed).Fill(bytes);
  return std::string(AsView(bytes));
}

std::string SealWhole(const AttachmentSealer& sealer, std::string_view file) {
  std::string out(AsView(sealer.prefix()));
  for (std::uint32_t i = 0; i < sealer.shape().chunk_count; ++i) {
    const AttachmentShape::Extent part = sealer.shape().FilePart(i);
    EXPECT_EQ(out.size(), sealer.shape().CiphertextPart(i).offset);
    out += *sealer.Seal(i, file.substr(part.offset, part.size));
  }
  EXPECT_EQ(out.size(), sealer.shape().ciphertext_size);
  return out;
}

Attachment ReferenceTo(const AttachmentSealer& sealer, std::string_view ciphertext) {
  return {.file_name = "file",
          .key = sealer.key().Clone(crypto::KeyAccess{}),
          .ciphertext_hash = crypto::Sha256(ciphertext),
          .size = sealer.shape().size,
          .chunk_count = sealer.shape().chunk_count};
}

absl::StatusOr<std::string> Open(const Attachment& reference, std::string_view ciphertext) {
  std::string file;
  std::size_t largest = 0;
  const absl::Status opened = OpenAttachment(
      reference, ciphertext.size(),
      [&](std::uint64_t offset, std::span<std::uint8_t> out) {
        if (offset + out.size() > ciphertext.size()) return absl::OutOfRangeError("over the end");
        std::ranges::copy(crypto::AsBytes(ciphertext.substr(offset, out.size())), out.begin());
        return absl::OkStatus();
      },
      [&](std::span<const std::uint8_t> part) {
        largest = std::max(largest, part.size());
        file += AsView(part);
        return absl::OkStatus();
      });
  EXPECT_LE(largest, kAttachmentChunkSize);
  if (!opened.ok()) return opened;
  return file;
}

// Of a file in memory.
struct Sealed {
  Attachment reference;
  std::string ciphertext;
};

Sealed SealFile(std::string_view file) {
  SystemRandom random;
  const AttachmentSealer sealer = *AttachmentSealer::Create(file.size(), random);
  std::string ciphertext = SealWhole(sealer, file);
  Attachment reference = ReferenceTo(sealer, ciphertext);
  return {std::move(reference), std::move(ciphertext)};
}

// A ciphertext that somebody altered before its hash was taken: only the chunks tell.
bool OpensWithItsOwnHash(const Attachment& reference, std::string_view ciphertext) {
  const Attachment changed{.file_name = "file",
                           .key = reference.key.Clone(crypto::KeyAccess{}),
                           .ciphertext_hash = crypto::Sha256(ciphertext),
                           .size = reference.size,
                           .chunk_count = reference.chunk_count};
  return Open(changed, ciphertext).ok();
}

rc::Gen<std::size_t> AnySize() {
  const auto near = [](std::size_t n) { return rc::gen::inRange<std::size_t>(n - 2, n + 3); };
  return rc::gen::oneOf(rc::gen::inRange<std::size_t>(0, 300), near(kAttachmentChunkSize),
                        near(2 * kAttachmentChunkSize), near(3 * kAttachmentChunkSize),
                        rc::gen::inRange<std::size_t>(0, 6 * kAttachmentChunkSize));
}

TEST(Attachment, OpensToTheFileForAnySize) {
  EXPECT_TRUE(rc::check([] {
    const std::string file = FileOf(*AnySize());
    const Sealed sealed = SealFile(file);
    const auto opened = Open(sealed.reference, sealed.ciphertext);
    RC_ASSERT(opened.ok());
    RC_ASSERT(*opened == file);
  }));
}

TEST(Attachment, MayBe25MiBAndNotAByteMore) {
  const AttachmentShape most = *ShapeOfAttachment(kMaxAttachmentSize);
  EXPECT_EQ(most.padded_size, kMaxAttachmentSize);
  EXPECT_EQ(most.chunk_count, 400u);
  EXPECT_EQ(most.ciphertext_size, 26'220'819u);
  EXPECT_FALSE(ShapeOfAttachment(kMaxAttachmentSize + 1).ok());
  SystemRandom random;
  EXPECT_FALSE(AttachmentSealer::Create(kMaxAttachmentSize + 1, random).ok());
}

TEST(Attachment, PartsCoverFileAndCiphertextForAnySize) {
  EXPECT_TRUE(rc::check([] {
    const auto size = *rc::gen::inRange<std::uint64_t>(0, kMaxAttachmentSize + 1);
    const AttachmentShape shape = *ShapeOfAttachment(size);
    RC_ASSERT(shape.padded_size >= size);
    std::uint64_t file = 0;
    std::uint64_t ciphertext = kAttachmentPrefixSize;
    for (std::uint32_t i = 0; i < shape.chunk_count; ++i) {
      const auto part = shape.FilePart(i);
      const auto sealed = shape.CiphertextPart(i);
      RC_ASSERT(part.offset == file && sealed.offset == ciphertext);
      RC_ASSERT(sealed.size >= part.size + kAttachmentChunkOverhead && sealed.size <= kWholeChunk);
      file += part.size;
      ciphertext += sealed.size;
    }
    RC_ASSERT(file == size && ciphertext == shape.ciphertext_size);
  }));
}

TEST(Attachment, AnyFlippedBitIsRefused) {
  const Sealed small = SealFile(FileOf(40));
  for (std::size_t bit = 0; bit < small.ciphertext.size() * 8; ++bit) {
    const std::string changed = Flip(small.ciphertext, bit);
    ASSERT_FALSE(Open(small.reference, changed).ok()) << bit;
    ASSERT_FALSE(OpensWithItsOwnHash(small.reference, changed)) << bit;
  }
  const Sealed large = SealFile(FileOf(3 * kAttachmentChunkSize - 10));
  EXPECT_TRUE(rc::check([&] {
    const auto bit = *rc::gen::inRange<std::size_t>(0, large.ciphertext.size() * 8);
    RC_ASSERT(!OpensWithItsOwnHash(large.reference, Flip(large.ciphertext, bit)));
  }));
}

TEST(Attachment, MovedChunksAreRefused) {
  const std::size_t size = 4 * kAttachmentChunkSize;
  const Sealed sealed = SealFile(FileOf(size));
  ASSERT_EQ(sealed.ciphertext.size(), kAttachmentPrefixSize + 4 * kWholeChunk);
  const auto chunk = [&](std::size_t i) {
    return sealed.ciphertext.substr(kAttachmentPrefixSize + i * kWholeChunk, kWholeChunk);
  };
  const std::string prefix = sealed.ciphertext.substr(0, kAttachmentPrefixSize);
  EXPECT_TRUE(
      OpensWithItsOwnHash(sealed.reference, prefix + chunk(0) + chunk(1) + chunk(2) + chunk(3)));
  EXPECT_FALSE(
      OpensWithItsOwnHash(sealed.reference, prefix + chunk(1) + chunk(0) + chunk(2) + chunk(3)));
  EXPECT_FALSE(
      OpensWithItsOwnHash(sealed.reference, prefix + chunk(0) + chunk(1) + chunk(1) + chunk(3)));
  EXPECT_FALSE(
      OpensWithItsOwnHash(sealed.reference, prefix + chunk(0) + chunk(1) + chunk(3) + chunk(2)));
}

TEST(Attachment, DroppedOrAddedChunksAreRefusedUnderAFittingSizeToo) {
  const Sealed sealed = SealFile(FileOf(4 * kAttachmentChunkSize));
  for (const std::size_t chunks : {1, 2, 3}) {
    std::string cut = sealed.ciphertext.substr(0, kAttachmentPrefixSize + chunks * kWholeChunk);
    EXPECT_FALSE(OpensWithItsOwnHash(sealed.reference, cut));
    // The reference says so, too: the chunk that is last now was not sealed as the last one.
    const Attachment shorter{.file_name = "file",
                             .key = sealed.reference.key.Clone(crypto::KeyAccess{}),
                             .ciphertext_hash = crypto::Sha256(cut),
                             .size = chunks * kAttachmentChunkSize,
                             .chunk_count = static_cast<std::uint32_t>(chunks)};
    EXPECT_FALSE(Open(shorter, cut).ok());
  }
  EXPECT_FALSE(OpensWithItsOwnHash(
      sealed.reference,
      sealed.ciphertext + sealed.ciphertext.substr(kAttachmentPrefixSize, kWholeChunk)));
  EXPECT_FALSE(OpensWithItsOwnHash(sealed.reference,
                                   sealed.ciphertext.substr(0, sealed.ciphertext.size() - 1)));
  EXPECT_FALSE(OpensWithItsOwnHash(sealed.reference, sealed.ciphertext + '\0'));
  EXPECT_FALSE(OpensWithItsOwnHash(sealed.reference, ""));
}

TEST(Attachment, AnotherSizeCountHashOrKeyThanItsOwnIsRefused) {
  const std::string file = FileOf(100'000);
  const Sealed sealed = SealFile(file);
  const auto with = [&](auto change) {
    Attachment reference{.file_name = "file",
                         .key = sealed.reference.key.Clone(crypto::KeyAccess{}),
                         .ciphertext_hash = sealed.reference.ciphertext_hash,
                         .size = sealed.reference.size,
                         .chunk_count = sealed.reference.chunk_count};
    change(reference);
    return Open(reference, sealed.ciphertext).ok();
  };
  EXPECT_TRUE(with([](Attachment&) {}));
  EXPECT_FALSE(with([](Attachment& r) { r.chunk_count += 1; }));
  EXPECT_FALSE(with([](Attachment& r) { r.ciphertext_hash[0] ^= 1; }));
  EXPECT_FALSE(with([](Attachment& r) { r.size = kMaxAttachmentSize + 1; }));
  EXPECT_FALSE(with([](Attachment& r) { r.key = crypto::SecretBytes<32>::Zero(); }));
  // Less than the file has, of the same padded length: the rest is not zero.
  EXPECT_FALSE(with([](Attachment& r) { r.size -= 1; }));
}

TEST(Attachment, AnErrorOfReadingOrWritingIsTheAnswer) {
  const Sealed sealed = SealFile(FileOf(200'000));
  const auto read = [&](std::uint64_t offset, std::span<std::uint8_t> out) {
    std::ranges::copy(
        crypto::AsBytes(std::string_view(sealed.ciphertext).substr(offset, out.size())),
        out.begin());
    return absl::OkStatus();
  };
  const auto write = [](std::span<const std::uint8_t>) { return absl::OkStatus(); };
  EXPECT_EQ(
      OpenAttachment(
          sealed.reference, sealed.ciphertext.size(),
          [](std::uint64_t, std::span<std::uint8_t>) { return absl::AbortedError("gone"); }, write)
          .code(),
      absl::StatusCode::kAborted);
  EXPECT_EQ(OpenAttachment(
                sealed.reference, sealed.ciphertext.size(), read,
                [](std::span<const std::uint8_t>) { return absl::ResourceExhaustedError("full"); })
                .code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(Attachment, SealsOnlyThePartsOfItsFile) {
  SystemRandom random;
  const AttachmentSealer sealer = *AttachmentSealer::Create(70'000, random);
  EXPECT_FALSE(sealer.Seal(2, "").ok());
  EXPECT_FALSE(sealer.Seal(0, FileOf(65'535)).ok());
  EXPECT_FALSE(sealer.Seal(1, FileOf(65'536)).ok());
  EXPECT_TRUE(sealer.Seal(1, FileOf(70'000 - 65'536)).ok());
}

TEST(Attachment, GoesOnWithTheSameBytes) {
  SystemRandom random;
  const std::string file = FileOf(150'000);
  const AttachmentSealer sealer = *AttachmentSealer::Create(file.size(), random);
  const AttachmentSealer again = *AttachmentSealer::Resume(
      file.size(), sealer.key().Clone(crypto::KeyAccess{}), sealer.prefix());
  EXPECT_EQ(SealWhole(sealer, file), SealWhole(again, file));
}

TEST(Attachment, Vectors) {
  const auto v = testing::ReadVectors("letterlock/attachment.json");
  for (const auto& c : v.at("attachments")) {
    const std::string file = FileOf(c.at("size"), c.at("file_seed").get<std::string>());
    EXPECT_EQ(crypto::ToString(crypto::Sha256(file)), Hex(c, "file_hash"));
    AttachmentSealer::Prefix prefix;
    std::ranges::copy(crypto::AsBytes(Hex(c, "prefix")), prefix.begin());
    const AttachmentSealer sealer = *AttachmentSealer::Resume(
        file.size(), *crypto::SecretBytes<32>::FromBytes(std::string_view(Hex(c, "key"))), prefix);
    EXPECT_EQ(sealer.shape().padded_size, c.at("padded_size"));
    EXPECT_EQ(sealer.shape().chunk_count, c.at("chunk_count"));
    const std::string ciphertext = SealWhole(sealer, file);
    EXPECT_EQ(ciphertext.size(), c.at("ciphertext_size"));
    EXPECT_EQ(crypto::ToString(crypto::Sha256(ciphertext)), Hex(c, "ciphertext_hash"));
    EXPECT_EQ(ciphertext.substr(0, 100), Hex(c, "ciphertext_begins"));
    EXPECT_EQ(ciphertext.substr(ciphertext.size() - std::min<std::size_t>(100, ciphertext.size())),
              Hex(c, "ciphertext_ends"));
    EXPECT_EQ(*Open(ReferenceTo(sealer, ciphertext), ciphertext), file);
  }
  for (const auto& shape : v.at("shapes")) {
    const AttachmentShape found = *ShapeOfAttachment(shape.at(0));
    EXPECT_EQ(found.padded_size, shape.at(1));
    EXPECT_EQ(found.chunk_count, shape.at(2));
    EXPECT_EQ(found.ciphertext_size, shape.at(3));
  }
}

}  // namespace
}  // namespace letterlock::seal
