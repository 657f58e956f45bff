// The members of the vectors of the member side.
#pragma once

#include <string>
#include <string_view>

#include "crypto/seal/member_keys.h"
#include "support/vectors.h"

namespace letterlock::seal {

inline crypto::SecretBytes<32> Key(const nlohmann::json& object, const char* name) {
  return *crypto::SecretBytes<32>::FromBytes(std::string_view(testing::Hex(object, name)));
}

inline crypto::DeploymentId Deployment(const nlohmann::json& v) {
  return *crypto::DeploymentId::FromBytes(testing::Hex(v, "deployment"));
}

inline MemberKeys Member(const nlohmann::json& v, const nlohmann::json& m) {
  return {.deployment = Deployment(v),
          .member = *crypto::MemberId::FromBytes(testing::Hex(m, "member")),
          .handle = *crypto::Handle::Parse(m.at("handle").get<std::string>()),
          .identity = crypto::SigningKey::FromSeed(Key(m, "identity_seed")),
          .encryption = crypto::X25519PrivateKey::FromSecret(Key(m, "encryption_private")),
          .device = crypto::SigningKey::FromSeed(Key(m, "device_seed")),
          .state_key = Key(m, "state_key")};
}

}  // namespace letterlock::seal
