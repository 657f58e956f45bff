#include "key_schedule.h"

#include <cstdlib>

#include "absl/status/status.h"
#include "crypto/base/bytes.h"
#include "crypto/base/kdf.h"
#include "crypto/base/strings.h"

namespace letterlock::hpke {
namespace {

using crypto::AsView;
using crypto::KeyAccess;
using crypto::SecretBytes;
using crypto::X25519PrivateKey;
using crypto::X25519PublicKey;

constexpr std::string_view kVersion = "HPKE-v1";
constexpr std::string_view kModeBase("\x00", 1);

// ExtractAndExpand (section 4.1).
SecretBytes<32> ExtractAndExpand(const SecretBytes<32>& dh, std::string_view kem_context) {
  const SecretBytes<32> prk =
      LabeledExtract(kKemSuite, "", "eae_prk", AsView(dh.Reveal(KeyAccess{})));
  SecretBytes<32> shared_secret = SecretBytes<32>::Zero();
  LabeledExpand(kKemSuite, prk, "shared_secret", kem_context,
                shared_secret.RevealMutable(KeyAccess{}));
  return shared_secret;
}

std::string KemContext(std::string_view enc, std::string_view recipient) {
  return std::string(enc).append(recipient);
}

std::string ScheduleContext(std::string_view info) {
  const SecretBytes<32> psk_id_hash = LabeledExtract(kHpkeSuite, "", "psk_id_hash", "");
  const SecretBytes<32> info_hash = LabeledExtract(kHpkeSuite, "", "info_hash", info);
  return std::string(kModeBase)
      .append(AsView(psk_id_hash.Reveal(KeyAccess{})))
      .append(AsView(info_hash.Reveal(KeyAccess{})));
}

SecretBytes<32> ExpandKey(const SecretBytes<32>& secret, std::string_view label,
                          std::string_view context) {
  SecretBytes<32> out = SecretBytes<32>::Zero();
  LabeledExpand(kHpkeSuite, secret, label, context, out.RevealMutable(KeyAccess{}));
  return out;
}

crypto::ChaCha20Poly1305::Nonce ExpandNonce(const SecretBytes<32>& secret,
                                            std::string_view context) {
  crypto::ChaCha20Poly1305::Nonce out;
  LabeledExpand(kHpkeSuite, secret, "base_nonce", context, out);
  return out;
}

}  // namespace

SecretBytes<32> LabeledExtract(std::string_view suite, std::string_view salt,
                               std::string_view label, std::string_view key_material) {
  return crypto::HkdfExtract(salt, {kVersion, suite, label, key_material});
}

void LabeledExpand(std::string_view suite, const SecretBytes<32>& prk, std::string_view label,
                   std::string_view info, std::span<uint8_t> out) {
  std::string length;
  crypto::AppendU16(&length, static_cast<uint16_t>(out.size()));
  if (!crypto::HkdfExpand(prk, {length, kVersion, suite, label, info}, out).ok()) std::abort();
}

absl::StatusOr<SecretBytes<32>> Encap(const X25519PublicKey& recipient,
                                      const X25519PrivateKey& ephemeral) {
  const absl::StatusOr<SecretBytes<32>> dh = ephemeral.SharedSecret(recipient);
  if (!dh.ok()) return dh.status();
  return ExtractAndExpand(*dh, KemContext(ephemeral.public_key().bytes(), recipient.bytes()));
}

absl::StatusOr<SecretBytes<32>> Decap(std::string_view enc, const X25519PrivateKey& recipient) {
  const absl::StatusOr<X25519PublicKey> ephemeral = X25519PublicKey::FromBytes(enc);
  if (!ephemeral.ok()) return ephemeral.status();
  const absl::StatusOr<SecretBytes<32>> dh = recipient.SharedSecret(*ephemeral);
  if (!dh.ok()) return dh.status();
  return ExtractAndExpand(*dh, KemContext(enc, recipient.public_key().bytes()));
}

KeySchedule::KeySchedule(const SecretBytes<32>& shared_secret, std::string_view info)
    : context_(ScheduleContext(info)),
      secret_(LabeledExtract(kHpkeSuite, AsView(shared_secret.Reveal(KeyAccess{})), "secret", "")),
      key_(ExpandKey(secret_, "key", context_)),
      base_nonce_(ExpandNonce(secret_, context_)),
      exporter_secret_(ExpandKey(secret_, "exp", context_)) {}

Context KeySchedule::TakeContext() && {
  return Context(std::move(key_), base_nonce_, std::move(exporter_secret_));
}

absl::StatusOr<Sender> SetupBaseSWithEphemeral(const X25519PublicKey& recipient,
                                               std::string_view info,
                                               const X25519PrivateKey& ephemeral) {
  const absl::StatusOr<SecretBytes<32>> shared_secret = Encap(recipient, ephemeral);
  if (!shared_secret.ok()) return shared_secret.status();
  return Sender{std::string(ephemeral.public_key().bytes()),
                SenderContext(KeySchedule(*shared_secret, info).TakeContext())};
}

}  // namespace letterlock::hpke
