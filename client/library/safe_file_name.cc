#include <cstdint>

#include "client/attachments.h"
#include "crypto/base/utf8.h"

namespace letterlock::client {
namespace {

constexpr std::size_t kMostBytes = 200;  // room for a number, below what file systems take

// Control, format and reordering characters, and those with a meaning to shells or systems.
bool IsUnsafe(std::uint32_t c) {
  if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0xfeff) return true;
  if ((c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e)) return true;
  if ((c >= 0x2060 && c <= 0x206f) || c == 0x61c || c == 0x180e) return true;
  if ((c >= 0xd800 && c < 0xe000) || (c >= 0xfff9 && c <= 0xffff) || c >= 0xe0000) return true;
  return c < 0x80 &&
         std::string_view("\\/:*?\"<>|").find(static_cast<char>(c)) != std::string_view::npos;
}

}  // namespace

std::string SafeFileName(std::string_view name) {
  std::string safe;
  while (!name.empty()) {
    const crypto::Scalar first = crypto::FirstScalar(name);
    const std::string_view bytes = name.substr(0, first.size);
    name.remove_prefix(bytes.size());
    if (safe.size() + bytes.size() > kMostBytes) break;
    if (!first.valid || IsUnsafe(first.value)) {
      safe.push_back('_');
    } else {
      safe.append(bytes);
    }
  }
  while (!safe.empty() && (safe.back() == ' ' || safe.back() == '.')) safe.pop_back();
  if (safe.empty()) return "attachment";
  const bool hidden = std::string_view(".-~ ").find(safe.front()) != std::string_view::npos;
  return hidden ? "_" + safe : safe;
}

}  // namespace letterlock::client
