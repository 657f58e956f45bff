#include "cache/segment_files.h"

#include <algorithm>

#include "cache/secret_writer.h"
#include "crypto/base/bytes.h"
#include "crypto/base/encoding.h"
#include "crypto/base/key_access.h"

namespace letterlock::client {
namespace {

using crypto::SecretBuffer;

std::string Name(const char* prefix, std::uint64_t segment) {
  std::string bytes;
  crypto::AppendU64(&bytes, segment);
  return prefix + crypto::HexEncode(bytes);
}

absl::Status Damaged() { return absl::DataLossError("a segment of the local cache is malformed"); }

}  // namespace

std::string CopiesFile(std::uint64_t segment) { return Name("copies-", segment); }
std::string TermsFile(std::uint64_t segment) { return Name("terms-", segment); }

SecretBuffer WriteCopies(const std::vector<std::string_view>& copies) {
  SecretWriter out;
  out.U16(static_cast<std::uint16_t>(copies.size()));
  for (const std::string_view copy : copies) out.Field(copy);
  return out.Take();
}

absl::StatusOr<std::vector<std::string_view>> ReadCopies(const SecretBuffer& bytes) {
  crypto::ByteReader reader(bytes.RevealView(crypto::KeyAccess{}));
  std::vector<std::string_view> copies;
  const std::uint16_t count = reader.U16();
  for (std::uint16_t i = 0; reader.ok() && i < count; ++i) copies.push_back(reader.Field());
  if (!reader.Finish().ok()) return Damaged();
  return copies;
}

SecretBuffer WritePostings(std::vector<Posting> postings) {
  std::sort(postings.begin(), postings.end());
  SecretWriter out;
  out.U32(static_cast<std::uint32_t>(postings.size()));
  for (const Posting& posting : postings) out.U64(posting.term).U16(posting.slot);
  return out.Take();
}

absl::StatusOr<std::vector<Posting>> ReadPostings(const SecretBuffer& bytes) {
  crypto::ByteReader reader(bytes.RevealView(crypto::KeyAccess{}));
  std::vector<Posting> postings;
  const std::uint32_t count = reader.U32();
  if (reader.remaining() != std::size_t{10} * count) return Damaged();
  postings.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t term = reader.U64();
    postings.push_back({term, reader.U16()});
  }
  if (!reader.Finish().ok() || !std::is_sorted(postings.begin(), postings.end())) return Damaged();
  return postings;
}

}  // namespace letterlock::client
