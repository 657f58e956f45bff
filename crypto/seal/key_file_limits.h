// Internal: the key file under other limits than the production ones, which tests alone may use to
// try many files in little time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "crypto/seal/key_file.h"

namespace letterlock::seal::internal {

struct KeyFileLimits {
  uint32_t min_passes = KeyFileCost::kMinPasses;
  uint32_t max_passes = KeyFileCost::kMaxPasses;
  uint32_t min_memory_kib = KeyFileCost::kMinMemoryKib;
  uint32_t max_memory_kib = KeyFileCost::kMaxMemoryKib;
};

absl::StatusOr<std::string> SealKeyFileWithin(const KeyFileLimits& limits, const MemberKeys& keys,
                                              const crypto::SecretBuffer& passphrase,
                                              const KeyFileCost& cost,
                                              crypto::RandomSource& random);
absl::StatusOr<MemberKeys> OpenKeyFileWithin(const KeyFileLimits& limits, std::string_view file,
                                             const crypto::SecretBuffer& passphrase);

}  // namespace letterlock::seal::internal
