#include "utf8.h"

#include <cstdint>

namespace letterlock::seal::internal {
namespace {

// What may follow a lead byte: how many bytes, and the range of the first of them (RFC 3629,
// section 4, "UTF8-octets"); that range is what keeps out overlong forms and surrogates.
struct Tail {
  int size;
  uint8_t first_low;
  uint8_t first_high;
};

std::optional<Tail> TailOf(uint8_t lead) {
  if (lead <= 0x7f) return Tail{0, 0, 0};
  if (lead >= 0xc2 && lead <= 0xdf) return Tail{1, 0x80, 0xbf};
  if (lead == 0xe0) return Tail{2, 0xa0, 0xbf};
  if (lead == 0xed) return Tail{2, 0x80, 0x9f};
  if (lead >= 0xe1 && lead <= 0xef) return Tail{2, 0x80, 0xbf};
  if (lead == 0xf0) return Tail{3, 0x90, 0xbf};
  if (lead >= 0xf1 && lead <= 0xf3) return Tail{3, 0x80, 0xbf};
  if (lead == 0xf4) return Tail{3, 0x80, 0x8f};
  return std::nullopt;
}

}  // namespace

std::optional<size_t> CountCharacters(std::string_view text) {
  size_t count = 0;
  for (size_t i = 0; i < text.size(); ++count) {
    const std::optional<Tail> tail = TailOf(static_cast<uint8_t>(text[i++]));
    if (!tail) return std::nullopt;
    for (int k = 0; k < tail->size; ++k, ++i) {
      if (i == text.size()) return std::nullopt;
      const uint8_t c = static_cast<uint8_t>(text[i]);
      const uint8_t low = k == 0 ? tail->first_low : 0x80;
      const uint8_t high = k == 0 ? tail->first_high : 0xbf;
      if (c < low || c > high) return std::nullopt;
    }
  }
  return count;
}

}  // namespace letterlock::seal::internal
