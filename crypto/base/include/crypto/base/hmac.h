// HMAC-SHA-256 (RFC 2104, FIPS 198-1) through libcrypto. Thread-safe.
#pragma once

#include <string_view>

#include "crypto/base/hash.h"
#include "crypto/base/secret_bytes.h"

namespace letterlock::crypto {

// The 32-byte tag of `bytes`.
Digest HmacSha256(const SecretBytes<32>& key, std::string_view bytes);
// The 32-byte tag of context ‖ 0x00 ‖ parts.
Digest HmacSha256(const SecretBytes<32>& key, std::string_view context, Parts parts);

// Whether `tag` (exactly 32 bytes; anything else is refused) is the tag, in constant time.
[[nodiscard]] bool HmacSha256Verify(const SecretBytes<32>& key, std::string_view bytes,
                                    std::string_view tag);
[[nodiscard]] bool HmacSha256Verify(const SecretBytes<32>& key, std::string_view context,
                                    Parts parts, std::string_view tag);

}  // namespace letterlock::crypto
