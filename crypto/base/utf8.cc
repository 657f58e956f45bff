#include "crypto/base/utf8.h"

namespace letterlock::crypto {
namespace {

struct Form {
  std::size_t size;
  std::uint32_t least;  // smaller values have a shorter form
  std::uint8_t mask;    // of the first byte's fixed bits
  std::uint8_t lead;
};

constexpr Form kForms[] = {
    {1, 0, 0x80, 0x00}, {2, 0x80, 0xE0, 0xC0}, {3, 0x800, 0xF0, 0xE0}, {4, 0x10000, 0xF8, 0xF0}};

constexpr Scalar kInvalid = {0xFFFD, 1, false};

}  // namespace

Scalar FirstScalar(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  for (const Form& form : kForms) {
    if ((byte(0) & form.mask) != form.lead) continue;
    if (text.size() < form.size) return kInvalid;
    std::uint32_t value = byte(0) & static_cast<std::uint8_t>(~form.mask);
    for (std::size_t i = 1; i < form.size; ++i) {
      if ((byte(i) & 0xC0) != 0x80) return kInvalid;
      value = (value << 6) | (byte(i) & 0x3F);
    }
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (value < form.least || value > 0x10FFFF || surrogate) return kInvalid;
    return {value, form.size, true};
  }
  return kInvalid;
}

void AppendScalar(std::uint32_t value, std::string* out) {
  const auto put = [&](std::uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (value < 0x80) {
    put(value);
    return;
  }
  if (value < 0x800) {
    put(0xC0 | (value >> 6));
  } else if (value < 0x10000) {
    put(0xE0 | (value >> 12));
    put(0x80 | ((value >> 6) & 0x3F));
  } else {
    put(0xF0 | (value >> 18));
    put(0x80 | ((value >> 12) & 0x3F));
    put(0x80 | ((value >> 6) & 0x3F));
  }
  put(0x80 | (value & 0x3F));
}

std::optional<std::size_t> CountCharacters(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) {
    const Scalar scalar = FirstScalar(text);
    if (!scalar.valid) return std::nullopt;
    text.remove_prefix(scalar.size);
  }
  return count;
}

}  // namespace letterlock::crypto
