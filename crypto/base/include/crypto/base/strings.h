// Views between the byte types in use: std::string_view (ours), absl::string_view (Debian builds it
// as a type of its own) and spans of bytes. No function here copies or owns.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "absl/strings/string_view.h"

namespace letterlock::crypto {

inline absl::string_view Absl(std::string_view s) { return {s.data(), s.size()}; }
inline std::string_view Std(absl::string_view s) { return {s.data(), s.size()}; }

// The same bytes as a string_view. The result lives as long as what `bytes` refers to.
inline std::string_view AsView(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::span<const uint8_t> AsBytes(std::string_view s) {
  return {reinterpret_cast<const uint8_t*>(s.data()), s.size()};
}

}  // namespace letterlock::crypto
