// What every fuzzer of a strict parser claims: whatever it accepts, it gives back byte for byte, so
// that no two encodings mean the same; what it refuses, it refuses without harm.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace letterlock::fuzz {

inline std::string_view Text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// `format` may return the text or a StatusOr of it; either way it must be `text` again.
inline void MustBe(std::string_view text, std::string_view again) {
  if (text != again) __builtin_trap();
}

template <typename Value>
void MustBe(std::string_view text, const absl::StatusOr<Value>& again) {
  if (!again.ok() || text != *again) __builtin_trap();
}

template <typename Parse, typename Format>
void RoundTrip(std::string_view text, Parse&& parse, Format&& format) {
  const auto parsed = std::forward<Parse>(parse)(text);
  if (parsed.ok()) MustBe(text, std::forward<Format>(format)(*parsed));
}

}  // namespace letterlock::fuzz
