#include "crypto/base/signing_key_file.h"

#include <algorithm>
#include <string_view>

namespace letterlock::crypto {
namespace {

constexpr std::string_view kMagic = "LLSKEY01";
constexpr size_t kPurposeAt = 8;
constexpr size_t kSeedAt = 9;

}  // namespace

SecretBytes<kSigningKeyFileSize> EncodeSigningKeyFile(SigningPurpose purpose,
                                                      const SecretBytes<32>& seed) {
  auto file = SecretBytes<kSigningKeyFileSize>::Zero();
  const auto bytes = file.RevealMutable(KeyAccess{});
  std::copy(kMagic.begin(), kMagic.end(), bytes.begin());
  bytes[kPurposeAt] = static_cast<uint8_t>(purpose);
  std::ranges::copy(seed.Reveal(KeyAccess{}), bytes.begin() + kSeedAt);
  return file;
}

absl::StatusOr<SecretBytes<32>> ParseSigningKeyFile(SigningPurpose purpose,
                                                    const SecretBytes<kSigningKeyFileSize>& file) {
  const auto bytes = file.Reveal(KeyAccess{});
  if (!std::equal(kMagic.begin(), kMagic.end(), bytes.begin())) {
    return absl::InvalidArgumentError("not a signing key file");
  }
  if (bytes[kPurposeAt] != static_cast<uint8_t>(purpose)) {
    return absl::InvalidArgumentError("the signing key is for another purpose");
  }
  return SecretBytes<32>::FromBytes(bytes.subspan<kSeedAt, 32>());
}

}  // namespace letterlock::crypto
