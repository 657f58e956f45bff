// Argon2id version 1.3 (RFC 9106), one lane, through libsodium's crypto_pwhash. Thread-safe.
// Takes the time and memory that the parameters say: for members' devices, never on a server.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/base/secret_bytes.h"

namespace letterlock::crypto {

struct Argon2idParams {
  uint32_t passes;        // 1 to kArgon2idMaxPasses
  uint64_t memory_bytes;  // a multiple of 1024, kArgon2idMinMemory to kArgon2idMaxMemory
};

// Upper bounds, because parameters are read from files that an attacker may have written.
inline constexpr uint32_t kArgon2idMaxPasses = 64;
inline constexpr uint64_t kArgon2idMinMemory = uint64_t{8} << 10;
inline constexpr uint64_t kArgon2idMaxMemory = uint64_t{2} << 30;

using Argon2idSalt = std::array<uint8_t, 16>;

// INVALID_ARGUMENT outside the bounds; RESOURCE_EXHAUSTED when the memory cannot be had.
absl::StatusOr<SecretBytes<32>> Argon2id(const SecretBuffer& passphrase, const Argon2idSalt& salt,
                                         const Argon2idParams& params);

}  // namespace letterlock::crypto
