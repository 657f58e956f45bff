// The internal authority of a plane and its server's certificate, as both tools make and renew
// them.
//
//   DIR/ca/ca.pem|key       the authority: needed to issue, and for nothing else
//   DIR/tls/server.pem|key  the server's, which the daemon reads
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace letterlock::admin {

struct CertificatePlan {
  std::string authority_name;      // for people
  std::string server_name;         // for people: the daemon's
  std::vector<std::string> names;  // DNS names and IP addresses; at least one
  absl::Time now;
  absl::Duration validity;  // of the server's certificate
};

// Makes both directories in `base`; the authority's certificate, PEM.
absl::StatusOr<std::string> MakeCertificates(const CertificatePlan& plan, const std::string& base);

struct Renewal {
  std::string ca_directory;   // has ca.pem and ca.key
  std::string tls_directory;  // gets server.key and server.pem; made where it is missing
  std::string server_name;
  std::vector<std::string> names;  // empty: those of the certificate that is there
  absl::Time now;
  absl::Duration validity;  // at most; it ends with the authority's
};

// Replaces the key, then the certificate, each whole and durable: a daemon that runs takes them
// over. INVALID_ARGUMENT without any names; FAILED_PRECONDITION where the authority has expired.
// The end of the new certificate's validity.
absl::StatusOr<absl::Time> RenewCertificate(const Renewal& renewal);

}  // namespace letterlock::admin
