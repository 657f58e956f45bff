#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "crypto/base/strings.h"
#include "doctor/checks.h"
#include "doctor/files.h"
#include "server/tls/identity.h"

namespace letterlock::doctor {
namespace {

// docs/operations.md, "Worth an alarm".
constexpr absl::Duration kSoon = absl::Hours(24 * 14);
// An authority is given to every client anew: that takes longer.
constexpr absl::Duration kAuthoritySoon = absl::Hours(24 * 60);

constexpr char kSetClock[] = "date -u; timedatectl set-ntp true";

std::string When(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

void CheckValidity(const Subject& subject, const tls::CertificateFacts& facts, absl::Time now,
                   Report* report) {
  constexpr char kCheck[] = "tls.validity";
  const std::string& file = subject.options.tls_certificate_file;
  const std::string until = absl::StrCat(file, ": valid until ", When(facts.not_after));
  if (now >= facts.not_after) {
    report->Wrong(kCheck, absl::StrCat(file, ": has expired, ", When(facts.not_after)),
                  subject.CertificateCommand());
  } else if (now < facts.not_before) {
    report->Wrong(kCheck, absl::StrCat(file, ": is not valid before ", When(facts.not_before)),
                  absl::StrCat("if this machine's clock is behind: ", kSetClock,
                               "; else: ", subject.CertificateCommand()));
  } else if (facts.not_after - now < kSoon) {
    report->Warn(kCheck, until, subject.CertificateCommand());
  } else {
    report->Ok(kCheck, until);
  }
}

void CheckNames(const Subject& subject, const tls::CertificateFacts& facts,
                const std::vector<std::string>& names, Report* report) {
  constexpr char kCheck[] = "tls.names";
  const std::string& file = subject.options.tls_certificate_file;
  std::vector<std::string> wanted = names;
  wanted.insert(wanted.end(), subject.request.names.begin(), subject.request.names.end());
  std::vector<std::string> missing;
  for (const std::string& name : wanted) {
    const auto serves = tls::CertificateServes(file, name);
    if (!serves.ok() || !*serves) missing.push_back(name);
  }
  if (facts.names.empty() && missing.empty()) missing.emplace_back("any name");
  const std::string serves = absl::StrCat(
      file, ": is for ", facts.names.empty() ? "nobody" : absl::StrJoin(facts.names, ", "));
  if (missing.empty()) return report->Ok(kCheck, serves);
  std::string mend = subject.CertificateCommand();
  std::vector<std::string> all = facts.names;
  for (const std::string& name : missing) {
    if (name != "any name") all.push_back(name);
  }
  for (const std::string& name : all) absl::StrAppend(&mend, " --name ", Quoted(name));
  if (all.empty()) absl::StrAppend(&mend, " --name NAME");
  report->Wrong(kCheck, absl::StrCat(serves, "; not for ", absl::StrJoin(missing, ", ")), mend);
}

void CheckUsage(const Subject& subject, const tls::CertificateFacts& facts, Report* report) {
  constexpr char kCheck[] = "tls.usage";
  const std::string& file = subject.options.tls_certificate_file;
  if (facts.for_servers) return report->Ok(kCheck, file + ": is for a server");
  report->Wrong(kCheck, file + ": is not for a server: no client takes it",
                subject.CertificateCommand());
}

// What clients have: as asked for, or where `init` puts it.
std::string AuthorityFile(const Subject& subject) {
  if (!subject.request.ca_file.empty()) return subject.request.ca_file;
  const std::string file = subject.folder + "/" + subject.kind.ca_file;
  std::error_code ignored;
  return std::filesystem::exists(file, ignored) ? file : "";
}

void CheckChain(const Subject& subject, absl::Time now, Report* report) {
  constexpr char kCheck[] = "tls.chain";
  const std::string ca = AuthorityFile(subject);
  if (ca.empty()) {
    return report->Skip(kCheck, "the authority that clients have is not here",
                        "give it: --ca FILE");
  }
  const auto authority = tls::ReadCertificateFacts(ca);
  if (!authority.ok()) {
    return report->Wrong(kCheck, std::string(authority.status().message()),
                         "give another: --ca FILE");
  }
  if (authority->not_after <= now) {
    return report->Wrong(kCheck, absl::StrCat(ca, ": the authority has expired"),
                         "make a new authority, and give its certificate to every client");
  }
  const auto leads = tls::ChainLeadsTo(subject.options.tls_certificate_file, ca, now);
  if (!leads.ok() || !*leads) {
    return report->Wrong(kCheck,
                         absl::StrCat(subject.options.tls_certificate_file,
                                      ": does not lead to the authority that clients have, ", ca),
                         subject.CertificateCommand());
  }
  if (authority->not_after - now < kAuthoritySoon) {
    return report->Warn(
        kCheck, absl::StrCat(ca, ": the authority is valid until ", When(authority->not_after)),
        "make a new authority, and give its certificate to every client");
  }
  report->Ok(kCheck, absl::StrCat("leads to ", ca));
}

}  // namespace

void CheckCertificate(const Subject& subject, const std::vector<std::string>& names,
                      const Machine& machine, Report* report) {
  const std::string& certificate = subject.options.tls_certificate_file;
  const std::string& key = subject.options.tls_key_file;
  const std::string renew = subject.CertificateCommand();
  const bool certificate_good =
      CheckFile(subject, "tls.certificate", certificate, FileKind::kTrusted, renew, report);
  const bool key_good = CheckFile(subject, "tls.key", key, FileKind::kSecret, renew, report);
  if (!certificate_good) return;
  const absl::Time now = machine.Now();
  const auto facts = tls::ReadCertificateFacts(certificate);
  if (!facts.ok()) {
    return report->Wrong("tls.certificate", std::string(facts.status().message()), renew);
  }
  if (key_good) {
    // What is wrong with the dates is tls.validity's to say.
    const absl::Status pair = tls::LoadIdentity(certificate, key, now).status();
    if (pair.ok() || absl::IsFailedPrecondition(pair)) {
      report->Ok("tls.pair", key + ": belongs to the certificate");
    } else if (absl::IsPermissionDenied(pair) || absl::IsNotFound(pair)) {
      report->Skip("tls.pair", std::string(pair.message()));
    } else {
      report->Wrong("tls.pair", std::string(pair.message()), renew);
    }
  }
  CheckValidity(subject, *facts, now, report);
  CheckUsage(subject, *facts, report);
  CheckNames(subject, *facts, names, report);
  CheckChain(subject, now, report);
}

}  // namespace letterlock::doctor
