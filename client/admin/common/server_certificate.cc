#include "admin/server_certificate.h"

#include <arpa/inet.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/config/files.h"
#include "server/tls/identity.h"
#include "server/tls/issue.h"

namespace letterlock::admin {
namespace {

constexpr absl::Duration kAuthorityValidity = absl::Hours(24 * 3650);
constexpr absl::Duration kClockSlack = absl::Minutes(5);  // clocks differ
constexpr char kAuthority[] = "ca";
constexpr char kServer[] = "server";

bool IsIpAddress(const std::string& name) {
  unsigned char ignored[16];
  return ::inet_pton(AF_INET, name.c_str(), ignored) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), ignored) == 1;
}

tls::LeafOptions LeafFor(const std::string& server_name, const std::vector<std::string>& names,
                         absl::Time now, absl::Duration validity) {
  tls::LeafOptions leaf;
  leaf.common_name = server_name;
  for (const std::string& name : names) {
    (IsIpAddress(name) ? leaf.ip_addresses : leaf.dns_names).push_back(name);
  }
  leaf.not_before = now - kClockSlack;
  leaf.validity = validity;
  return leaf;
}

}  // namespace

absl::StatusOr<std::string> MakeCertificates(const CertificatePlan& plan, const std::string& base) {
  const std::string ca = base + "/ca";
  const std::string tls = base + "/tls";
  absl::Status made = config::MakePrivateDirectory(ca);
  if (made.ok()) made = config::MakePrivateDirectory(tls);
  if (!made.ok()) return made;
  auto authority = tls::CertificateAuthority::Create(plan.authority_name, plan.now - kClockSlack,
                                                     kAuthorityValidity);
  if (!authority.ok()) return authority.status();
  auto server = authority->Issue(LeafFor(plan.server_name, plan.names, plan.now, plan.validity));
  if (!server.ok()) return server.status();
  absl::Status written = tls::WriteIdentity(ca, kAuthority, authority->identity());
  if (written.ok()) written = tls::WriteIdentity(tls, kServer, *server);
  if (!written.ok()) return written;
  return authority->identity().certificate_pem;
}

absl::StatusOr<absl::Time> RenewCertificate(const Renewal& renewal) {
  const std::string ca_file = absl::StrCat(renewal.ca_directory, "/", kAuthority, ".pem");
  const std::string old_file = absl::StrCat(renewal.tls_directory, "/", kServer, ".pem");
  auto identity = tls::ReadIdentity(renewal.ca_directory, kAuthority);
  if (!identity.ok()) return identity.status();
  auto authority = tls::CertificateAuthority::FromIdentity(*std::move(identity));
  if (!authority.ok()) return authority.status();
  const auto ca_facts = tls::ReadCertificateFacts(ca_file);
  if (!ca_facts.ok()) return ca_facts.status();
  if (ca_facts->not_after <= renewal.now) {
    return absl::FailedPreconditionError(absl::StrCat(ca_file, ": has expired"));
  }

  std::vector<std::string> names = renewal.names;
  if (names.empty()) {
    if (auto old = tls::ReadCertificateFacts(old_file); old.ok()) names = old->names;
  }
  if (names.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no names: give --name, or a directory that holds the old certificate"));
  }
  const absl::Time not_after = std::min(renewal.now + renewal.validity, ca_facts->not_after);
  auto server = authority->Issue(
      LeafFor(renewal.server_name, names, renewal.now, not_after - (renewal.now - kClockSlack)));
  if (!server.ok()) return server.status();
  if (absl::Status made = config::MakePrivateDirectory(renewal.tls_directory); !made.ok()) {
    return made;
  }
  if (absl::Status replaced = tls::ReplaceIdentity(renewal.tls_directory, kServer, *server);
      !replaced.ok()) {
    return replaced;
  }
  return not_after;
}

}  // namespace letterlock::admin
