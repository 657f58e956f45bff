// A member's private keys, and what others know of her (docs/formats.md, "Member keys").
//
// They are made and stay on her devices. Suite 1: identity Ed25519, encryption X25519 (HPKE), and
// for each device an Ed25519 key of its own.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/base/ids.h"
#include "crypto/base/random.h"
#include "crypto/base/secret_bytes.h"
#include "crypto/base/sign.h"
#include "crypto/base/x25519.h"

namespace letterlock::seal {

inline constexpr uint32_t kSuite1 = 1;
inline constexpr size_t kMaxEarlierKeys = 255;  // of a kind

// All that a device holds. Move-only, wiped.
struct MemberKeys {
  crypto::DeploymentId deployment;
  crypto::MemberId member;
  crypto::Handle handle;
  crypto::SigningKey identity;
  crypto::X25519PrivateKey encryption;
  crypto::SigningKey device;
  crypto::SecretBytes<32> state_key;  // seals the client's local state
  // Whom the keyring is sealed to (keyring.h): a public key, so that a device can seal a new
  // keyring and yet none that it holds, or loses, opens one. Absent where no kit was made for it.
  std::optional<crypto::X25519PublicKey> keyring_key = std::nullopt;
  // Keys of before rotations, oldest first, each at most kMaxEarlierKeys: mail of then needs them.
  std::vector<crypto::SigningKey> earlier_identities = {};
  std::vector<crypto::X25519PrivateKey> earlier_encryptions = {};

  // A new member: the identity key is her genesis key, from which her id is made.
  static MemberKeys Generate(const crypto::DeploymentId& deployment, const crypto::Handle& handle,
                             crypto::RandomSource& random);

  // The same keys once more.
  MemberKeys Clone(crypto::KeyAccess) const;
  // With fresh identity and encryption keys; today's become earlier ones. The device keeps its own.
  // RESOURCE_EXHAUSTED where there are kMaxEarlierKeys already.
  absl::StatusOr<MemberKeys> Rotated(crypto::RandomSource& random) const;

  // Today's or an earlier key with this id; nullptr where there is none.
  const crypto::SigningKey* IdentityOf(const crypto::KeyId& id) const;
  const crypto::X25519PrivateKey* EncryptionOf(const crypto::KeyId& id) const;
};

// Another member, as a verified directory entry has her. REQUIRES of whoever fills it in: the entry
// was verified (or one before it, for mail signed before a rotation).
struct Correspondent {
  crypto::Handle handle;
  crypto::PublicKey genesis_key;
  crypto::PublicKey identity_key;
  crypto::X25519PublicKey encryption_key;

  crypto::MemberId IdIn(const crypto::DeploymentId& deployment) const {
    return crypto::MemberIdOf(deployment, genesis_key, handle);
  }
};

}  // namespace letterlock::seal
