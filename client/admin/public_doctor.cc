#include "public_doctor.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "attest/canonical_proto.h"
#include "attest/note.h"
#include "attest/trust.h"
#include "crypto/base/encoding.h"
#include "crypto/base/ids.h"
#include "crypto/base/sign.h"
#include "crypto/base/signing_key_file.h"
#include "crypto/base/strings.h"
#include "doctor/checks.h"
#include "doctor/files.h"
#include "engine/store_format.h"
#include "letterlock/admin/v1/admin_service.pb.h"
#include "letterlock/tlog/v1/leaf.pb.h"
#include "log_check.h"
#include "server/config/files.h"

namespace letterlock::admin {
namespace {

using doctor::Report;
using doctor::Subject;

constexpr std::size_t kMaxFile = 256 * 1024;
// A head that is so many times later than the latest is late.
constexpr int kHeadsMissed = 3;
constexpr absl::Duration kHeadSlack = absl::Seconds(30);

// What only letterlock-directoryd has, of its configuration.
struct PublicFiles {
  std::string genesis;
  std::string log_key;
  std::string store;
  std::string log;
  std::string lock;
  absl::Duration head_interval_max = absl::Seconds(60);
};

void ReadFiles(config::Reader& reader, PublicFiles* files) {
  using config::kRequired;
  reader.Path("genesis_file", &files->genesis, "", kRequired);
  reader.Path("log_key_file", &files->log_key, "", kRequired);
  reader.Path("store_directory", &files->store, "", kRequired);
  reader.Path("log_directory", &files->log, "", kRequired);
  reader.Path("lock_directory", &files->lock, "", kRequired);
  reader.Time("head_interval_max", &files->head_interval_max, absl::Milliseconds(100),
              absl::Minutes(10), "");
}

struct Genesis {
  std::string statement;
  crypto::DeploymentId deployment;
  attest::VerifierKey log_key;
  bool development;
};

std::optional<Genesis> CheckGenesis(const Subject& subject, const std::string& path,
                                    Report* report) {
  constexpr char kCheck[] = "genesis";
  const std::string mend = absl::StrCat(
      "restore it from a copy: leaf 0 of the log is it: cp BACKUP ", doctor::Quoted(path));
  if (!CheckFile(subject, kCheck, path, doctor::FileKind::kTrusted, mend, report)) {
    return std::nullopt;
  }
  auto statement = config::ReadFile(path, kMaxFile);
  tlog::v1::GenesisStatement parsed;
  absl::Status sound = statement.status();
  if (sound.ok()) sound = attest::ParseCanonical(*statement, &parsed);
  const auto key = attest::VerifierKey::Parse(parsed.log_key());
  if (sound.ok()) sound = key.status();
  if (sound.ok() && key->name() != parsed.origin()) {
    sound = absl::InvalidArgumentError("its log key is not named as its origin");
  }
  if (!sound.ok()) {
    report->Wrong(kCheck, absl::StrCat(path, ": is no genesis statement: ", sound.message()), mend);
    return std::nullopt;
  }
  if (parsed.witness_keys().empty()) {
    report->Note(kCheck, "UNWITNESSED: nobody outside would notice a second history");
  }
  if (parsed.development()) {
    report->Note(kCheck, "SELF-REGISTERED: nobody vouches for who holds a handle");
  }
  const crypto::DeploymentId deployment = crypto::DeploymentIdOf(*statement);
  return Genesis{*std::move(statement), deployment, *key, parsed.development()};
}

// The public half of the log's key.
absl::StatusOr<crypto::PublicKey> ReadLogKey(const std::string& path) {
  auto file = config::ReadSecretFile<crypto::kSigningKeyFileSize>(path);
  if (!file.ok()) return file.status();
  auto seed = crypto::ParseSigningKeyFile(crypto::SigningPurpose::kLog, *file);
  if (!seed.ok())
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", seed.status().message()));
  return crypto::SigningKey::FromSeed(*seed).public_key();
}

void CheckLogKey(const Subject& subject, const std::string& path,
                 const std::optional<Genesis>& genesis, Report* report) {
  constexpr char kCheck[] = "log_key";
  const std::string mend =
      absl::StrCat("restore it from its backup: install -m 600 -o ", doctor::Quoted(subject.user),
                   " BACKUP ", doctor::Quoted(path));
  if (!CheckFile(subject, kCheck, path, doctor::FileKind::kSecret, mend, report)) return;
  const auto key = ReadLogKey(path);
  if (absl::IsPermissionDenied(key.status())) {
    return report->Skip(kCheck, std::string(key.status().message()));
  }
  if (!key.ok()) return report->Wrong(kCheck, std::string(key.status().message()), mend);
  if (genesis && genesis->log_key.public_key() != *key) {
    report->Wrong(kCheck,
                  path +
                      ": is not the key that the genesis statement names: they are of "
                      "two deployments",
                  mend);
  }
}

// trust.txt, which members and mail servers get, where `init` left it.
void CheckTrust(const Subject& subject, const Genesis& genesis, Report* report) {
  constexpr char kCheck[] = "trust";
  const std::string path = subject.folder + "/trust.txt";
  const auto text = config::ReadFile(path, kMaxFile);
  if (absl::IsNotFound(text.status())) return report->Ok(kCheck, "no trust.txt is kept here");
  const auto trust = text.ok() ? attest::TrustFile::Parse(*text) : text.status();
  if (!trust.ok()) {
    return report->Wrong(kCheck, absl::StrCat(path, ": ", trust.status().message()),
                         "do not hand it out: restore it from a copy");
  }
  const auto& keys = trust->witness_policy().log_keys();
  bool named = false;
  for (const attest::VerifierKey& key : keys) named = named || key == genesis.log_key;
  if (trust->deployment() == genesis.deployment && named) return report->Ok(kCheck, path);
  report->Wrong(kCheck, path + ": is of another deployment, or does not name this log's key",
                "do not hand it out: restore it from a copy");
}

void CheckHead(const PublicFiles& files, const Subject& subject,
               const admin::v1::GetStatusResponse& status, const doctor::Machine& machine,
               Report* report) {
  constexpr char kCheck[] = "daemon.head";
  const absl::Duration age =
      machine.Now() - absl::FromUnixMillis(static_cast<std::int64_t>(status.log().head_unix_ms()));
  const std::string what =
      absl::StrCat("head ", status.log().head_sequence(), " is ",
                   absl::FormatDuration(absl::Trunc(age, absl::Seconds(1))), " old");
  if (age < kHeadsMissed * files.head_interval_max + kHeadSlack) return report->Ok(kCheck, what);
  report->Wrong(kCheck, absl::StrCat(what, "; members refuse what is too old"),
                absl::StrCat("look for \"event\":\"head\" in the daemon's log; then: ",
                             subject.RestartCommand(status.pid())));
}

void CheckClockOf(const PublicFiles& files, const std::optional<NewestHead>& head,
                  const doctor::Machine& machine, Report* report) {
  std::vector<doctor::DatedThing> things;
  if (head) things.push_back({"the newest head", head->time});
  if (const auto newest = doctor::NewestFileIn(files.store)) {
    things.push_back({"the newest file of the store", *newest});
  }
  if (const auto newest = doctor::NewestFileIn(files.lock)) {
    things.push_back({"the newest file of the lock", *newest});
  }
  CheckClock(things, machine, report);
}

bool CheckDirectories(const PublicFiles& files, const Subject& subject, Report* report) {
  using doctor::DirectoryKind;
  if (CheckDirectory(subject, "store", files.store, DirectoryKind::kPrivate, report)) {
    doctor::CheckStoreFormat(files.store, engine::kOrderedStore, report);
  }
  const bool log = CheckDirectory(subject, "log", files.log, DirectoryKind::kPublic, report);
  const bool lock = CheckDirectory(subject, "lock", files.lock, DirectoryKind::kPrivate, report);
  return log || lock;
}

}  // namespace

Report ExaminePublicPlane(const doctor::Request& request, const doctor::Machine& machine) {
  Report report;
  PublicFiles files;
  const auto subject = doctor::ReadSubject(
      {.daemon = "letterlock-directoryd",
       .tool = "letterlock-admin",
       .listen = "127.0.0.1:7441",
       .ca_file = "ca.pem"},
      request, machine, [&](config::Reader& reader) { ReadFiles(reader, &files); }, &files.store,
      &report);
  if (!subject) return report;

  const auto genesis = CheckGenesis(*subject, files.genesis, &report);
  CheckLogKey(*subject, files.log_key, genesis, &report);
  if (genesis) CheckTrust(*subject, *genesis, &report);
  CheckCertificate(*subject, {}, machine, &report);
  std::optional<NewestHead> head;
  if (CheckDirectories(files, *subject, &report) && genesis) {
    head = CheckLog({.log_directory = files.log,
                     .lock_directory = files.lock,
                     .key = genesis->log_key,
                     .genesis = genesis->statement,
                     .deployment = std::string(genesis->deployment.bytes())},
                    &report);
  }
  CheckAbove(
      *subject,
      {request.config_file, files.genesis, files.log_key, subject->options.tls_certificate_file,
       subject->options.tls_key_file, files.store, files.log, files.lock},
      &report);
  doctor::CheckOfflineKeys({subject->folder + "/ca/ca.key", subject->folder + "/keys/policy.key"},
                           &report);
  CheckClockOf(files, head, machine, &report);
  doctor::CheckDisk({files.store, files.log, files.lock}, machine, &report);
  CheckConfinement(*subject, genesis && genesis->development, machine, &report);
  CheckDaemon(*subject,
              {.deployment = genesis ? crypto::HexEncode(genesis->deployment.bytes()) : "",
               .store = files.store,
               .more =
                   [&](const admin::v1::GetStatusResponse& status) {
                     CheckHead(files, *subject, status, machine, &report);
                   }},
              machine, &report);
  return report;
}

}  // namespace letterlock::admin
