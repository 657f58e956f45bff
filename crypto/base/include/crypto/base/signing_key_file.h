// The file that keeps a deployment's or a witness's signing key (docs/formats.md, "Signing key
// file"):
//
//   "LLSKEY01" ‖ u8 purpose ‖ seed (32)
//
// The purpose keeps an operator from signing a policy with the log's key by mixing up two files:
// each daemon and tool opens only the purpose that it is for. Bytes in, bytes out; reading the
// file, its mode and owner is the caller's.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "crypto/base/secret_bytes.h"

namespace letterlock::crypto {

enum class SigningPurpose : uint8_t {
  kLog = 1,
  kPolicy = 2,
  kRegistrar = 3,
  kWitness = 4,
};

inline constexpr size_t kSigningKeyFileSize = 41;

SecretBytes<kSigningKeyFileSize> EncodeSigningKeyFile(SigningPurpose purpose,
                                                      const SecretBytes<32>& seed);

// The seed. INVALID_ARGUMENT for a file that is no signing key, or one for another purpose.
absl::StatusOr<SecretBytes<32>> ParseSigningKeyFile(SigningPurpose purpose,
                                                    const SecretBytes<kSigningKeyFileSize>& file);

}  // namespace letterlock::crypto
