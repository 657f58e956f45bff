#include "crypto/seal/recovery_kit.h"

#include <array>
#include <string>
#include <utility>

#include "crypto/base/base32.h"
#include "crypto/base/context.h"
#include "crypto/base/kdf.h"
#include "crypto/base/strings.h"

namespace letterlock::seal {
namespace {

using crypto::AsView;
using crypto::KeyAccess;
using crypto::SecretBuffer;
using crypto::SecretBytes;

constexpr size_t kDataDigits = 4;                 // of a group
constexpr size_t kGroupDigits = kDataDigits + 1;  // the fifth is a check
constexpr size_t kDigits = kRecoveryGroups * kGroupDigits;
constexpr size_t kDataBits = kRecoveryGroups * kDataDigits * 5;  // 260: the secret and four zeros
constexpr size_t kSecretBits = 256;

// Bit `i` of the secret, most significant first; the four bits behind it are zero.
unsigned BitAt(std::span<const uint8_t, 32> secret, size_t i) {
  return i < kSecretBits ? secret[i / 8] >> (7 - i % 8) & 1u : 0u;
}

char CheckDigit(size_t group, std::string_view data) {
  const uint8_t index = static_cast<uint8_t>(group);
  const crypto::Digest hash = crypto::Sha256(context::kRecoveryGroup, {AsView({&index, 1}), data});
  return crypto::CrockfordDigit(hash[0] >> 3);
}

absl::Status WrongGroup(size_t group) {
  return absl::InvalidArgumentError("recovery kit: group " + std::to_string(group + 1) +
                                    " is wrong");
}

// The digits of `text` in their canonical form, without what separates them.
absl::StatusOr<SecretBuffer> ReadDigits(std::string_view text) {
  SecretBuffer digits = SecretBuffer::OfSize(kDigits);
  const std::span<uint8_t> to = digits.RevealMutable(KeyAccess{});
  size_t count = 0;
  for (char c : text) {
    if (c == ' ' || c == '-') continue;
    if (count == kDigits) return absl::InvalidArgumentError("recovery kit: too many characters");
    const int value = crypto::CrockfordValue(c);
    if (value < 0) return WrongGroup(count / kGroupDigits);
    to[count++] = static_cast<uint8_t>(crypto::CrockfordDigit(static_cast<unsigned>(value)));
  }
  digits.ShrinkTo(count);
  return digits;
}

absl::Status CheckGroups(std::string_view digits) {
  for (size_t group = 0; group < digits.size() / kGroupDigits; ++group) {
    const std::string_view text = digits.substr(group * kGroupDigits, kGroupDigits);
    if (text[kDataDigits] != CheckDigit(group, text.substr(0, kDataDigits))) {
      return WrongGroup(group);
    }
  }
  if (digits.size() < kDigits)
    return absl::InvalidArgumentError("recovery kit: groups are missing");
  return absl::OkStatus();
}

}  // namespace

RecoveryKit RecoveryKit::Generate(crypto::RandomSource& random) {
  return RecoveryKit(SecretBytes<32>::Random(random));
}

RecoveryKit RecoveryKit::FromSecret(SecretBytes<32> secret) {
  return RecoveryKit(std::move(secret));
}

absl::StatusOr<RecoveryKit> RecoveryKit::Parse(std::string_view text) {
  const absl::StatusOr<SecretBuffer> read = ReadDigits(text);
  if (!read.ok()) return read.status();
  const std::string_view digits = read->RevealView(KeyAccess{});
  if (absl::Status s = CheckGroups(digits); !s.ok()) return s;

  SecretBytes<32> secret = SecretBytes<32>::Zero();
  const std::span<uint8_t, 32> to = secret.RevealMutable(KeyAccess{});
  for (size_t bit = 0; bit < kDataBits; ++bit) {
    const size_t digit = bit / 5;  // among the data digits
    const size_t at = digit / kDataDigits * kGroupDigits + digit % kDataDigits;
    const unsigned value = static_cast<unsigned>(crypto::CrockfordValue(digits[at]));
    const unsigned b = value >> (4 - bit % 5) & 1u;
    if (bit < kSecretBits) {
      to[bit / 8] = static_cast<uint8_t>(to[bit / 8] | b << (7 - bit % 8));
    } else if (b != 0) {
      return WrongGroup(kRecoveryGroups - 1);
    }
  }
  return RecoveryKit(std::move(secret));
}

SecretBuffer RecoveryKit::ToText() const {
  SecretBuffer text = SecretBuffer::OfSize(kRecoveryTextSize);
  const std::span<uint8_t> to = text.RevealMutable(KeyAccess{});
  const std::span<const uint8_t, 32> secret = secret_.Reveal(KeyAccess{});
  for (size_t group = 0; group < kRecoveryGroups; ++group) {
    const size_t at = group * (kGroupDigits + 1);
    for (size_t digit = 0; digit < kDataDigits; ++digit) {
      unsigned value = 0;
      for (size_t k = 0; k < 5; ++k) {
        value = value << 1 | BitAt(secret, (group * kDataDigits + digit) * 5 + k);
      }
      to[at + digit] = static_cast<uint8_t>(crypto::CrockfordDigit(value));
    }
    to[at + kDataDigits] =
        static_cast<uint8_t>(CheckDigit(group, AsView(to.subspan(at, kDataDigits))));
    if (group + 1 < kRecoveryGroups) to[at + kGroupDigits] = '-';
  }
  return text;
}

crypto::SigningKey RecoveryKit::RecoveryKey(const crypto::DeploymentId& deployment) const {
  return crypto::SigningKey::FromSeed(
      crypto::Hkdf(secret_, deployment.bytes(), context::kRecoveryKey));
}

crypto::X25519PrivateKey RecoveryKit::KeyringKey(const crypto::DeploymentId& deployment) const {
  return crypto::X25519PrivateKey::FromSecret(
      crypto::Hkdf(secret_, deployment.bytes(), context::kKeyringKey));
}

crypto::Digest RecoveryKeyDigest(const crypto::PublicKey& recovery_key) {
  return crypto::Sha256(context::kRecoveryKeyDigest, {recovery_key.bytes()});
}

}  // namespace letterlock::seal
