#include "crypto/seal/member_keys.h"

#include <utility>

namespace letterlock::seal {

MemberKeys MemberKeys::Generate(const crypto::DeploymentId& deployment,
                                const crypto::Handle& handle, crypto::RandomSource& random) {
  crypto::SigningKey identity = crypto::SigningKey::Generate(random);
  const crypto::MemberId member = crypto::MemberIdOf(deployment, identity.public_key(), handle);
  crypto::X25519PrivateKey encryption = crypto::X25519PrivateKey::Generate(random);
  crypto::SigningKey device = crypto::SigningKey::Generate(random);
  return {.deployment = deployment,
          .member = member,
          .handle = handle,
          .identity = std::move(identity),
          .encryption = std::move(encryption),
          .device = std::move(device),
          .state_key = crypto::SecretBytes<32>::Random(random)};
}

MemberKeys MemberKeys::Clone(crypto::KeyAccess access) const {
  MemberKeys copy = {
      .deployment = deployment,
      .member = member,
      .handle = handle,
      .identity = crypto::SigningKey::FromSeed(identity.Seed()),
      .encryption = crypto::X25519PrivateKey::FromSecret(encryption.secret().Clone(access)),
      .device = crypto::SigningKey::FromSeed(device.Seed()),
      .state_key = state_key.Clone(access),
      .keyring_key = keyring_key};
  for (const crypto::SigningKey& key : earlier_identities) {
    copy.earlier_identities.push_back(crypto::SigningKey::FromSeed(key.Seed()));
  }
  for (const crypto::X25519PrivateKey& key : earlier_encryptions) {
    copy.earlier_encryptions.push_back(
        crypto::X25519PrivateKey::FromSecret(key.secret().Clone(access)));
  }
  return copy;
}

absl::StatusOr<MemberKeys> MemberKeys::Rotated(crypto::RandomSource& random) const {
  if (earlier_identities.size() >= kMaxEarlierKeys ||
      earlier_encryptions.size() >= kMaxEarlierKeys) {
    return absl::ResourceExhaustedError("keys were rotated 255 times");
  }
  MemberKeys next = Clone(crypto::KeyAccess{});
  next.earlier_identities.push_back(std::move(next.identity));
  next.earlier_encryptions.push_back(std::move(next.encryption));
  next.identity = crypto::SigningKey::Generate(random);
  next.encryption = crypto::X25519PrivateKey::Generate(random);
  return next;
}

const crypto::SigningKey* MemberKeys::IdentityOf(const crypto::KeyId& id) const {
  if (crypto::KeyIdOf(identity.public_key()) == id) return &identity;
  for (const crypto::SigningKey& key : earlier_identities) {
    if (crypto::KeyIdOf(key.public_key()) == id) return &key;
  }
  return nullptr;
}

const crypto::X25519PrivateKey* MemberKeys::EncryptionOf(const crypto::KeyId& id) const {
  if (crypto::KeyIdOf(encryption.public_key()) == id) return &encryption;
  for (const crypto::X25519PrivateKey& key : earlier_encryptions) {
    if (crypto::KeyIdOf(key.public_key()) == id) return &key;
  }
  return nullptr;
}

}  // namespace letterlock::seal
