#include "cli/display_text.h"

#include <array>
#include <clocale>
#include <cstdint>
#include <cstdio>
#include <cwchar>

#include "crypto/base/utf8.h"

namespace letterlock::cli {
namespace {

using crypto::AppendScalar;
using crypto::FirstScalar;
using crypto::Scalar;

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// Unicode 15: general category Cf and the separators, less the joiners U+200C and U+200D.
constexpr Range kHidden[] = {
    {0x00AD, 0x00AD},    // soft hyphen
    {0x061C, 0x061C},    // Arabic letter mark
    {0x070F, 0x070F},    // Syriac abbreviation mark
    {0x115F, 0x1160},    // Hangul fillers
    {0x180E, 0x180E},    // Mongolian vowel separator
    {0x200B, 0x200B},    // zero-width space
    {0x200E, 0x200F},    // left-to-right and right-to-left mark
    {0x2028, 0x202E},    // separators, embeddings, overrides
    {0x2060, 0x206F},    // word joiner, invisible operators, isolates
    {0x3164, 0x3164},    // Hangul filler
    {0xFEFF, 0xFEFF},    // byte order mark
    {0xFFA0, 0xFFA0},    // half-width Hangul filler
    {0xFFF9, 0xFFFB},    // interlinear annotation
    {0xE0000, 0xE0FFF},  // tags and what is reserved for them
};

bool IsHidden(std::uint32_t value) {
  for (const Range& range : kHidden) {
    if (value >= range.first && value <= range.last) return true;
  }
  return false;
}

void AppendNeutral(const Scalar& scalar, std::string* out) {
  const std::uint32_t value = scalar.value;
  if (value < 0x20) return AppendScalar(0x2400 + value, out);  // Control Pictures
  if (value == 0x7F) return AppendScalar(0x2421, out);
  if (!IsHidden(value) && !(value >= 0x80 && value < 0xA0)) return AppendScalar(value, out);
  std::array<char, 16> name;
  std::snprintf(name.data(), name.size(), "<U+%04X>", value);
  out->append(name.data());
}

// wcwidth knows Unicode only in a UTF-8 locale; the program's own is the user's.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) before_ = uselocale(locale_);
  }
  ~Utf8Locale() {
    if (locale_ == nullptr) return;
    uselocale(before_);
    freelocale(locale_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

  std::size_t WidthOf(std::uint32_t value) const {
    if (locale_ == nullptr) return 1;
    const int width = wcwidth(static_cast<wchar_t>(value));
    return width < 0 ? 1 : static_cast<std::size_t>(width);
  }

 private:
  locale_t locale_;
  locale_t before_ = nullptr;
};

}  // namespace

std::string DisplayLine(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Scalar scalar = FirstScalar(text);
    text.remove_prefix(scalar.size);
    if (scalar.value == '\r' && !text.empty() && text.front() == '\n') continue;
    if (scalar.value == '\n' || scalar.value == '\t') {
      out.push_back(' ');
    } else {
      AppendNeutral(scalar, &out);
    }
  }
  return out;
}

std::string DisplayBlock(std::string_view text, std::string_view indent) {
  std::string out(indent);
  while (!text.empty()) {
    const Scalar scalar = FirstScalar(text);
    text.remove_prefix(scalar.size);
    if (scalar.value == '\r' && !text.empty() && text.front() == '\n') continue;
    if (scalar.value == '\n') {
      out.push_back('\n');
      if (!text.empty()) out.append(indent);
    } else if (scalar.value == '\t') {
      out.push_back('\t');
    } else {
      AppendNeutral(scalar, &out);
    }
  }
  if (out.empty() || out.back() != '\n') out.push_back('\n');
  return out;
}

std::size_t DisplayWidth(std::string_view text) {
  const Utf8Locale locale;
  std::size_t width = 0;
  while (!text.empty()) {
    const Scalar scalar = FirstScalar(text);
    text.remove_prefix(scalar.size);
    width += locale.WidthOf(scalar.value);
  }
  return width;
}

std::string CutToWidth(std::string_view text, std::size_t columns) {
  if (DisplayWidth(text) <= columns) return std::string(text);
  const Utf8Locale locale;
  std::string out;
  std::size_t width = 0;
  while (!text.empty()) {
    const Scalar scalar = FirstScalar(text);
    width += locale.WidthOf(scalar.value);
    if (width + 1 > columns) break;
    out.append(text.substr(0, scalar.size));
    text.remove_prefix(scalar.size);
  }
  return out + "…";
}

}  // namespace letterlock::cli
