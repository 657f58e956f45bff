#include "mail_doctor.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "attest/trust.h"
#include "crypto/base/encoding.h"
#include "crypto/base/strings.h"
#include "doctor/checks.h"
#include "doctor/files.h"
#include "engine/store_format.h"
#include "letterlock/admin/v1/admin_service.pb.h"
#include "mail_plane.h"
#include "server/config/files.h"
#include "server/mail/keys/epoch_key_file.h"

namespace letterlock::mailadmin {
namespace {

using doctor::Report;
using doctor::Subject;

constexpr std::size_t kMaxTrust = 256 * 1024;

// What only letterlock-maild has, of its configuration.
struct MailFiles {
  std::string trust;
  std::string epoch_key;
  std::string store;
  std::vector<std::string> server_names;
};

void ReadFiles(config::Reader& reader, MailFiles* files) {
  using config::kRequired;
  reader.Path("trust_file", &files->trust, "", kRequired);
  reader.Path("epoch_key_file", &files->epoch_key, "", kRequired);
  reader.Path("store_directory", &files->store, "", kRequired);
  reader.List("server_names", &files->server_names, "", kRequired);
}

std::optional<attest::TrustFile> CheckTrust(const Subject& subject, const std::string& path,
                                            Report* report) {
  constexpr char kCheck[] = "trust";
  const std::string mend = absl::StrCat("cp TRUST_FILE_OF_THE_DEPLOYMENT ", doctor::Quoted(path),
                                        "  # trust.txt of `letterlock-admin init`");
  if (!CheckFile(subject, kCheck, path, doctor::FileKind::kTrusted, mend, report)) {
    return std::nullopt;
  }
  const auto text = config::ReadFile(path, kMaxTrust);
  auto trust = text.ok() ? attest::TrustFile::Parse(*text) : text.status();
  if (!trust.ok()) {
    report->Wrong(kCheck, absl::StrCat(path, ": ", trust.status().message()), mend);
    return std::nullopt;
  }
  if (trust->witness_policy().unwitnessed()) {
    report->Note(kCheck, "UNWITNESSED: nobody outside would notice a second history");
  }
  if (trust->development()) {
    report->Note(kCheck, "SELF-REGISTERED: nobody vouches for who holds a handle");
  }
  return *std::move(trust);
}

// The epoch of the key; nothing where it can't be used.
std::optional<std::uint32_t> CheckEpochKey(const Subject& subject, const std::string& path,
                                           Report* report) {
  constexpr char kCheck[] = "epoch_key";
  const std::string mend =
      absl::StrCat("restore it from its backup: install -m 600 -o ", doctor::Quoted(subject.user),
                   " BACKUP ", doctor::Quoted(path));
  if (!CheckFile(subject, kCheck, path, doctor::FileKind::kSecret, mend, report)) {
    return std::nullopt;
  }
  const auto key = mail::EpochKeyFile::Open(path);
  if (key.ok()) return (*key)->current().epoch;
  if (absl::IsPermissionDenied(key.status())) {
    report->Skip(kCheck, std::string(key.status().message()));
  } else {
    report->Wrong(kCheck, absl::StrCat(path, ": ", key.status().message()), mend);
  }
  return std::nullopt;
}

void CheckEpoch(const admin::v1::GetStatusResponse& status, std::optional<std::uint32_t> epoch,
                Report* report) {
  constexpr char kCheck[] = "daemon.epoch";
  if (!epoch) return report->Skip(kCheck, "the epoch key could not be looked at");
  if (status.keys().epoch() == *epoch) {
    return report->Ok(kCheck, absl::StrCat("the daemon runs under epoch ", *epoch));
  }
  report->Wrong(kCheck,
                absl::StrCat("the daemon runs under epoch ", status.keys().epoch(),
                             ", the file is of epoch ", *epoch, ": it will not start again"),
                absl::StrCat("restore the key of epoch ", status.keys().epoch(),
                             " from its backup; do not stop process ", status.pid(), " before"));
}

void CheckClockOf(const MailFiles& files, const Subject& subject, const doctor::Machine& machine,
                  Report* report) {
  std::vector<doctor::DatedThing> things;
  if (const auto newest = doctor::NewestFileIn(files.store)) {
    things.push_back({"the newest file of the store", *newest});
  }
  if (const auto written =
          doctor::NewestFileIn(config::DirectoryOf(subject.options.tls_key_file))) {
    things.push_back({"the newest file beside the certificate", *written});
  }
  CheckClock(things, machine, report);
}

}  // namespace

Report ExamineMailPlane(const doctor::Request& request, const doctor::Machine& machine) {
  Report report;
  MailFiles files;
  const auto subject = doctor::ReadSubject(
      {.daemon = std::string(kServerName),
       .tool = "letterlock-mailadmin",
       .listen = Plan().listen,
       .ca_file = "client/mail-ca.pem"},
      request, machine, [&](config::Reader& reader) { ReadFiles(reader, &files); }, &files.store,
      &report);
  if (!subject) return report;

  const auto trust = CheckTrust(*subject, files.trust, &report);
  const auto epoch = CheckEpochKey(*subject, files.epoch_key, &report);
  CheckCertificate(*subject, files.server_names, machine, &report);
  if (CheckDirectory(*subject, "store", files.store, doctor::DirectoryKind::kPrivate, &report)) {
    doctor::CheckStoreFormat(files.store, engine::kMailboxStore, &report);
  }
  CheckAbove(*subject,
             {request.config_file, files.trust, files.epoch_key,
              subject->options.tls_certificate_file, subject->options.tls_key_file, files.store},
             &report);
  doctor::CheckOfflineKeys({subject->folder + "/ca/ca.key"}, &report);
  CheckClockOf(files, *subject, machine, &report);
  doctor::CheckDisk({files.store}, machine, &report);
  CheckConfinement(*subject, trust && trust->development(), machine, &report);
  CheckDaemon(
      *subject,
      {.deployment = trust ? crypto::HexEncode(trust->deployment().bytes()) : "",
       .store = files.store,
       .more =
           [&](const admin::v1::GetStatusResponse& status) { CheckEpoch(status, epoch, &report); }},
      machine, &report);
  return report;
}

}  // namespace letterlock::mailadmin
