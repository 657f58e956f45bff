#include "crypto/seal/key_file.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "crypto/base/aead.h"
#include "crypto/base/bytes.h"
#include "crypto/base/password.h"
#include "crypto/base/strings.h"
#include "key_file_limits.h"

namespace letterlock::seal {
namespace {

using crypto::AsView;
using crypto::ByteReader;
using crypto::ByteWriter;
using crypto::KeyAccess;
using crypto::SecretBuffer;
using crypto::SecretBytes;
using Aead = crypto::XChaCha20Poly1305;
using internal::KeyFileLimits;

constexpr std::string_view kMagic1 = "LLKEYF01";  // read; no longer written
constexpr std::string_view kMagic = "LLKEYF02";
constexpr size_t kHeadSize = 56;  // magic, cost, salt, nonce
constexpr size_t kSecretsSize1 = 224;
constexpr size_t kSecretsSize2 = kSecretsSize1 + 36;  // without earlier keys
constexpr size_t kKeySize = 32;
static_assert(kMinKeyFileSize == kHeadSize + kSecretsSize1 + Aead::kTagSize);
static_assert(kMaxKeyFileSize ==
              kHeadSize + kSecretsSize2 + 2 * kMaxEarlierKeys * kKeySize + Aead::kTagSize);
constexpr size_t kHandleField = 63;  // bytes, filled up with zeros

absl::Status NoKeyFile() { return absl::InvalidArgumentError("not a key file"); }

absl::Status CheckCost(const KeyFileLimits& limits, const KeyFileCost& cost) {
  if (cost.passes < limits.min_passes || cost.passes > limits.max_passes ||
      cost.memory_kib < limits.min_memory_kib || cost.memory_kib > limits.max_memory_kib) {
    return absl::InvalidArgumentError("key file's cost is out of bounds");
  }
  return absl::OkStatus();
}

absl::StatusOr<SecretBytes<32>> FileKey(const SecretBuffer& passphrase,
                                        const crypto::Argon2idSalt& salt, const KeyFileCost& cost) {
  return crypto::Argon2id(
      passphrase, salt, {.passes = cost.passes, .memory_bytes = uint64_t{1024} * cost.memory_kib});
}

SecretBuffer EncodeSecrets(const MemberKeys& keys) {
  const size_t earlier = keys.earlier_identities.size() + keys.earlier_encryptions.size();
  SecretBuffer out = SecretBuffer::OfSize(kSecretsSize2 + kKeySize * earlier);
  auto to = out.RevealMutable(KeyAccess{}).begin();
  const auto append = [&to](std::string_view bytes) {
    to = std::ranges::copy(crypto::AsBytes(bytes), to).out;
  };
  const auto append_secret = [&](const SecretBytes<32>& secret) {
    append(AsView(secret.Reveal(KeyAccess{})));
  };
  const auto append_count = [&](size_t count) {
    append(ByteWriter().U16(static_cast<uint16_t>(count)).str());
  };
  append(keys.deployment.bytes());
  append(keys.member.bytes());
  append_secret(keys.identity.Seed());
  append_secret(keys.encryption.secret());
  append_secret(keys.device.Seed());
  append_secret(keys.state_key);
  *to++ = static_cast<uint8_t>(keys.handle.str().size());
  append(keys.handle.str());  // the rest of its field is zero already
  to += static_cast<std::ptrdiff_t>(kHandleField - keys.handle.str().size());
  append(keys.keyring_key.value_or(crypto::X25519PublicKey()).bytes());
  append_count(keys.earlier_identities.size());
  for (const crypto::SigningKey& key : keys.earlier_identities) append_secret(key.Seed());
  append_count(keys.earlier_encryptions.size());
  for (const crypto::X25519PrivateKey& key : keys.earlier_encryptions) append_secret(key.secret());
  return out;
}

SecretBytes<32> ReadSecret(ByteReader& in) {
  absl::StatusOr<SecretBytes<32>> secret = SecretBytes<32>::FromBytes(in.Bytes(32));
  return secret.ok() ? *std::move(secret) : SecretBytes<32>::Zero();  // Finish reports it
}

template <typename Id>
Id ReadId(ByteReader& in) {
  return Id::FromBytes(in.Bytes(Id::kSize)).value_or(Id());
}

// What version 2 holds besides version 1's.
bool ReadEarlier(ByteReader& in, MemberKeys* keys) {
  const auto keyring_key = crypto::X25519PublicKey::FromBytes(in.Bytes(kKeySize));
  if (keyring_key.ok() && *keyring_key != crypto::X25519PublicKey()) {
    keys->keyring_key = *keyring_key;
  }
  const size_t identities = in.U16();
  if (identities > kMaxEarlierKeys) return false;
  for (size_t i = 0; i < identities && in.ok(); ++i) {
    keys->earlier_identities.push_back(crypto::SigningKey::FromSeed(ReadSecret(in)));
  }
  const size_t encryptions = in.U16();
  if (encryptions > kMaxEarlierKeys) return false;
  for (size_t i = 0; i < encryptions && in.ok(); ++i) {
    keys->earlier_encryptions.push_back(crypto::X25519PrivateKey::FromSecret(ReadSecret(in)));
  }
  return in.ok();
}

absl::StatusOr<MemberKeys> DecodeSecrets(const SecretBuffer& secrets, bool version_1) {
  ByteReader in(secrets.RevealView(KeyAccess{}));
  const auto deployment = ReadId<crypto::DeploymentId>(in);
  const auto member = ReadId<crypto::MemberId>(in);
  const SecretBytes<32> identity = ReadSecret(in);
  SecretBytes<32> encryption = ReadSecret(in);
  const SecretBytes<32> device = ReadSecret(in);
  SecretBytes<32> state_key = ReadSecret(in);
  const size_t handle_size = in.U8();
  const std::string_view field = in.Bytes(kHandleField);
  if (!in.ok() || handle_size > kHandleField ||
      field.find_first_not_of('\0', handle_size) != std::string_view::npos) {
    return NoKeyFile();
  }
  absl::StatusOr<crypto::Handle> handle = crypto::Handle::Parse(field.substr(0, handle_size));
  if (!handle.ok()) return NoKeyFile();
  MemberKeys keys{.deployment = deployment,
                  .member = member,
                  .handle = *std::move(handle),
                  .identity = crypto::SigningKey::FromSeed(identity),
                  .encryption = crypto::X25519PrivateKey::FromSecret(std::move(encryption)),
                  .device = crypto::SigningKey::FromSeed(device),
                  .state_key = std::move(state_key)};
  if (!version_1 && !ReadEarlier(in, &keys)) return NoKeyFile();
  if (!in.Finish().ok()) return NoKeyFile();
  return keys;
}

}  // namespace

namespace internal {

absl::StatusOr<std::string> SealKeyFileWithin(const KeyFileLimits& limits, const MemberKeys& keys,
                                              const SecretBuffer& passphrase,
                                              const KeyFileCost& cost,
                                              crypto::RandomSource& random) {
  if (absl::Status s = CheckCost(limits, cost); !s.ok()) return s;
  if (keys.earlier_identities.size() > kMaxEarlierKeys ||
      keys.earlier_encryptions.size() > kMaxEarlierKeys) {
    return absl::InvalidArgumentError("more earlier keys than a key file holds");
  }
  const auto salt = crypto::RandomArray<std::tuple_size_v<crypto::Argon2idSalt>>(random);
  const auto nonce = crypto::RandomArray<Aead::kNonceSize>(random);
  const absl::StatusOr<SecretBytes<32>> key = FileKey(passphrase, salt, cost);
  if (!key.ok()) return key.status();

  const std::string head = crypto::ByteWriter()
                               .Bytes(kMagic)
                               .U32(cost.passes)
                               .U32(cost.memory_kib)
                               .Bytes(AsView(salt))
                               .Bytes(AsView(nonce))
                               .Take();
  std::string out = head;
  Aead::SealAppend(*key, nonce, head, EncodeSecrets(keys).RevealView(KeyAccess{}), &out);
  return out;
}

absl::StatusOr<MemberKeys> OpenKeyFileWithin(const KeyFileLimits& limits, std::string_view file,
                                             const SecretBuffer& passphrase) {
  const bool version_1 = file.starts_with(kMagic1);
  if (!version_1 && !file.starts_with(kMagic)) return NoKeyFile();
  if (file.size() < kMinKeyFileSize || file.size() > kMaxKeyFileSize) return NoKeyFile();
  ByteReader in(file.substr(kMagic.size()));
  KeyFileCost cost;
  cost.passes = in.U32();
  cost.memory_kib = in.U32();
  crypto::Argon2idSalt salt;
  std::ranges::copy(crypto::AsBytes(in.Bytes(salt.size())), salt.begin());
  const auto nonce = Aead::NonceFromBytes(in.Bytes(Aead::kNonceSize));
  const std::string_view sealed = in.Rest();
  if (!in.Finish().ok() || !nonce.ok()) return NoKeyFile();
  if (absl::Status s = CheckCost(limits, cost); !s.ok()) return s;

  const absl::StatusOr<SecretBytes<32>> key = FileKey(passphrase, salt, cost);
  if (!key.ok()) return key.status();
  const absl::StatusOr<SecretBuffer> secrets =
      Aead::Open(*key, *nonce, file.substr(0, kHeadSize), sealed);
  if (!secrets.ok()) {
    return absl::PermissionDeniedError("the passphrase is wrong or the key file was changed");
  }
  return DecodeSecrets(*secrets, version_1);
}

}  // namespace internal

absl::StatusOr<std::string> SealKeyFile(const MemberKeys& keys, const SecretBuffer& passphrase,
                                        const KeyFileCost& cost, crypto::RandomSource& random) {
  return internal::SealKeyFileWithin(KeyFileLimits{}, keys, passphrase, cost, random);
}

absl::StatusOr<MemberKeys> OpenKeyFile(std::string_view file, const SecretBuffer& passphrase) {
  return internal::OpenKeyFileWithin(KeyFileLimits{}, file, passphrase);
}

}  // namespace letterlock::seal
