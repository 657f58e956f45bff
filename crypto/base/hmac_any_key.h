// Private: HMAC under a key of any length, which only HKDF's salt needs.
#pragma once

#include <span>
#include <string_view>

#include "crypto/base/hash.h"

namespace letterlock::crypto::internal {

// Writes the 32-byte tag of `parts` to `out`.
void HmacAnyKey(std::string_view key, Parts parts, std::span<uint8_t, 32> out);

}  // namespace letterlock::crypto::internal
