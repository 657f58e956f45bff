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

}  // namespace letterlock::seal
