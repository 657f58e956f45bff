#include "crypto/base/random.h"

#include <sodium.h>

#include "sodium_ready.h"

namespace letterlock::crypto {

void FillRandom(std::span<uint8_t> out) {
  internal::SodiumReady();
  randombytes_buf(out.data(), out.size());
}

}  // namespace letterlock::crypto
