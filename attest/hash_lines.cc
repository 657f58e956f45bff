#include "hash_lines.h"

#include "absl/status/statusor.h"
#include "crypto/base/encoding.h"
#include "text.h"

namespace letterlock::attest {

std::optional<std::vector<crypto::Digest>> TakeHashLines(std::string_view& rest, size_t max) {
  std::vector<crypto::Digest> hashes;
  while (std::optional<std::string_view> line = TakeLine(rest)) {
    if (line->empty()) return hashes;
    absl::StatusOr<std::string> bytes = crypto::Base64Decode(*line);
    if (!bytes.ok() || hashes.size() == max) return std::nullopt;
    absl::StatusOr<crypto::Digest> hash = crypto::DigestFromBytes(*bytes);
    if (!hash.ok()) return std::nullopt;
    hashes.push_back(*hash);
  }
  return std::nullopt;
}

std::string FormatHashLines(absl::Span<const crypto::Digest> hashes) {
  std::string text;
  for (const crypto::Digest& hash : hashes) {
    text.append(crypto::Base64Encode(crypto::ToString(hash))).append("\n");
  }
  return text + "\n";
}

}  // namespace letterlock::attest
