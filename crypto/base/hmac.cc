#include "crypto/base/hmac.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <memory>

#include "crypto/base/strings.h"
#include "hmac_any_key.h"
#include "require.h"

namespace letterlock::crypto {
namespace {

using internal::Require;

constexpr std::string_view kTerminator("\0", 1);

struct MacContextDeleter {
  void operator()(EVP_MAC_CTX* c) const { EVP_MAC_CTX_free(c); }  // clears the key it holds
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, MacContextDeleter>;

// A context with digest chosen and no key, made once and duplicated for each use: fetching HMAC and
// SHA-256 by name costs several times a MAC. Duplicating only reads it, so threads may share it.
const EVP_MAC_CTX* Prototype() {
  static EVP_MAC_CTX* const prototype = [] {
    EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    Require(mac != nullptr, "EVP_MAC_fetch");
    EVP_MAC_CTX* c = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    Require(c != nullptr, "EVP_MAC_CTX_new");
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                 OSSL_PARAM_construct_end()};
    Require(EVP_MAC_CTX_set_params(c, params) == 1, "EVP_MAC_CTX_set_params");
    return c;
  }();
  return prototype;
}

class Mac {
 public:
  explicit Mac(std::string_view key) : c_(EVP_MAC_CTX_dup(Prototype())) {
    Require(c_ != nullptr, "EVP_MAC_CTX_dup");
    // libcrypto takes a null key for "the key as before"; an empty key needs an address.
    const char* address = key.empty() ? "" : key.data();
    Require(EVP_MAC_init(c_.get(), AsBytes({address, key.size()}).data(), key.size(), nullptr) == 1,
            "EVP_MAC_init");
  }

  void Add(std::string_view bytes) {
    Require(EVP_MAC_update(c_.get(), AsBytes(bytes).data(), bytes.size()) == 1, "EVP_MAC_update");
  }
  void Add(Parts parts) {
    for (std::string_view part : parts) Add(part);
  }

  void Finish(std::span<uint8_t, 32> out) {
    size_t size = 0;
    Require(EVP_MAC_final(c_.get(), out.data(), &size, out.size()) == 1 && size == out.size(),
            "EVP_MAC_final");
  }

 private:
  MacContext c_;
};

}  // namespace

Digest HmacSha256(const SecretBytes<32>& key, std::string_view bytes) {
  Digest out;
  internal::HmacAnyKey(AsView(key.Reveal(KeyAccess{})), Parts(&bytes, 1), out);
  return out;
}

Digest HmacSha256(const SecretBytes<32>& key, std::string_view context, Parts parts) {
  Digest out;
  Mac mac(AsView(key.Reveal(KeyAccess{})));
  mac.Add(context);
  mac.Add(kTerminator);
  mac.Add(parts);
  mac.Finish(out);
  return out;
}

bool HmacSha256Verify(const SecretBytes<32>& key, std::string_view bytes, std::string_view tag) {
  return ConstantTimeEqual(HmacSha256(key, bytes), AsBytes(tag));
}

bool HmacSha256Verify(const SecretBytes<32>& key, std::string_view context, Parts parts,
                      std::string_view tag) {
  return ConstantTimeEqual(HmacSha256(key, context, parts), AsBytes(tag));
}

namespace internal {

void HmacAnyKey(std::string_view key, Parts parts, std::span<uint8_t, 32> out) {
  Mac mac(key);
  mac.Add(parts);
  mac.Finish(out);
}

}  // namespace internal
}  // namespace letterlock::crypto
