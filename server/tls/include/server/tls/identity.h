// A server's certificate and key in files: what must be in order before they are used, and what an
// operator's tool asks of them. No gRPC. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/base/secret_buffer.h"

namespace letterlock::tls {

struct LoadedIdentity {
  std::string chain_pem{};         // leaf first
  crypto::SecretBuffer key_pem{};  // one zero byte behind it, as C libraries want it
  absl::Time not_after{};          // when the first certificate of the chain runs out
};

// Reads both files. PERMISSION_DENIED as config::ReadTrustedFile (certificate) and
// config::ReadSecretFile (key) say it; INVALID_ARGUMENT with the file's path: not PEM, a key with a
// passphrase, a key that does not belong to the first certificate; FAILED_PRECONDITION: a
// certificate of the chain has expired at `now` or is not valid yet.
absl::StatusOr<LoadedIdentity> LoadIdentity(const std::string& certificate_file,
                                            const std::string& key_file, absl::Time now);

// The same at this moment, for a check alone.
absl::Status CheckIdentityFiles(const std::string& certificate_file, const std::string& key_file);

// What the first certificate of a PEM file says, whether or not it is in order.
struct CertificateFacts {
  absl::Time not_before{};
  absl::Time not_after{};
  std::vector<std::string> names{};  // DNS names and addresses, as text
  bool for_servers = false;          // whether clients take it for a server's
};
absl::StatusOr<CertificateFacts> ReadCertificateFacts(const std::string& certificate_file);

// Whether a client that dials `name` (a DNS name or an address) takes the first certificate for it.
absl::StatusOr<bool> CertificateServes(const std::string& certificate_file,
                                       const std::string& name);

// Whether the chain leads to an authority of `ca_file` at `now`, for a server.
absl::StatusOr<bool> ChainLeadsTo(const std::string& certificate_file, const std::string& ca_file,
                                  absl::Time now);

// What a confined process must be allowed to read for it to see a rotation: the directories of the
// files, and, where such a directory is a symbolic link (whose target is swapped), the directory
// that the link stands in. Landlock's rules are for what a path leads to when they are made, and
// for all below it. Each once.
std::vector<std::string> DirectoriesToRead(const std::vector<std::string>& files);

}  // namespace letterlock::tls
