#include "server/tls/identity.h"

#include <arpa/inet.h>
#include <openssl/pem.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <utility>

#include "absl/time/clock.h"
#include "openssl_ptr.h"
#include "server/config/files.h"

namespace letterlock::tls {
namespace {

constexpr std::size_t kMaxPem = 256 * 1024;
constexpr std::size_t kMaxAddress = 16;

using Chain = std::vector<CertificatePtr>;

absl::Status Refuse(absl::StatusCode code, const std::string& path, const char* why) {
  ERR_clear_error();
  return absl::Status(code, path + ": " + why);
}

absl::Status Invalid(const std::string& path, const char* why) {
  return Refuse(absl::StatusCode::kInvalidArgument, path, why);
}

BioPtr MemoryBio(std::string_view bytes) {
  return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

// At least one certificate.
absl::StatusOr<Chain> ParseChain(const std::string& path, const std::string& pem) {
  const BioPtr bio = MemoryBio(pem);
  Chain chain;
  while (CertificatePtr next{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    chain.push_back(std::move(next));
  }
  const unsigned long error = ERR_peek_last_error();
  if (chain.empty() || ERR_GET_REASON(error) != PEM_R_NO_START_LINE) {
    return Invalid(path, "is not a PEM certificate");
  }
  ERR_clear_error();
  return chain;
}

absl::StatusOr<Chain> ReadChain(const std::string& path) {
  const absl::StatusOr<std::string> pem = config::ReadFile(path, kMaxPem);
  if (!pem.ok()) return pem.status();
  return ParseChain(path, *pem);
}

absl::Time ToTime(const ASN1_TIME* time) {
  std::tm parts = {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return absl::InfinitePast();  // never in order
  return absl::FromTM(parts, absl::UTCTimeZone());
}

// The time up to which all of the chain is valid.
absl::StatusOr<absl::Time> CheckTimes(const std::string& path, const Chain& chain, absl::Time now) {
  absl::Time not_after = absl::InfiniteFuture();
  for (const CertificatePtr& certificate : chain) {
    not_after = std::min(not_after, ToTime(X509_get0_notAfter(certificate.get())));
    if (ToTime(X509_get0_notBefore(certificate.get())) > now) {
      return Refuse(absl::StatusCode::kFailedPrecondition, path, "is not valid yet");
    }
  }
  if (not_after <= now) {
    return Refuse(absl::StatusCode::kFailedPrecondition, path, "has expired");
  }
  return not_after;
}

// Never asks at a terminal.
int NoPassphrase(char*, int, int, void*) { return 0; }

absl::StatusOr<crypto::SecretBuffer> ReadKeyOf(const std::string& path, X509* certificate) {
  const absl::StatusOr<crypto::SecretBuffer> pem = config::ReadSecretFile(path, kMaxPem);
  if (!pem.ok()) return pem.status();
  const std::string_view text = pem->RevealView(crypto::KeyAccess{});
  const BioPtr bio = MemoryBio(text);
  const KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassphrase, nullptr));
  if (key == nullptr) return Invalid(path, "is not a PEM private key without passphrase");
  if (X509_check_private_key(certificate, key.get()) != 1) {
    return Invalid(path, "does not belong to the certificate");
  }
  crypto::SecretBuffer terminated = crypto::SecretBuffer::OfSize(text.size() + 1);
  std::copy(text.begin(), text.end(), terminated.RevealMutable(crypto::KeyAccess{}).begin());
  return terminated;
}

std::string AddressText(const ASN1_OCTET_STRING* address) {
  const int size = ASN1_STRING_length(address);
  char text[INET6_ADDRSTRLEN] = "?";
  if (size == 4 || size == static_cast<int>(kMaxAddress)) {
    ::inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), text, sizeof(text));
  }
  return text;
}

std::vector<std::string> NamesOf(const X509* certificate) {
  std::vector<std::string> all;
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) {
      all.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                       static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      all.push_back(AddressText(name->d.iPAddress));
    }
  }
  return all;
}

bool IsAddress(const std::string& name) {
  unsigned char parsed[kMaxAddress];
  return ::inet_pton(AF_INET, name.c_str(), parsed) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), parsed) == 1;
}

}  // namespace

absl::StatusOr<LoadedIdentity> LoadIdentity(const std::string& certificate_file,
                                            const std::string& key_file, absl::Time now) {
  absl::StatusOr<std::string> pem = config::ReadTrustedFile(certificate_file, kMaxPem);
  if (!pem.ok()) return pem.status();
  const absl::StatusOr<Chain> chain = ParseChain(certificate_file, *pem);
  if (!chain.ok()) return chain.status();
  auto key = ReadKeyOf(key_file, chain->front().get());
  if (!key.ok()) return key.status();
  const absl::StatusOr<absl::Time> not_after = CheckTimes(certificate_file, *chain, now);
  if (!not_after.ok()) return not_after.status();
  return LoadedIdentity{*std::move(pem), *std::move(key), *not_after};
}

absl::Status CheckIdentityFiles(const std::string& certificate_file, const std::string& key_file) {
  return LoadIdentity(certificate_file, key_file, absl::Now()).status();
}

absl::StatusOr<CertificateFacts> ReadCertificateFacts(const std::string& certificate_file) {
  const absl::StatusOr<Chain> chain = ReadChain(certificate_file);
  if (!chain.ok()) return chain.status();
  X509* leaf = chain->front().get();
  return CertificateFacts{ToTime(X509_get0_notBefore(leaf)), ToTime(X509_get0_notAfter(leaf)),
                          NamesOf(leaf), X509_check_purpose(leaf, X509_PURPOSE_SSL_SERVER, 0) == 1};
}

absl::StatusOr<bool> CertificateServes(const std::string& certificate_file,
                                       const std::string& name) {
  const absl::StatusOr<Chain> chain = ReadChain(certificate_file);
  if (!chain.ok()) return chain.status();
  X509* leaf = chain->front().get();
  if (IsAddress(name)) return X509_check_ip_asc(leaf, name.c_str(), 0) == 1;
  return X509_check_host(leaf, name.data(), name.size(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
                         nullptr) == 1;
}

absl::StatusOr<bool> ChainLeadsTo(const std::string& certificate_file, const std::string& ca_file,
                                  absl::Time now) {
  const absl::StatusOr<Chain> chain = ReadChain(certificate_file);
  if (!chain.ok()) return chain.status();
  const absl::StatusOr<Chain> roots = ReadChain(ca_file);
  if (!roots.ok()) return roots.status();
  const std::unique_ptr<X509_STORE, FreeWith<&X509_STORE_free>> store(X509_STORE_new());
  const std::unique_ptr<X509_STORE_CTX, FreeWith<&X509_STORE_CTX_free>> check(X509_STORE_CTX_new());
  const auto free_stack = [](STACK_OF(X509) * stack) { sk_X509_free(stack); };
  const std::unique_ptr<STACK_OF(X509), decltype(free_stack)> between(sk_X509_new_null(),
                                                                      free_stack);
  for (const CertificatePtr& root : *roots) X509_STORE_add_cert(store.get(), root.get());
  for (const CertificatePtr& link : *chain) sk_X509_push(between.get(), link.get());
  if (X509_STORE_CTX_init(check.get(), store.get(), chain->front().get(), between.get()) != 1) {
    return absl::InternalError("OpenSSL makes no verification");
  }
  X509_STORE_CTX_set_purpose(check.get(), X509_PURPOSE_SSL_SERVER);
  X509_STORE_CTX_set_time(check.get(), 0, absl::ToTimeT(now));
  const bool leads = X509_verify_cert(check.get()) == 1;
  ERR_clear_error();
  return leads;
}

std::vector<std::string> DirectoriesToRead(const std::vector<std::string>& files) {
  std::vector<std::string> all;
  const auto add = [&](const std::string& directory) {
    if (std::find(all.begin(), all.end(), directory) == all.end()) all.push_back(directory);
  };
  for (const std::string& file : files) {
    const std::string directory = config::DirectoryOf(file);
    std::error_code error;
    add(directory);
    if (std::filesystem::is_symlink(directory, error)) add(config::DirectoryOf(directory));
  }
  return all;
}

}  // namespace letterlock::tls
