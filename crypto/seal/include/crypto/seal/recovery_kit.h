// The recovery kit (docs/formats.md, "Recovery kit"): 256 random bits on paper, from which the
// recovery key comes. Whoever holds it can take the handle over; without it and without a device
// the mail is gone. Thread-safe.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/base/hash.h"
#include "crypto/base/ids.h"
#include "crypto/base/random.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/base/secret_bytes.h"
#include "crypto/base/sign.h"
#include "crypto/base/x25519.h"

namespace letterlock::seal {

inline constexpr size_t kRecoveryGroups = 13;
inline constexpr size_t kRecoveryTextSize = 77;  // 13 groups of five, 12 hyphens

// Move-only, wiped.
class RecoveryKit {
 public:
  static RecoveryKit Generate(crypto::RandomSource& random);
  static RecoveryKit FromSecret(crypto::SecretBytes<32> secret);
  // From text that a person typed: takes lower case, O for 0, I and L for 1; ignores spaces and
  // hyphens. INVALID_ARGUMENT names the first group that is wrong, from 1, or says that groups are
  // missing or too many. A wrong character in a group is found with probability 31/32.
  static absl::StatusOr<RecoveryKit> Parse(std::string_view text);

  // kRecoveryTextSize characters: ABCDE-FGHJK-...
  crypto::SecretBuffer ToText() const;

  // The key that may change an entry against a thief of the identity key; one per deployment.
  crypto::SigningKey RecoveryKey(const crypto::DeploymentId& deployment) const;

  // The key that opens the keyring (keyring.h); one per deployment. Devices keep its public half.
  crypto::X25519PrivateKey KeyringKey(const crypto::DeploymentId& deployment) const;

 private:
  explicit RecoveryKit(crypto::SecretBytes<32> secret) : secret_(std::move(secret)) {}

  crypto::SecretBytes<32> secret_;
};

// What a directory entry commits to.
crypto::Digest RecoveryKeyDigest(const crypto::PublicKey& recovery_key);

}  // namespace letterlock::seal
