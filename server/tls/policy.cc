#include "server/tls/policy.h"

#include <mutex>
#include <string_view>

#include "openssl_ptr.h"

namespace letterlock::tls {
namespace {

constexpr std::string_view kConfiguration =
    "openssl_conf = init\n"
    "[init]\n"
    "ssl_conf = ssl\n"
    "[ssl]\n"
    "system_default = policy\n"
    "[policy]\n"
    "MinProtocol = TLSv1.3\n"
    "Protocol = -ALL,TLSv1.3\n";

absl::Status Failed(const char* what) {
  ERR_clear_error();
  return absl::InternalError(what);
}

absl::Status Install() {
  // From here on OpenSSL reads no file for its configuration: it is read once, and this counts as
  // having been read. Where another part of the process came first, the section below replaces what
  // that brought.
  if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) != 1) {
    return Failed("OpenSSL does not start");
  }
  const ConfPtr configuration(NCONF_new(nullptr));
  const BioPtr text(
      BIO_new_mem_buf(kConfiguration.data(), static_cast<int>(kConfiguration.size())));
  if (configuration == nullptr || text == nullptr ||
      NCONF_load_bio(configuration.get(), text.get(), nullptr) != 1 ||
      CONF_modules_load(configuration.get(), nullptr, 0) != 1) {
    return Failed("OpenSSL refuses the TLS policy");
  }
  return absl::OkStatus();
}

// As gRPC makes a context: it sets a lower minimum, and the policy must hold nevertheless.
absl::Status Verify() {
  const ContextPtr context(SSL_CTX_new(TLS_method()));
  if (context == nullptr || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) {
    return Failed("OpenSSL makes no context");
  }
  constexpr uint64_t kOlder =
      SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_TLSv1_2;
  const uint64_t options = SSL_CTX_get_options(context.get());
  if ((options & kOlder) != kOlder || (options & SSL_OP_NO_TLSv1_3) != 0) {
    return Failed("the TLS policy does not hold");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RequireTls13() {
  static std::once_flag once;
  static absl::Status installed;
  std::call_once(once, [] { installed = Install(); });
  if (!installed.ok()) return installed;
  return Verify();
}

}  // namespace letterlock::tls
