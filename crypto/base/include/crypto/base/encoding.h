// Text forms of bytes. Decoders take the one canonical form only: what they accept, the encoder
// gives back. Thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace letterlock::crypto {

// RFC 4648 section 4, padded. Decoding: INVALID_ARGUMENT for white space, missing or surplus
// padding, and stray bits in the last character.
std::string Base64Encode(std::string_view bytes);
absl::StatusOr<std::string> Base64Decode(std::string_view text);

// RFC 4648 section 5, without padding.
std::string Base64UrlEncode(std::string_view bytes);
absl::StatusOr<std::string> Base64UrlDecode(std::string_view text);

// Lower case.
std::string HexEncode(std::string_view bytes);
absl::StatusOr<std::string> HexDecode(std::string_view text);

}  // namespace letterlock::crypto
