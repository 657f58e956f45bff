#include "crypto/seal/link_file.h"

#include <cstdint>
#include <utility>

#include "crypto/base/base32.h"
#include "crypto/base/secret_bytes.h"
#include "crypto/seal/key_file.h"

namespace letterlock::seal {
namespace {

using crypto::KeyAccess;
using crypto::SecretBuffer;

constexpr size_t kGroupDigits = 5;

}  // namespace

LinkCode LinkCode::Generate(crypto::RandomSource& random) {
  // A byte for each digit, of which five bits count: 256 is a multiple of 32, so none is likelier.
  const auto bytes = crypto::SecretBytes<kLinkCodeDigits>::Random(random);
  SecretBuffer digits = SecretBuffer::OfSize(kLinkCodeDigits);
  const auto to = digits.RevealMutable(KeyAccess{});
  for (size_t i = 0; i < kLinkCodeDigits; ++i) {
    const unsigned value = bytes.Reveal(KeyAccess{})[i] & 31u;
    to[i] = static_cast<uint8_t>(crypto::CrockfordDigit(value));
  }
  return LinkCode(std::move(digits));
}

absl::StatusOr<LinkCode> LinkCode::Parse(std::string_view text) {
  SecretBuffer digits = SecretBuffer::OfSize(kLinkCodeDigits);
  const auto to = digits.RevealMutable(KeyAccess{});
  size_t count = 0;
  for (const char c : text) {
    if (c == ' ' || c == '-') continue;
    const int value = crypto::CrockfordValue(c);
    if (value < 0 || count == kLinkCodeDigits) {
      return absl::InvalidArgumentError("link code: not 20 characters of the alphabet");
    }
    to[count++] = static_cast<uint8_t>(crypto::CrockfordDigit(static_cast<unsigned>(value)));
  }
  if (count < kLinkCodeDigits) {
    return absl::InvalidArgumentError("link code: characters are missing");
  }
  return LinkCode(std::move(digits));
}

SecretBuffer LinkCode::ToText() const {
  SecretBuffer text = SecretBuffer::OfSize(kLinkCodeTextSize);
  const auto to = text.RevealMutable(KeyAccess{});
  const std::string_view digits = digits_.RevealView(KeyAccess{});
  size_t at = 0;
  for (size_t i = 0; i < kLinkCodeDigits; ++i) {
    if (i > 0 && i % kGroupDigits == 0) to[at++] = '-';
    to[at++] = static_cast<uint8_t>(digits[i]);
  }
  return text;
}

absl::StatusOr<std::string> SealLinkFile(const MemberKeys& keys, const LinkCode& code,
                                         crypto::RandomSource& random) {
  MemberKeys carried = keys.Clone(KeyAccess{});
  carried.device = crypto::SigningKey::Generate(random);
  return SealKeyFile(carried, code.passphrase(), KeyFileCost(), random);
}

absl::StatusOr<MemberKeys> OpenLinkFile(std::string_view file, const LinkCode& code,
                                        crypto::SigningKey device) {
  auto keys = OpenKeyFile(file, code.passphrase());
  if (keys.ok()) keys->device = std::move(device);
  return keys;
}

}  // namespace letterlock::seal
