#include "crypto/base/base32.h"

#include <cstdint>

namespace letterlock::crypto {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

// Digits that people write for others.
constexpr struct {
  char digit;
  int value;
} kAliases[] = {{'O', 0}, {'I', 1}, {'L', 1}};

// `value` if a equals b, else 0, without a branch.
constexpr unsigned SelectIfEqual(unsigned a, unsigned b, unsigned value) {
  const unsigned differs = ((a ^ b) + 0xffu) >> 8 & 1u;  // 1 unless equal; a, b below 256
  return value & (differs - 1u);
}

}  // namespace

char CrockfordDigit(unsigned value) {
  unsigned out = 0;
  for (unsigned i = 0; i < kAlphabet.size(); ++i) {
    out |= SelectIfEqual(i, value, static_cast<uint8_t>(kAlphabet[i]));
  }
  return static_cast<char>(out);
}

int CrockfordValue(char digit) {
  const unsigned c = static_cast<uint8_t>(digit);
  // Values are looked up plus one, so that "no digit" is zero; lower case differs by 0x20.
  unsigned found = 0;
  for (unsigned i = 0; i < kAlphabet.size(); ++i) {
    const unsigned upper = static_cast<uint8_t>(kAlphabet[i]);
    found |= SelectIfEqual(c, upper, i + 1);
    if (i >= 10) found |= SelectIfEqual(c, upper | 0x20u, i + 1);
  }
  for (const auto& alias : kAliases) {
    const unsigned upper = static_cast<uint8_t>(alias.digit);
    found |= SelectIfEqual(c, upper, static_cast<unsigned>(alias.value) + 1);
    found |= SelectIfEqual(c, upper | 0x20u, static_cast<unsigned>(alias.value) + 1);
  }
  return static_cast<int>(found) - 1;
}

std::string CrockfordEncode(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() * 8 + 4) / 5);
  unsigned held = 0, bits = 0;
  for (char c : bytes) {
    held = (held << 8 | static_cast<uint8_t>(c)) & 0xfffu;
    for (bits += 8; bits >= 5; bits -= 5) out.push_back(CrockfordDigit(held >> (bits - 5) & 31u));
  }
  if (bits > 0) out.push_back(CrockfordDigit(held << (5 - bits) & 31u));
  return out;
}

absl::StatusOr<std::string> CrockfordDecode(std::string_view text) {
  std::string out;
  out.reserve(text.size() * 5 / 8);
  unsigned held = 0, bits = 0;
  for (char c : text) {
    const int value = CrockfordValue(c);
    if (value < 0) return absl::InvalidArgumentError("not a base32 digit");
    held = (held << 5 | static_cast<unsigned>(value)) & 0xfffu;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<char>(held >> bits & 0xffu));
    }
  }
  // What is left is less than a digit, and zero: else the text is no encoding.
  if (bits >= 5 || (held & ((1u << bits) - 1u)) != 0) {
    return absl::InvalidArgumentError("not canonical base32");
  }
  return out;
}

}  // namespace letterlock::crypto
