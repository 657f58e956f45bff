#include "server/tls/credentials.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/support/channel_arguments.h>
#include <openssl/pem.h>

#include <algorithm>
#include <utility>

#include "crypto/base/secret_buffer.h"
#include "openssl_ptr.h"
#include "server/config/files.h"
#include "server/tls/policy.h"

namespace letterlock::tls {
namespace {

constexpr std::size_t kMaxPem = 256 * 1024;

absl::Status Invalid(const std::string& path, const char* why) {
  ERR_clear_error();
  return absl::InvalidArgumentError(path + ": " + why);
}

BioPtr MemoryBio(std::string_view bytes) {
  return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

// The first certificate of a PEM file, which must not have run out.
absl::StatusOr<CertificatePtr> ReadCertificate(const std::string& path) {
  const absl::StatusOr<std::string> pem = config::ReadFile(path, kMaxPem);
  if (!pem.ok()) return pem.status();
  const BioPtr bio = MemoryBio(*pem);
  CertificatePtr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) return Invalid(path, "is not a PEM certificate");
  if (X509_cmp_current_time(X509_get0_notAfter(certificate.get())) <= 0) {
    return Invalid(path, "has expired");
  }
  return certificate;
}

// Never asks at a terminal.
int NoPassphrase(char*, int, int, void*) { return 0; }

absl::StatusOr<KeyPtr> ReadKey(const std::string& path) {
  const absl::StatusOr<crypto::SecretBuffer> pem = config::ReadSecretFile(path, kMaxPem);
  if (!pem.ok()) return pem.status();
  const BioPtr bio = MemoryBio(pem->RevealView(crypto::KeyAccess{}));
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassphrase, nullptr));
  if (key == nullptr) return Invalid(path, "is not a PEM private key without passphrase");
  return key;
}

absl::StatusOr<std::string> ReadRoots(const std::string& path) {
  if (absl::Status status = ReadCertificate(path).status(); !status.ok()) return status;
  return config::ReadFile(path, kMaxPem);
}

std::string HostOf(const std::string& address) {
  std::string host = address.substr(0, address.rfind(':'));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  return host;
}

grpc::ChannelArguments ArgumentsFor(const ChannelOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride(options.server_name.empty() ? HostOf(options.address)
                                                                 : options.server_name);
  arguments.SetMaxReceiveMessageSize(static_cast<int>(options.max_response_bytes));
  // Who the peer is, how it is reached and how often it is tried is for this process to say, not
  // for its environment or for DNS.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  return arguments;
}

}  // namespace

absl::Status CheckIdentityFiles(const std::string& certificate_file, const std::string& key_file) {
  const absl::StatusOr<KeyPtr> key = ReadKey(key_file);
  if (!key.ok()) return key.status();
  const absl::StatusOr<CertificatePtr> certificate = ReadCertificate(certificate_file);
  if (!certificate.ok()) return certificate.status();
  if (X509_check_private_key(certificate->get(), key->get()) != 1) {
    return Invalid(key_file, "does not belong to the certificate");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const ServerCredentialsOptions& options) {
  if (absl::Status status = RequireTls13(); !status.ok()) return status;
  absl::Status files = CheckIdentityFiles(options.certificate_file, options.key_file);
  if (!files.ok()) return files;
  const bool mutual = !options.client_ca_file.empty();
  if (mutual) {
    if (absl::Status status = ReadRoots(options.client_ca_file).status(); !status.ok()) {
      return status;
    }
  }

  const auto seconds = std::max<std::int64_t>(1, absl::ToInt64Seconds(options.refresh));
  auto provider = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      options.key_file, options.certificate_file, options.client_ca_file,
      static_cast<unsigned>(seconds));
  grpc::experimental::TlsServerCredentialsOptions tls(std::move(provider));
  tls.watch_identity_key_cert_pairs();
  if (mutual) {
    tls.watch_root_certs();
    tls.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  } else {
    tls.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  }
  auto credentials = grpc::experimental::TlsServerCredentials(tls);
  if (credentials == nullptr) return absl::InternalError("gRPC makes no server credentials");
  return credentials;
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ChannelOptions& options) {
  if (absl::Status status = RequireTls13(); !status.ok()) return status;
  absl::StatusOr<std::string> roots = ReadRoots(options.ca_file);
  if (!roots.ok()) return roots.status();
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = *std::move(roots);
  if (options.certificate_file.empty() != options.key_file.empty()) {
    return absl::InvalidArgumentError("certificate_file and key_file go together");
  }
  if (!options.certificate_file.empty()) {
    absl::Status files = CheckIdentityFiles(options.certificate_file, options.key_file);
    if (!files.ok()) return files;
    absl::StatusOr<std::string> chain = config::ReadFile(options.certificate_file, kMaxPem);
    if (!chain.ok()) return chain.status();
    auto key = config::ReadSecretFile(options.key_file, kMaxPem);
    if (!key.ok()) return key.status();
    tls.pem_cert_chain = *std::move(chain);
    tls.pem_private_key = std::string(key->RevealView(crypto::KeyAccess{}));  // as gRPC wants it
  }
  return grpc::CreateCustomChannel(options.address, grpc::SslCredentials(tls),
                                   ArgumentsFor(options));
}

}  // namespace letterlock::tls
