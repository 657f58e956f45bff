// TLS credentials of gRPC servers and channels. Every function first calls RequireTls13.
#pragma once

#include <cstddef>
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
  // The files are read again this often (whole seconds): swap a directory symlink, so that
  // certificate and key change at once. Connections made before keep the old ones until
  // MAX_CONNECTION_AGE ends them.
  absl::Duration refresh = absl::Seconds(30);
};

// INVALID_ARGUMENT with the file's path: missing, readable by others, not PEM, key and certificate
// do not belong together, certificate expired.
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

// The checks that MakeServerCredentials makes of the two files.
absl::Status CheckIdentityFiles(const std::string& certificate_file, const std::string& key_file);

}  // namespace letterlock::tls
