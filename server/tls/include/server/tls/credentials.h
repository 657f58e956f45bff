// TLS credentials of gRPC servers and channels. Every function first calls RequireTls13.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace grpc {
class Channel;
class ChannelCredentials;
class ServerCredentials;
}  // namespace grpc

namespace letterlock::tls {

struct ServerCredentialsOptions {
  // PEM: the chain, leaf first; and its private key, a regular file that only its owner can read.
  std::string certificate_file{};
  std::string key_file{};
  // PEM; if set, clients must prove a certificate under it (mTLS).
  std::string client_ca_file{};
  // The files are read again this often. What is in order then (identity.h) is what new connections
  // get; what is not leaves the old in use. Connections made before keep theirs until
  // MAX_CONNECTION_AGE ends them. The two files may be replaced one after the other, or together by
  // swapping a link to their directory.
  absl::Duration refresh = absl::Seconds(30);
  // Told of what came of that, on a thread of the credentials'; both must not block. A refusal is
  // told once, until it is another or over.
  std::function<void(absl::Time not_after)> on_rotation{};
  std::function<void(const absl::Status& why)> on_refusal{};
};

// Errors as identity.h's LoadIdentity, and of `client_ca_file` likewise.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const ServerCredentialsOptions& options);

struct ChannelOptions {
  // host:port to dial.
  std::string address{};
  // The name that the certificate must have; the host of `address` if empty.
  std::string server_name{};
  // PEM: the only roots that count; the system's do not.
  std::string ca_file{};
  // For mTLS; both or neither.
  std::string certificate_file{};
  std::string key_file{};
  std::size_t max_response_bytes = 4 * 1024 * 1024;
};

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ChannelOptions& options);

}  // namespace letterlock::tls
