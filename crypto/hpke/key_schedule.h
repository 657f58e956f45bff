// Internal: the steps between a shared secret and a context, which RFC 9180's vectors check one by
// one, and setup with a given ephemeral key, which only those vectors may use.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/base/hash.h"
#include "crypto/base/secret_bytes.h"
#include "crypto/base/x25519.h"
#include "crypto/hpke/hpke.h"

namespace letterlock::hpke {

// Encap and Decap of DHKEM (section 4.1): the KEM's shared secret.
absl::StatusOr<crypto::SecretBytes<32>> Encap(const crypto::X25519PublicKey& recipient,
                                              const crypto::X25519PrivateKey& ephemeral);
absl::StatusOr<crypto::SecretBytes<32>> Decap(std::string_view enc,
                                              const crypto::X25519PrivateKey& recipient);

// KeySchedule (section 5.1) of base mode: no pre-shared key.
class KeySchedule {
 public:
  KeySchedule(const crypto::SecretBytes<32>& shared_secret, std::string_view info);

  const std::string& key_schedule_context() const { return context_; }
  const crypto::SecretBytes<32>& secret() const { return secret_; }
  const crypto::SecretBytes<32>& key() const { return key_; }
  const crypto::ChaCha20Poly1305::Nonce& base_nonce() const { return base_nonce_; }
  const crypto::SecretBytes<32>& exporter_secret() const { return exporter_secret_; }

  // Moves the keys out.
  Context TakeContext() &&;

 private:
  std::string context_;
  crypto::SecretBytes<32> secret_;
  crypto::SecretBytes<32> key_;
  crypto::ChaCha20Poly1305::Nonce base_nonce_;
  crypto::SecretBytes<32> exporter_secret_;
};

// An ephemeral key used twice gives both messages away: never outside tests.
absl::StatusOr<Sender> SetupBaseSWithEphemeral(const crypto::X25519PublicKey& recipient,
                                               std::string_view info,
                                               const crypto::X25519PrivateKey& ephemeral);

// LabeledExtract and LabeledExpand (section 4). `suite` is one of the two below.
crypto::SecretBytes<32> LabeledExtract(std::string_view suite, std::string_view salt,
                                       std::string_view label, std::string_view key_material);
// REQUIRES: out.size() <= crypto::kHkdfMaxOutput.
void LabeledExpand(std::string_view suite, const crypto::SecretBytes<32>& prk,
                   std::string_view label, std::string_view info, std::span<uint8_t> out);

// "KEM" ‖ kem_id and "HPKE" ‖ kem_id ‖ kdf_id ‖ aead_id.
inline constexpr std::string_view kKemSuite("KEM\x00\x20", 5);
inline constexpr std::string_view kHpkeSuite("HPKE\x00\x20\x00\x01\x00\x03", 10);

}  // namespace letterlock::hpke
