// The keyring (docs/formats.md, "Keyring"): all of a member's keys but those of devices, sealed to
// the recovery kit and kept at the mail server, so that the kit alone brings the account back. Its
// hash stands in the directory entry: an older one does not pass for the newest. Thread-safe.
//
// It is sealed to a public key: a device that rotates keys seals the new ones without the kit, and
// a lost device opens none that was made after it was lost.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/base/hash.h"
#include "crypto/base/ids.h"
#include "crypto/base/random.h"
#include "crypto/base/secret_bytes.h"
#include "crypto/base/sign.h"
#include "crypto/base/x25519.h"
#include "crypto/seal/member_keys.h"
#include "crypto/seal/recovery_kit.h"

namespace letterlock::seal {

inline constexpr size_t kMaxKeyringSize = 65'536;  // bytes, sealed

// What a keyring holds. Move-only, wiped.
struct Keyring {
  std::vector<crypto::SigningKey> identities;         // oldest first; the last is the entry's
  std::vector<crypto::X25519PrivateKey> encryptions;  // likewise
  crypto::SecretBytes<32> state_key;
};

// Seals the keys in `keys` to keys.keyring_key. FAILED_PRECONDITION where there is none.
absl::StatusOr<std::string> SealKeyring(const MemberKeys& keys, crypto::RandomSource& random);

// INVALID_ARGUMENT unless it was sealed to this kit, for this member, and no bit changed since.
// Whether it is the newest, KeyringHash tells; whose it is, its last keys.
absl::StatusOr<Keyring> OpenKeyring(const RecoveryKit& kit, const crypto::DeploymentId& deployment,
                                    const crypto::MemberId& member, std::string_view sealed);

// What a directory entry names.
crypto::Digest KeyringHash(std::string_view sealed);

// A device's keys, made of what the keyring holds: its own key is `device`, and `kit` is the one
// that the next keyring is sealed to.
MemberKeys KeysOf(Keyring keyring, const crypto::DeploymentId& deployment,
                  const crypto::MemberId& member, const crypto::Handle& handle,
                  crypto::SigningKey device, const RecoveryKit& kit);

}  // namespace letterlock::seal
