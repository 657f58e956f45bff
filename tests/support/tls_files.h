// A certificate authority and a server's certificate for localhost, in files, for tests that start
// servers. Link tls_issue.
#pragma once

#include <cstdlib>
#include <string>

#include "absl/time/clock.h"
#include "server/tls/issue.h"

namespace letterlock::test {

struct TlsFiles {
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
};

// Writes NAME-ca.* and NAME.* into `directory`, which has neither.
inline TlsFiles MakeTlsFiles(const std::string& directory, const std::string& name = "server",
                             tls::LeafOptions leaf = {}) {
  const absl::Time start = absl::Now() - absl::Minutes(5);
  auto ca = tls::CertificateAuthority::Create("Test CA", start, absl::Hours(24));
  if (!ca.ok()) std::abort();
  leaf.common_name = name;
  leaf.not_before = start;
  leaf.validity = absl::Hours(1);
  if (leaf.dns_names.empty() && leaf.ip_addresses.empty()) {
    leaf.dns_names = {"localhost"};
    leaf.ip_addresses = {"127.0.0.1"};
  }
  auto identity = ca->Issue(leaf);
  if (!identity.ok() || !tls::WriteIdentity(directory, name + "-ca", ca->identity()).ok() ||
      !tls::WriteIdentity(directory, name, *identity).ok()) {
    std::abort();
  }
  const std::string base = directory + "/" + name;
  return {base + "-ca.pem", base + ".pem", base + ".key"};
}

}  // namespace letterlock::test
