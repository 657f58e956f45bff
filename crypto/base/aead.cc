#include "crypto/base/aead.h"

#include <sodium.h>

#include <algorithm>

#include "sodium_ready.h"

namespace letterlock::crypto {
namespace {

using internal::Data;

// libsodium's two functions of one shape. `c` has room for kTagSize more bytes than `m`.
template <size_t kNonceBytes>
void Encrypt(unsigned char* c, std::string_view m, std::string_view aad, const uint8_t* nonce,
             const uint8_t* key) {
  if constexpr (kNonceBytes == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES) {
    crypto_aead_xchacha20poly1305_ietf_encrypt(c, nullptr, Data(m), m.size(), Data(aad), aad.size(),
                                               nullptr, nonce, key);
  } else {
    static_assert(kNonceBytes == crypto_aead_chacha20poly1305_ietf_NPUBBYTES);
    crypto_aead_chacha20poly1305_ietf_encrypt(c, nullptr, Data(m), m.size(), Data(aad), aad.size(),
                                              nullptr, nonce, key);
  }
}

template <size_t kNonceBytes>
bool Decrypt(unsigned char* m, std::string_view c, std::string_view aad, const uint8_t* nonce,
             const uint8_t* key) {
  if constexpr (kNonceBytes == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES) {
    return crypto_aead_xchacha20poly1305_ietf_decrypt(m, nullptr, nullptr, Data(c), c.size(),
                                                      Data(aad), aad.size(), nonce, key) == 0;
  } else {
    return crypto_aead_chacha20poly1305_ietf_decrypt(m, nullptr, nullptr, Data(c), c.size(),
                                                     Data(aad), aad.size(), nonce, key) == 0;
  }
}

absl::Status Refused() { return absl::InvalidArgumentError("sealed value does not open"); }

}  // namespace

template <size_t kNonceBytes>
absl::StatusOr<typename ChaChaPoly<kNonceBytes>::Nonce> ChaChaPoly<kNonceBytes>::NonceFromBytes(
    std::string_view bytes) {
  if (bytes.size() != kNonceSize) return absl::InvalidArgumentError("nonce has the wrong length");
  Nonce nonce;
  std::copy(bytes.begin(), bytes.end(), nonce.begin());
  return nonce;
}

template <size_t kNonceBytes>
std::string ChaChaPoly<kNonceBytes>::Seal(const SecretBytes<32>& key, const Nonce& nonce,
                                          std::string_view aad, std::string_view plaintext) {
  std::string out;
  SealAppend(key, nonce, aad, plaintext, &out);
  return out;
}

template <size_t kNonceBytes>
void ChaChaPoly<kNonceBytes>::SealAppend(const SecretBytes<32>& key, const Nonce& nonce,
                                         std::string_view aad, std::string_view plaintext,
                                         std::string* out) {
  internal::SodiumReady();
  const size_t start = out->size();
  out->resize(start + plaintext.size() + kTagSize);
  Encrypt<kNonceBytes>(reinterpret_cast<unsigned char*>(out->data()) + start, plaintext, aad,
                       nonce.data(), key.Reveal(KeyAccess{}).data());
}

template <size_t kNonceBytes>
absl::StatusOr<SecretBuffer> ChaChaPoly<kNonceBytes>::Open(const SecretBytes<32>& key,
                                                           const Nonce& nonce, std::string_view aad,
                                                           std::string_view sealed) {
  internal::SodiumReady();
  if (sealed.size() < kTagSize) return Refused();
  SecretBuffer out = SecretBuffer::OfSize(sealed.size() - kTagSize);
  if (!Decrypt<kNonceBytes>(out.RevealMutable(KeyAccess{}).data(), sealed, aad, nonce.data(),
                            key.Reveal(KeyAccess{}).data())) {
    return Refused();
  }
  return out;
}

template <size_t kNonceBytes>
absl::StatusOr<std::string> ChaChaPoly<kNonceBytes>::OpenToString(const SecretBytes<32>& key,
                                                                  const Nonce& nonce,
                                                                  std::string_view aad,
                                                                  std::string_view sealed) {
  internal::SodiumReady();
  if (sealed.size() < kTagSize) return Refused();
  std::string out(sealed.size() - kTagSize, '\0');
  if (!Decrypt<kNonceBytes>(reinterpret_cast<unsigned char*>(out.data()), sealed, aad, nonce.data(),
                            key.Reveal(KeyAccess{}).data())) {
    return Refused();
  }
  return out;
}

template class ChaChaPoly<24>;
template class ChaChaPoly<12>;

}  // namespace letterlock::crypto
