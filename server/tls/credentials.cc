#include "server/tls/credentials.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <cstdint>
#include <cstdlib>
#include <utility>

#include "absl/time/clock.h"
#include "crypto/base/secret_buffer.h"
#include "identity_watcher.h"
#include "server/config/files.h"
#include "server/tls/identity.h"
#include "server/tls/policy.h"

namespace letterlock::tls {
namespace {

constexpr std::size_t kMaxPem = 256 * 1024;

absl::StatusOr<std::string> ReadRoots(const std::string& path) {
  const auto facts = ReadCertificateFacts(path);
  if (!facts.ok()) return facts.status();
  if (facts->not_after <= absl::Now()) return absl::InvalidArgumentError(path + ": has expired");
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

const char* TextOf(const crypto::SecretBuffer& terminated) {
  return terminated.RevealView(crypto::KeyAccess{}).data();
}

// What gRPC's core asks at each handshake whether there is another identity; one for each port,
// owned by the core's credentials, which outlive ours.
struct Port {
  std::shared_ptr<IdentityWatcher> watcher;
  std::uint64_t served = 0;  // under the core's lock

  static grpc_ssl_certificate_config_reload_status Fetch(
      void* data, grpc_ssl_server_certificate_config** config) {
    auto* port = static_cast<Port*>(data);
    const auto identity = port->watcher->current();
    if (identity->number == port->served) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const grpc_ssl_pem_key_cert_pair pair = {TextOf(identity->loaded.key_pem),
                                             identity->loaded.chain_pem.c_str()};
    // The core wants roots even where it asks no client for a certificate; it does not use them.
    const std::string& roots = identity->client_roots_pem.empty() ? identity->loaded.chain_pem
                                                                  : identity->client_roots_pem;
    *config = grpc_ssl_server_certificate_config_create(roots.c_str(), &pair, 1);
    port->served = identity->number;
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }
};

// gRPC's own watching credentials (FileWatcherCertificateProvider) take whatever the files hold,
// also a key without its certificate: then no handshake succeeds until somebody looks.
class RotatingCredentials final : public grpc::ServerCredentials {
 public:
  explicit RotatingCredentials(std::shared_ptr<IdentityWatcher> watcher)
      : watcher_(std::move(watcher)) {}

  // Not used: what a call may do is server/rpc's to say.
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {
    std::abort();
  }

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    const bool mutual = !watcher_->current()->client_roots_pem.empty();
    auto* port = new Port{watcher_};
    grpc_server_credentials* credentials = grpc_ssl_server_credentials_create_with_options(
        grpc_ssl_server_credentials_create_options_using_config_fetcher(
            mutual ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                   : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
            &Port::Fetch, port));
    // A processor that processes nothing: the one way to be told when the core lets go.
    grpc_server_credentials_set_auth_metadata_processor(
        credentials, {nullptr, [](void* state) { delete static_cast<Port*>(state); }, port});
    const int bound = grpc_server_add_http2_port(server, address.c_str(), credentials);
    grpc_server_credentials_release(credentials);
    return bound;
  }

  const std::shared_ptr<IdentityWatcher> watcher_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const ServerCredentialsOptions& options) {
  if (absl::Status status = RequireTls13(); !status.ok()) return status;
  auto watcher = IdentityWatcher::Start(options);
  if (!watcher.ok()) return watcher.status();
  return std::make_shared<RotatingCredentials>(*std::move(watcher));
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
    auto identity = LoadIdentity(options.certificate_file, options.key_file, absl::Now());
    if (!identity.ok()) return identity.status();
    tls.pem_cert_chain = std::move(identity->chain_pem);
    // As gRPC wants it.
    tls.pem_private_key = TextOf(identity->key_pem);
  }
  return grpc::CreateCustomChannel(options.address, grpc::SslCredentials(tls),
                                   ArgumentsFor(options));
}

}  // namespace letterlock::tls
