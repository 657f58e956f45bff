#include "cli/device_name.h"

#include <cstdint>
#include <string_view>

#include "crypto/base/ids.h"

namespace letterlock::cli {
namespace {

constexpr std::string_view kConsonants = "bdfghjklmnprstvz";
constexpr std::string_view kVowels = "aiou";

// 16 bits as consonant (4), vowel (2), consonant (4), vowel (2), consonant (4).
std::string Word(unsigned bits) {
  return {kConsonants[bits >> 12 & 15], kVowels[bits >> 10 & 3], kConsonants[bits >> 6 & 15],
          kVowels[bits >> 4 & 3], kConsonants[bits & 15]};
}

}  // namespace

std::string DeviceName(const crypto::PublicKey& device_key) {
  const std::string id(crypto::KeyIdOf(device_key).bytes());
  const auto byte = [&](std::size_t i) {
    return static_cast<unsigned>(static_cast<uint8_t>(id[i]));
  };
  return Word(byte(0) << 8 | byte(1)) + "-" + Word(byte(2) << 8 | byte(3));
}

}  // namespace letterlock::cli
