#include "server/tls/issue.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <string_view>
#include <utility>

#include "crypto/base/random.h"
#include "openssl_ptr.h"
#include "server/config/files.h"

namespace letterlock::tls {
namespace {

constexpr std::size_t kMaxPem = 256 * 1024;
constexpr long kVersion3 = 2;  // X.509 counts from zero

absl::Status OpensslFailed() {
  ERR_clear_error();
  return absl::InternalError("OpenSSL could not make the certificate");
}

bool IsCommonName(const std::string& name) {
  return !name.empty() && name.size() <= 64 &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

bool IsDnsName(const std::string& name) {
  return !name.empty() && name.size() <= 253 && name.front() != '.' && name.back() != '.' &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::islower(c) || std::isdigit(c) || c == '-' || c == '.';
         });
}

KeyPtr NewKey() { return KeyPtr(EVP_EC_gen("P-256")); }

bool SetSerial(X509* certificate) {
  std::array<std::uint8_t, 16> bytes;
  crypto::FillRandom(bytes);
  bytes[0] = (bytes[0] & 0x7f) | 0x40;  // positive, and always 16 bytes
  const BigNumberPtr number(BN_bin2bn(bytes.data(), bytes.size(), nullptr));
  return number != nullptr &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool SetName(X509_NAME* name, const std::string& common_name) {
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(common_name.c_str()), -1,
                                    -1, 0) == 1;
}

bool SetValidity(X509* certificate, absl::Time not_before, absl::Duration validity) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate), absl::ToTimeT(not_before)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), absl::ToTimeT(not_before + validity)) !=
             nullptr;
}

// `text` is a constant of ours, never a name that was handed in.
bool AddExtension(X509* certificate, X509* issuer, int nid, const char* text) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, text);
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

bool PushName(GENERAL_NAMES* names, int type, ASN1_STRING* value) {
  if (value == nullptr) return false;
  GENERAL_NAME* name = GENERAL_NAME_new();
  if (name == nullptr) return false;
  GENERAL_NAME_set0_value(name, type, value);
  return sk_GENERAL_NAME_push(names, name) > 0;
}

absl::Status AddAlternativeNames(X509* certificate, const LeafOptions& options) {
  const NamesPtr names(GENERAL_NAMES_new());
  for (const std::string& dns : options.dns_names) {
    if (!IsDnsName(dns)) return absl::InvalidArgumentError("dns_names: not a lower-case DNS name");
    ASN1_IA5STRING* value = ASN1_IA5STRING_new();
    if (ASN1_STRING_set(value, dns.data(), static_cast<int>(dns.size())) != 1 ||
        !PushName(names.get(), GEN_DNS, value)) {
      return OpensslFailed();
    }
  }
  for (const std::string& ip : options.ip_addresses) {
    ASN1_OCTET_STRING* value = a2i_IPADDRESS(ip.c_str());
    if (value == nullptr) return absl::InvalidArgumentError("ip_addresses: not an IP address");
    if (!PushName(names.get(), GEN_IPADD, value)) return OpensslFailed();
  }
  if (sk_GENERAL_NAME_num(names.get()) == 0) {
    if (options.usage == Usage::kClient) return absl::OkStatus();
    return absl::InvalidArgumentError("a server's certificate needs a DNS name or an address");
  }
  if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) !=
      1) {
    return OpensslFailed();
  }
  return absl::OkStatus();
}

// What every certificate of ours has in common. Extensions that name keys come after this.
CertificatePtr NewCertificate(const std::string& common_name, EVP_PKEY* key, absl::Time not_before,
                              absl::Duration validity) {
  CertificatePtr certificate(X509_new());
  if (certificate == nullptr || X509_set_version(certificate.get(), kVersion3) != 1 ||
      !SetSerial(certificate.get()) || !SetValidity(certificate.get(), not_before, validity) ||
      !SetName(X509_get_subject_name(certificate.get()), common_name) ||
      X509_set_pubkey(certificate.get(), key) != 1) {
    return nullptr;
  }
  return certificate;
}

absl::StatusOr<Identity> ToIdentity(X509* certificate, EVP_PKEY* key) {
  const BioPtr public_part(BIO_new(BIO_s_mem()));
  const BioPtr secret_part(BIO_new(BIO_s_secmem()));  // wiped when freed
  if (PEM_write_bio_X509(public_part.get(), certificate) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(secret_part.get(), key, nullptr, nullptr, 0, nullptr,
                                    nullptr) != 1) {
    return OpensslFailed();
  }
  char* data = nullptr;
  long size = BIO_get_mem_data(public_part.get(), &data);
  Identity identity;
  identity.certificate_pem.assign(data, static_cast<std::size_t>(size));
  size = BIO_get_mem_data(secret_part.get(), &data);
  identity.key_pem = crypto::SecretBuffer::Copy({data, static_cast<std::size_t>(size)});
  return identity;
}

CertificatePtr ParseCertificate(const std::string& pem) {
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return CertificatePtr(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

// Never asks at a terminal.
int NoPassphrase(char*, int, int, void*) { return 0; }

KeyPtr ParseKey(const crypto::SecretBuffer& pem) {
  const auto bytes = pem.Reveal(crypto::KeyAccess{});
  const BioPtr bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  return KeyPtr(PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassphrase, nullptr));
}

using WriteFile = absl::Status(const std::string&, std::string_view, config::FileMode);

absl::Status WriteBoth(WriteFile* write, const std::string& base, const Identity& identity) {
  absl::Status status = write(base + ".key", identity.key_pem.RevealView(crypto::KeyAccess{}),
                              config::FileMode::kSecret);
  if (!status.ok()) return status;
  return write(base + ".pem", identity.certificate_pem, config::FileMode::kPublic);
}

}  // namespace

absl::StatusOr<CertificateAuthority> CertificateAuthority::Create(const std::string& common_name,
                                                                  absl::Time not_before,
                                                                  absl::Duration validity) {
  if (!IsCommonName(common_name)) {
    return absl::InvalidArgumentError("common_name: 1 to 64 printable characters");
  }
  const KeyPtr key = NewKey();
  if (key == nullptr) return OpensslFailed();
  const CertificatePtr root = NewCertificate(common_name, key.get(), not_before, validity);
  if (root == nullptr || X509_set_issuer_name(root.get(), X509_get_subject_name(root.get())) != 1 ||
      !AddExtension(root.get(), root.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !AddExtension(root.get(), root.get(), NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !AddExtension(root.get(), root.get(), NID_subject_key_identifier, "hash") ||
      X509_sign(root.get(), key.get(), EVP_sha256()) == 0) {
    return OpensslFailed();
  }
  auto identity = ToIdentity(root.get(), key.get());
  if (!identity.ok()) return identity.status();
  return CertificateAuthority(*std::move(identity));
}

absl::StatusOr<CertificateAuthority> CertificateAuthority::FromIdentity(Identity identity) {
  const CertificatePtr certificate = ParseCertificate(identity.certificate_pem);
  const KeyPtr key = ParseKey(identity.key_pem);
  if (certificate == nullptr || key == nullptr ||
      X509_check_private_key(certificate.get(), key.get()) != 1 ||
      X509_check_ca(certificate.get()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError("not a certificate authority and its key");
  }
  return CertificateAuthority(std::move(identity));
}

absl::StatusOr<Identity> CertificateAuthority::Issue(const LeafOptions& options) const {
  if (!IsCommonName(options.common_name)) {
    return absl::InvalidArgumentError("common_name: 1 to 64 printable characters");
  }
  const CertificatePtr root = ParseCertificate(identity_.certificate_pem);
  const KeyPtr root_key = ParseKey(identity_.key_pem);
  const KeyPtr key = NewKey();
  if (root == nullptr || root_key == nullptr || key == nullptr) return OpensslFailed();

  const CertificatePtr leaf =
      NewCertificate(options.common_name, key.get(), options.not_before, options.validity);
  if (leaf == nullptr || X509_set_issuer_name(leaf.get(), X509_get_subject_name(root.get())) != 1) {
    return OpensslFailed();
  }
  absl::Status names = AddAlternativeNames(leaf.get(), options);
  if (!names.ok()) return names;
  const char* usage = options.usage == Usage::kServer ? "serverAuth" : "clientAuth";
  if (!AddExtension(leaf.get(), root.get(), NID_basic_constraints, "critical,CA:FALSE") ||
      !AddExtension(leaf.get(), root.get(), NID_key_usage, "critical,digitalSignature") ||
      !AddExtension(leaf.get(), root.get(), NID_ext_key_usage, usage) ||
      !AddExtension(leaf.get(), root.get(), NID_subject_key_identifier, "hash") ||
      !AddExtension(leaf.get(), root.get(), NID_authority_key_identifier, "keyid:always") ||
      X509_sign(leaf.get(), root_key.get(), EVP_sha256()) == 0) {
    return OpensslFailed();
  }
  return ToIdentity(leaf.get(), key.get());
}

absl::Status WriteIdentity(const std::string& directory, const std::string& name,
                           const Identity& identity) {
  return WriteBoth(&config::CreateFileDurably, directory + "/" + name, identity);
}

absl::Status ReplaceIdentity(const std::string& directory, const std::string& name,
                             const Identity& identity) {
  return WriteBoth(&config::WriteFileDurably, directory + "/" + name, identity);
}

absl::StatusOr<Identity> ReadIdentity(const std::string& directory, const std::string& name) {
  const std::string base = directory + "/" + name;
  auto key = config::ReadSecretFile(base + ".key", kMaxPem);
  if (!key.ok()) return key.status();
  auto certificate = config::ReadTrustedFile(base + ".pem", kMaxPem);
  if (!certificate.ok()) return certificate.status();
  return Identity{*std::move(certificate), *std::move(key)};
}

}  // namespace letterlock::tls
