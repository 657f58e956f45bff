// The key file on a member's device (docs/formats.md, "Key file"): all her private keys under a
// passphrase. Thread-safe. Takes the time and memory of Argon2id: about 0.2 s and 64 MiB by
// default.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/base/random.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/seal/member_keys.h"

namespace letterlock::seal {

inline constexpr size_t kMinKeyFileSize = 296;     // bytes; version 1's
inline constexpr size_t kMaxKeyFileSize = 16'652;  // bytes

// Argon2id's cost. Bounded below because less is no protection, above because a file that somebody
// altered must not take the machine's memory.
struct KeyFileCost {
  static constexpr uint32_t kMinPasses = 3, kMaxPasses = 10;
  static constexpr uint32_t kMinMemoryKib = 64 * 1024, kMaxMemoryKib = 1024 * 1024;

  uint32_t passes = kMinPasses;
  uint32_t memory_kib = kMinMemoryKib;
};

// Version 2. INVALID_ARGUMENT for a cost out of bounds or too many earlier keys;
// RESOURCE_EXHAUSTED.
absl::StatusOr<std::string> SealKeyFile(const MemberKeys& keys,
                                        const crypto::SecretBuffer& passphrase,
                                        const KeyFileCost& cost, crypto::RandomSource& random);

// Of either version. INVALID_ARGUMENT where it is no key file or its cost is out of bounds, found
// before anything is computed; PERMISSION_DENIED where the passphrase is wrong or the file was
// changed, which can't be told apart; RESOURCE_EXHAUSTED.
absl::StatusOr<MemberKeys> OpenKeyFile(std::string_view file,
                                       const crypto::SecretBuffer& passphrase);

}  // namespace letterlock::seal
