// HPKE, RFC 9180, base mode, one suite:
//   KEM 0x0020 DHKEM(X25519, HKDF-SHA256), KDF 0x0001 HKDF-SHA256, AEAD 0x0003 ChaCha20-Poly1305.
//
// Base mode authenticates the recipient's key alone: whoever holds the public key can seal. Who
// wrote a message is the business of the signature inside it.
//
// Thread-safety: the functions are thread-safe; a context belongs to one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "crypto/base/aead.h"
#include "crypto/base/random.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/base/secret_bytes.h"
#include "crypto/base/x25519.h"

namespace letterlock::hpke {

inline constexpr uint16_t kKemId = 0x0020;
inline constexpr uint16_t kKdfId = 0x0001;
inline constexpr uint16_t kAeadId = 0x0003;

inline constexpr size_t kEncapsulatedKeySize = 32;
inline constexpr size_t kTagSize = 16;
inline constexpr size_t kMinKeyMaterialSize = 32;

// DeriveKeyPair (section 7.1.3) from at least 32 bytes of uniformly random key material;
// INVALID_ARGUMENT for less.
absl::StatusOr<crypto::X25519PrivateKey> DeriveKeyPair(std::string_view key_material);

// What both ends of one setup share: an AEAD key, a base nonce that is XORed with a sequence
// number, and an exporter secret. Move-only, wiped.
class Context {
 public:
  // Secret of `size` bytes bound to `exporter_context` (section 5.3). INVALID_ARGUMENT above
  // crypto::kHkdfMaxOutput.
  absl::StatusOr<crypto::SecretBuffer> Export(std::string_view exporter_context, size_t size) const;

 protected:
  friend class KeySchedule;
  Context(crypto::SecretBytes<32> key, const crypto::ChaCha20Poly1305::Nonce& base_nonce,
          crypto::SecretBytes<32> exporter_secret);

  // base_nonce XOR the sequence number. RESOURCE_EXHAUSTED when all numbers are used.
  absl::StatusOr<crypto::ChaCha20Poly1305::Nonce> Nonce() const;

  crypto::SecretBytes<32> key_;
  crypto::ChaCha20Poly1305::Nonce base_nonce_;
  crypto::SecretBytes<32> exporter_secret_;
  uint64_t sequence_ = 0;  // of the next message; RFC's limit is 2^96 - 1, ours 2^64 - 1
};

class SenderContext : public Context {
 public:
  explicit SenderContext(Context context) : Context(std::move(context)) {}

  // Ciphertext ‖ tag of the next message. RESOURCE_EXHAUSTED after 2^64 - 1 messages.
  absl::StatusOr<std::string> Seal(std::string_view aad, std::string_view plaintext);
};

class RecipientContext : public Context {
 public:
  explicit RecipientContext(Context context) : Context(std::move(context)) {}

  // The next message, in order. INVALID_ARGUMENT if it does not open; the sequence number then
  // stays, so that the right message still opens.
  absl::StatusOr<crypto::SecretBuffer> Open(std::string_view aad, std::string_view ciphertext);
};

struct Sender {
  std::string enc;  // kEncapsulatedKeySize bytes, for the recipient
  SenderContext context;
};

// SetupBaseS (section 5.1.1) with a fresh ephemeral key from `random`. INVALID_ARGUMENT if
// `recipient` is of small order.
absl::StatusOr<Sender> SetupBaseS(const crypto::X25519PublicKey& recipient, std::string_view info,
                                  crypto::RandomSource& random);
// SetupBaseR. INVALID_ARGUMENT unless `enc` is 32 bytes that are not of small order.
absl::StatusOr<RecipientContext> SetupBaseR(std::string_view enc,
                                            const crypto::X25519PrivateKey& recipient,
                                            std::string_view info);

// SealBase (section 6.1): enc ‖ ciphertext ‖ tag, plaintext size + 48 bytes.
absl::StatusOr<std::string> SealBase(const crypto::X25519PublicKey& recipient,
                                     std::string_view info, std::string_view aad,
                                     std::string_view plaintext, crypto::RandomSource& random);
// OpenBase of what SealBase gives. INVALID_ARGUMENT unless it was sealed to this key with this info
// and associated data, and no bit changed since.
absl::StatusOr<crypto::SecretBuffer> OpenBase(std::string_view sealed,
                                              const crypto::X25519PrivateKey& recipient,
                                              std::string_view info, std::string_view aad);

}  // namespace letterlock::hpke
