#include "crypto/seal/keyring.h"

#include <utility>

#include "canonical.h"
#include "crypto/base/context.h"
#include "crypto/base/strings.h"
#include "crypto/hpke/hpke.h"
#include "letterlock/mail/v1/keyring.pb.h"

namespace letterlock::seal {
namespace {

using crypto::AsView;
using crypto::KeyAccess;
using crypto::SecretBuffer;
using crypto::SecretBytes;

constexpr std::string_view kMagic = "LLKRING1";
constexpr size_t kMaxKeys = kMaxEarlierKeys + 1;

absl::Status NoKeyring() { return absl::InvalidArgumentError("not this kit's keyring"); }

void WipeString(std::string* s) {
  crypto::Wipe({reinterpret_cast<uint8_t*>(s->data()), s->size()});
}

// A message that is wiped at the end of its scope: protobuf keeps keys in strings of its own.
struct WipedKeyring {
  ~WipedKeyring() {
    for (std::string& seed : *message.mutable_identity_seeds()) WipeString(&seed);
    for (std::string& key : *message.mutable_encryption_keys()) WipeString(&key);
    WipeString(message.mutable_state_key());
  }
  mail::v1::Keyring message;
};

std::string Info() { return std::string(context::kKeyring) + '\0'; }

std::string Aad(const crypto::DeploymentId& deployment, const crypto::MemberId& member) {
  return std::string(kMagic).append(deployment.bytes()).append(member.bytes());
}

void Add(const SecretBytes<32>& secret, std::string* to) {
  to->assign(AsView(secret.Reveal(KeyAccess{})));
}

SecretBuffer Encode(const MemberKeys& keys) {
  WipedKeyring out;
  for (const crypto::SigningKey& key : keys.earlier_identities) {
    Add(key.Seed(), out.message.add_identity_seeds());
  }
  Add(keys.identity.Seed(), out.message.add_identity_seeds());
  for (const crypto::X25519PrivateKey& key : keys.earlier_encryptions) {
    Add(key.secret(), out.message.add_encryption_keys());
  }
  Add(keys.encryption.secret(), out.message.add_encryption_keys());
  Add(keys.state_key, out.message.mutable_state_key());
  SecretBuffer bytes = SecretBuffer::OfSize(out.message.ByteSizeLong());
  const std::span<uint8_t> to = bytes.RevealMutable(KeyAccess{});
  out.message.SerializeToArray(to.data(), static_cast<int>(to.size()));  // canonical: no maps
  return bytes;
}

absl::StatusOr<Keyring> Decode(std::string_view bytes) {
  WipedKeyring in;
  if (absl::Status s = internal::ParseCanonical(bytes, &in.message); !s.ok()) return NoKeyring();
  const auto within = [](int count) {
    return count >= 1 && static_cast<size_t>(count) <= kMaxKeys;
  };
  if (!within(in.message.identity_seeds_size()) || !within(in.message.encryption_keys_size())) {
    return NoKeyring();
  }
  auto state_key = SecretBytes<32>::FromBytes(std::string_view(in.message.state_key()));
  if (!state_key.ok()) return NoKeyring();
  Keyring out{.identities = {}, .encryptions = {}, .state_key = *std::move(state_key)};
  for (const std::string& bytes_of_seed : in.message.identity_seeds()) {
    const auto seed = SecretBytes<32>::FromBytes(std::string_view(bytes_of_seed));
    if (!seed.ok()) return NoKeyring();
    out.identities.push_back(crypto::SigningKey::FromSeed(*seed));
  }
  for (const std::string& bytes_of_key : in.message.encryption_keys()) {
    auto key = SecretBytes<32>::FromBytes(std::string_view(bytes_of_key));
    if (!key.ok()) return NoKeyring();
    out.encryptions.push_back(crypto::X25519PrivateKey::FromSecret(*std::move(key)));
  }
  return out;
}

}  // namespace

absl::StatusOr<std::string> SealKeyring(const MemberKeys& keys, crypto::RandomSource& random) {
  if (!keys.keyring_key.has_value()) {
    return absl::FailedPreconditionError("no recovery kit is known to seal a keyring to");
  }
  const SecretBuffer keyring = Encode(keys);
  const auto sealed = hpke::SealBase(*keys.keyring_key, Info(), Aad(keys.deployment, keys.member),
                                     keyring.RevealView(KeyAccess{}), random);
  if (!sealed.ok()) return sealed.status();
  return std::string(kMagic) + *sealed;
}

absl::StatusOr<Keyring> OpenKeyring(const RecoveryKit& kit, const crypto::DeploymentId& deployment,
                                    const crypto::MemberId& member, std::string_view sealed) {
  if (sealed.size() > kMaxKeyringSize || !sealed.starts_with(kMagic)) return NoKeyring();
  const auto keyring = hpke::OpenBase(sealed.substr(kMagic.size()), kit.KeyringKey(deployment),
                                      Info(), Aad(deployment, member));
  if (!keyring.ok()) return NoKeyring();
  return Decode(keyring->RevealView(KeyAccess{}));
}

crypto::Digest KeyringHash(std::string_view sealed) {
  return crypto::Sha256(context::kKeyringHash, {sealed});
}

MemberKeys KeysOf(Keyring keyring, const crypto::DeploymentId& deployment,
                  const crypto::MemberId& member, const crypto::Handle& handle,
                  crypto::SigningKey device, const RecoveryKit& kit) {
  crypto::SigningKey identity = std::move(keyring.identities.back());
  crypto::X25519PrivateKey encryption = std::move(keyring.encryptions.back());
  keyring.identities.pop_back();
  keyring.encryptions.pop_back();
  return {.deployment = deployment,
          .member = member,
          .handle = handle,
          .identity = std::move(identity),
          .encryption = std::move(encryption),
          .device = std::move(device),
          .state_key = std::move(keyring.state_key),
          .keyring_key = kit.KeyringKey(deployment).public_key(),
          .earlier_identities = std::move(keyring.identities),
          .earlier_encryptions = std::move(keyring.encryptions)};
}

}  // namespace letterlock::seal
