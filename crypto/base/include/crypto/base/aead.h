// Authenticated encryption with associated data, through libsodium. Thread-safe.
//
//   XChaCha20Poly1305   24-byte nonce: random nonces are safe. Everything of ours.
//   ChaCha20Poly1305    12-byte nonce (RFC 8439): inside HPKE only, where nonces count.
//
// A sealed value is ciphertext ‖ 16-byte tag. Neither commits to its key: one ciphertext can be
// made to open under two keys, so a format that must not allow it carries a commitment
// (docs/formats.md, "Envelope").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/base/secret_bytes.h"

namespace letterlock::crypto {

template <size_t kNonceBytes>
class ChaChaPoly {
 public:
  static constexpr size_t kKeySize = 32;
  static constexpr size_t kNonceSize = kNonceBytes;
  static constexpr size_t kTagSize = 16;
  using Nonce = std::array<uint8_t, kNonceBytes>;

  // INVALID_ARGUMENT unless the size is kNonceSize.
  static absl::StatusOr<Nonce> NonceFromBytes(std::string_view bytes);

  // A nonce must never repeat under one key.
  static std::string Seal(const SecretBytes<32>& key, const Nonce& nonce, std::string_view aad,
                          std::string_view plaintext);
  // The same, written behind what `out` already holds.
  static void SealAppend(const SecretBytes<32>& key, const Nonce& nonce, std::string_view aad,
                         std::string_view plaintext, std::string* out);

  // INVALID_ARGUMENT when key, nonce, associated data or any bit of `sealed` is not what was
  // sealed; nothing of the plaintext is released then.
  static absl::StatusOr<SecretBuffer> Open(const SecretBytes<32>& key, const Nonce& nonce,
                                           std::string_view aad, std::string_view sealed);
  // For plaintext that is not secret here (a row that holds an envelope): not wiped.
  static absl::StatusOr<std::string> OpenToString(const SecretBytes<32>& key, const Nonce& nonce,
                                                  std::string_view aad, std::string_view sealed);
};

using XChaCha20Poly1305 = ChaChaPoly<24>;
using ChaCha20Poly1305 = ChaChaPoly<12>;

extern template class ChaChaPoly<24>;
extern template class ChaChaPoly<12>;

}  // namespace letterlock::crypto
