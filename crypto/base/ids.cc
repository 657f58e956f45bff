#include "crypto/base/ids.h"

#include <algorithm>

#include "crypto/base/context.h"
#include "crypto/base/hash.h"

namespace letterlock::crypto {
namespace {

bool IsLetterOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool IsHandleCharacter(char c) { return IsLetterOrDigit(c) || c == '.' || c == '_' || c == '-'; }

}  // namespace

absl::StatusOr<Handle> Handle::Parse(std::string_view text) {
  if (text.size() < kMinSize || text.size() > kMaxSize || !IsLetterOrDigit(text.front()) ||
      !std::all_of(text.begin(), text.end(), IsHandleCharacter)) {
    return absl::InvalidArgumentError("not a handle");
  }
  return Handle(text);
}

DeploymentId DeploymentIdOf(std::string_view genesis_statement) {
  return DeploymentId::FirstOf(Sha256(context::kDeployment, {genesis_statement}));
}

MemberId MemberIdOf(const DeploymentId& deployment, const PublicKey& genesis_identity_key,
                    const Handle& handle) {
  // Only the last part varies in size, so the concatenation is unambiguous.
  return MemberId::FirstOf(
      Sha256(context::kMember, {deployment.bytes(), genesis_identity_key.bytes(), handle.str()}));
}

KeyId KeyIdOf(const PublicKey& key) {
  return KeyId::FirstOf(Sha256(context::kKeyId, {key.bytes()}));
}

KeyId KeyIdOf(const X25519PublicKey& key) {
  return KeyId::FirstOf(Sha256(context::kKeyId, {key.bytes()}));
}

}  // namespace letterlock::crypto
