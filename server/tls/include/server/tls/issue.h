// The internal certificate authority of a deployment: a small X.509 profile (RFC 5280) for TLS
// between our own programs. Keys are ECDSA P-256, which every TLS library takes; signatures are
// ECDSA with SHA-256.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/base/secret_buffer.h"

namespace letterlock::tls {

enum class Usage { kServer, kClient };

struct LeafOptions {
  // Printable ASCII, 1 to 64 characters; for people.
  std::string common_name{};
  // Lower-case DNS names; IPv4 and IPv6 addresses as text. A server needs at least one of either.
  std::vector<std::string> dns_names{};
  std::vector<std::string> ip_addresses{};
  Usage usage = Usage::kServer;
  absl::Time not_before{};
  absl::Duration validity = absl::Hours(24 * 90);
};

struct Identity {
  std::string certificate_pem{};
  crypto::SecretBuffer key_pem{};  // PKCS #8, without passphrase
};

// Where an authority or an identity stands on disk: NAME.pem (0644) and NAME.key (0600).
// Neither may be there yet.
absl::Status WriteIdentity(const std::string& directory, const std::string& name,
                           const Identity& identity);
// The same over what is there: the key first, each file whole.
absl::Status ReplaceIdentity(const std::string& directory, const std::string& name,
                             const Identity& identity);
// Errors as config::ReadTrustedFile and config::ReadSecretFile.
absl::StatusOr<Identity> ReadIdentity(const std::string& directory, const std::string& name);

// Thread-safe after construction. Move-only.
class CertificateAuthority {
 public:
  // A fresh self-signed root (pathlen 0: it signs leaves alone).
  static absl::StatusOr<CertificateAuthority> Create(const std::string& common_name,
                                                     absl::Time not_before,
                                                     absl::Duration validity);
  // INVALID_ARGUMENT where the two do not parse, do not belong together or are no authority.
  static absl::StatusOr<CertificateAuthority> FromIdentity(Identity identity);

  // A leaf with a fresh key, a random 16-byte serial number, digitalSignature, and serverAuth or
  // clientAuth.
  absl::StatusOr<Identity> Issue(const LeafOptions& options) const;

  const Identity& identity() const { return identity_; }

 private:
  explicit CertificateAuthority(Identity identity) : identity_(std::move(identity)) {}

  Identity identity_;
};

}  // namespace letterlock::tls
