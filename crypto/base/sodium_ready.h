// Private: libsodium set up once, before the first use of anything that needs it.
#pragma once

#include <cstdint>
#include <string_view>

namespace letterlock::crypto::internal {

// Thread-safe and cheap after the first call; aborts if libsodium cannot start.
void SodiumReady();

inline const unsigned char* Data(std::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}

}  // namespace letterlock::crypto::internal
