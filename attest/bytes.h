// Digests in byte strings, private to attest.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "crypto/base/hash.h"
#include "crypto/base/strings.h"

namespace letterlock::attest {

inline void Append(std::string& out, const crypto::Digest& digest) {
  out.append(crypto::AsView(digest));
}

// REQUIRES: at least 32 bytes.
inline crypto::Digest DigestAt(std::string_view bytes) {
  crypto::Digest digest;
  std::copy_n(reinterpret_cast<const uint8_t*>(bytes.data()), digest.size(), digest.begin());
  return digest;
}

}  // namespace letterlock::attest
