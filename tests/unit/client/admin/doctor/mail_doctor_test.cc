// Faults in the files of a mail plane, and on its machine, are found.
#include "mail_doctor.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "mail_plane_patient.h"
#include "server/tls/issue.h"

namespace letterlock::doctor {
namespace {

namespace fs = std::filesystem;

void Mode(const Patient& patient, const std::string& name, mode_t mode) {
  ASSERT_EQ(::chmod((patient / name).c_str(), mode), 0);
}

// A certificate and its key in the place of those that are there, under an authority of its own
// that clients have.
void Issue(const Patient& patient, tls::LeafOptions leaf,
           absl::Duration authority = absl::Hours(24 * 3650)) {
  const absl::Time start = patient.machine.now - absl::Minutes(5);
  auto ca = tls::CertificateAuthority::Create("Test CA", start, authority);
  leaf.common_name = "server";
  if (leaf.not_before == absl::Time()) leaf.not_before = start;
  auto identity = ca->Issue(leaf);
  ASSERT_TRUE(identity.ok()) << identity.status();
  ASSERT_TRUE(tls::ReplaceIdentity(patient / "tls", "server", *identity).ok());
  patient.Write("client/mail-ca.pem", ca->identity().certificate_pem);
}

// All that the server's names ask for.
tls::LeafOptions ForItsNames() {
  return {.dns_names = {"localhost"}, .ip_addresses = {"127.0.0.1"}};
}

void Format(const Patient& patient, const std::string& format) {
  patient.Write("store/FORMAT", format);
}

void DateInTheFuture(const Patient& patient, const std::string& name) {
  fs::last_write_time(patient / name, fs::file_time_type::clock::now() + std::chrono::hours(72));
}

class MailDoctor : public MailPlaneTest {
 protected:
  Report Examine() const { return mailadmin::ExamineMailPlane(patient_.request, patient_.machine); }
};

TEST_F(MailDoctor, FindsNothingInASoundDeployment) {
  const Report report = Examine();
  ExpectSound(report);
  EXPECT_GT(report.findings().size(), 25u);
}

TEST_F(MailDoctor, FindsNothingInOneThatHasNotBeenStarted) {
  for (const char* name : {"store", "run"}) fs::remove_all(patient_ / name);
  patient_.machine.status.reset();
  patient_.request.stopped = true;
  ExpectSound(Examine());
}

TEST_F(MailDoctor, ChangesNothing) {
  const auto all = [&] {
    std::map<std::string, fs::file_time_type> files;
    for (const auto& entry : fs::recursive_directory_iterator(patient_.path)) {
      files[entry.path().string()] = fs::last_write_time(entry.path());
    }
    return files;
  };
  const auto before = all();
  Examine();
  EXPECT_EQ(all(), before);
}

class MailFault : public MailDoctor {};

TEST_P(MailFault, IsFound) {
  GetParam().plant(patient_);
  ExpectFound(Examine(), GetParam());
}

const Fault kConfiguration[] = {
    {"NoConfiguration", [](Patient& p) { fs::remove(p / "maild.toml"); }, "configuration",
     Verdict::kWrong, "maild.toml", "--check-config"},
    {"WrongType", [](Patient& p) { p.Write("maild.toml", "drain = 7\n" + p.Read("maild.toml")); },
     "configuration", Verdict::kWrong, "drain: must be", "--check-config"},
    {"MissingOption", [](Patient& p) { p.Write("maild.toml", "listen = \"127.0.0.1:7442\"\n"); },
     "configuration", Verdict::kWrong, "epoch_key_file: must be set", "--check-config"},
    {"WritableConfiguration", [](Patient& p) { Mode(p, "maild.toml", 0664); }, "configuration",
     Verdict::kWrong, "others can write it", "chmod go-w "},
    {"NoSuchUser", [](Patient& p) { p.request.user = "no such user"; }, "user", Verdict::kWrong,
     "no such user", "--user"},
    {"AnotherUser",
     [](Patient& p) {
       p.machine.me = kStranger;
       p.request.user = std::to_string(kStranger + 1);
     },
     "user", Verdict::kSkipped, "what only that user may see", "sudo letterlock-mailadmin doctor"},
    {"AnotherUserWhoMayNotAsk",
     [](Patient& p) {
       p.machine.me = kStranger;
       p.request.user = std::to_string(kStranger + 1);
     },
     "daemon", Verdict::kSkipped, "not for this user to ask", ""},
    {"Root",
     [](Patient& p) {
       p.machine.me = 0;
       p.request.user = "root";
     },
     "user", Verdict::kNote, "runs as root", ""},
};

const Fault kFiles[] = {
    {"NoTrust", [](Patient& p) { fs::remove(p / "trust"); }, "trust", Verdict::kWrong,
     "is not there", "cp "},
    {"MalformedTrust", [](Patient& p) { p.Write("trust", "trust me\n"); }, "trust", Verdict::kWrong,
     "trust: ", "cp "},
    {"WritableTrust", [](Patient& p) { Mode(p, "trust", 0646); }, "trust", Verdict::kWrong,
     "can be written by group or others", "chmod go-w "},
    {"ForeignTrust", [](Patient& p) { p.MakeForeign("trust"); }, "trust", Verdict::kWrong,
     "belongs to", "chown "},
    {"NoEpochKey", [](Patient& p) { fs::remove(p / "epoch.key"); }, "epoch_key", Verdict::kWrong,
     "is not there", "install -m 600"},
    {"ReadableEpochKey", [](Patient& p) { Mode(p, "epoch.key", 0640); }, "epoch_key",
     Verdict::kWrong, "is open to group or others", "chmod 600 "},
    {"ForeignEpochKey", [](Patient& p) { p.MakeForeign("epoch.key"); }, "epoch_key",
     Verdict::kWrong, "belongs to", "chown "},
    {"ShortEpochKey", [](Patient& p) { p.Write("epoch.key", p.Read("epoch.key").substr(0, 43)); },
     "epoch_key", Verdict::kWrong, "must be 44 bytes", "install -m 600"},
    {"NoEpochKeyAtAll", [](Patient& p) { p.Write("epoch.key", std::string(44, 'x')); }, "epoch_key",
     Verdict::kWrong, "is not one", "install -m 600"},
    {"LinkedEpochKey",
     [](Patient& p) {
       fs::rename(p / "epoch.key", p / "other.key");
       fs::create_symlink("other.key", p / "epoch.key");
     },
     "epoch_key", Verdict::kWrong, "is a symbolic link", "cp --remove-destination"},
    {"ADirectoryForAKey",
     [](Patient& p) {
       fs::remove(p / "epoch.key");
       fs::create_directory(p / "epoch.key");
     },
     "epoch_key", Verdict::kWrong, "is not a regular file", ""},
    {"OpenStore", [](Patient& p) { Mode(p, "store", 0750); }, "store", Verdict::kWrong,
     "is open to group or others", "chmod 700 "},
    {"ForeignStore", [](Patient& p) { p.MakeForeign("store"); }, "store", Verdict::kWrong,
     "belongs to", "chown -R "},
    {"AFileForAStore",
     [](Patient& p) {
       fs::remove_all(p / "store");
       p.Write("store", "");
     },
     "store", Verdict::kWrong, "is not a directory", ""},
    {"NoPlaceForTheStore", [](Patient& p) { p.Set("store_directory", p / "nowhere/store"); },
     "store", Verdict::kWrong, "nowhere", "install -d -m 700"},
    {"AStoreOfAnotherKind",
     [](Patient& p) { Format(p, "letterlock-store ordered\nmin_reader 1\nmin_writer 1\n"); },
     "store.format", Verdict::kWrong, "another kind: ordered", "name another store"},
    {"ANewerStore",
     [](Patient& p) { Format(p, "letterlock-store mailboxes\nmin_reader 1\nmin_writer 2\n"); },
     "store.format", Verdict::kWrong, "newer software (format 2)", "run the software"},
    {"AMalformedFormat", [](Patient& p) { Format(p, "letterlock-store\n"); }, "store.format",
     Verdict::kWrong, "malformed", "backup"},
    {"RowsWithoutAFormat", [](Patient& p) { fs::remove(p / "store/FORMAT"); }, "store.format",
     Verdict::kWrong, "has rows and no FORMAT", "restore"},
    {"APathThatAnybodyWrites", [](Patient& p) { Mode(p, "", 0777); }, "paths", Verdict::kWrong,
     "anybody can put other files", "chmod go-w "},
    {"APathThatItsGroupWrites", [](Patient& p) { Mode(p, "tls", 0770); }, "paths",
     Verdict::kWarning, "its group can put other files", "chmod g-w "},
    {"ALinkInAPlaceThatAnybodyWrites",
     [](Patient& p) {
       fs::create_directory(p / "links");
       fs::create_directory_symlink(p / "tls", p / "links/current");
       p.Set("tls.certificate_file", p / "links/current/server.pem");
       Mode(p, "links", 0777);
     },
     "paths", Verdict::kWrong, "links: anybody can put other files", "chmod go-w "},
    {"AForeignPath", [](Patient& p) { p.MakeForeign("tls"); }, "paths", Verdict::kWrong,
     "belongs to", "chown "},
    {"AnAuthoritysKey", [](Patient& p) { p.Write("ca/ca.key", "secret"); }, "offline_keys",
     Verdict::kNote, "ca/ca.key", "shred -u"},
};

const Fault kCertificate[] = {
    {"NoCertificate", [](Patient& p) { fs::remove(p / "tls/server.pem"); }, "tls.certificate",
     Verdict::kWrong, "is not there", "letterlock-mailadmin certificate --ca "},
    {"NotPem", [](Patient& p) { p.Write("tls/server.pem", "x"); }, "tls.certificate",
     Verdict::kWrong, "is not a PEM certificate", "letterlock-mailadmin certificate --ca "},
    {"WritableCertificate", [](Patient& p) { Mode(p, "tls/server.pem", 0664); }, "tls.certificate",
     Verdict::kWrong, "can be written", "chmod go-w "},
    {"NoKey", [](Patient& p) { fs::remove(p / "tls/server.key"); }, "tls.key", Verdict::kWrong,
     "is not there", "letterlock-mailadmin certificate --ca "},
    {"ReadableKey", [](Patient& p) { Mode(p, "tls/server.key", 0644); }, "tls.key", Verdict::kWrong,
     "is open to group or others", "chmod 600 "},
    {"AnotherKey",
     [](Patient& p) {
       const std::string certificate = p.Read("tls/server.pem");
       Issue(p, ForItsNames());
       p.Write("tls/server.pem", certificate);
     },
     "tls.pair", Verdict::kWrong, "does not belong to the certificate",
     "letterlock-mailadmin certificate --ca "},
    {"NoKeyAtAll", [](Patient& p) { p.Write("tls/server.key", "x"); }, "tls.pair", Verdict::kWrong,
     "is not a PEM private key", "letterlock-mailadmin certificate --ca "},
    {"Expired", [](Patient& p) { p.machine.now += absl::Hours(24 * 91); }, "tls.validity",
     Verdict::kWrong, "has expired", "letterlock-mailadmin certificate --ca "},
    {"EndsSoon", [](Patient& p) { p.machine.now += absl::Hours(24 * 80); }, "tls.validity",
     Verdict::kWarning, "valid until", "letterlock-mailadmin certificate --ca "},
    {"NotValidYet", [](Patient& p) { p.machine.now -= absl::Hours(24); }, "tls.validity",
     Verdict::kWrong, "is not valid before", "timedatectl"},
    {"AClientsCertificate",
     [](Patient& p) {
       tls::LeafOptions leaf = ForItsNames();
       leaf.usage = tls::Usage::kClient;
       Issue(p, leaf);
     },
     "tls.usage", Verdict::kWrong, "is not for a server", "letterlock-mailadmin certificate --ca "},
    {"NotForAServersName", [](Patient& p) { Issue(p, {.dns_names = {"localhost"}}); }, "tls.names",
     Verdict::kWrong, "not for 127.0.0.1", "--name localhost --name 127.0.0.1"},
    {"NotForWhatClientsDial", [](Patient& p) { p.request.names = {"mail.example.org"}; },
     "tls.names", Verdict::kWrong, "not for mail.example.org", "--name mail.example.org"},
    {"AnotherAuthority",
     [](Patient& p) {
       const std::string authority = p.Read("client/mail-ca.pem");
       Issue(p, ForItsNames());
       p.Write("client/mail-ca.pem", authority);
     },
     "tls.chain", Verdict::kWrong, "does not lead to the authority",
     "letterlock-mailadmin certificate --ca "},
    {"NoAuthority", [](Patient& p) { fs::remove(p / "client/mail-ca.pem"); }, "tls.chain",
     Verdict::kSkipped, "is not here", "--ca FILE"},
    {"NoSuchAuthority", [](Patient& p) { p.request.ca_file = p / "nothing.pem"; }, "tls.chain",
     Verdict::kWrong, "nothing.pem", "--ca FILE"},
    {"AnExpiredAuthority",
     [](Patient& p) {
       Issue(p, ForItsNames(), absl::Hours(1));
       p.machine.now += absl::Hours(2);
     },
     "tls.chain", Verdict::kWrong, "the authority has expired", "make a new authority"},
    {"AnAuthorityThatEndsSoon", [](Patient& p) { Issue(p, ForItsNames(), absl::Hours(24 * 40)); },
     "tls.chain", Verdict::kWarning, "the authority is valid until", "make a new authority"},
};

const Fault kMachine[] = {
    {"AnUnsynchronisedClock", [](Patient& p) { p.machine.clock->synchronised = false; },
     "clock.synchronised", Verdict::kWarning, "nothing keeps", "timedatectl set-ntp true"},
    {"AClockThatMayBeOff", [](Patient& p) { p.machine.clock->most_error = absl::Seconds(3); },
     "clock.synchronised", Verdict::kWarning, "off by 3.0 s", "timedatectl set-ntp true"},
    {"AClockThatCannotBeRead",
     [](Patient& p) { p.machine.clock = absl::PermissionDeniedError("adjtimex"); },
     "clock.synchronised", Verdict::kSkipped, "adjtimex", ""},
    {"AClockBehindTheStore", [](Patient& p) { DateInTheFuture(p, "store/FORMAT"); }, "clock.time",
     Verdict::kWrong, "behind the newest file of the store", "timedatectl"},
    {"AClockBehindTheCertificate", [](Patient& p) { DateInTheFuture(p, "tls/server.pem"); },
     "clock.time", Verdict::kWrong, "behind the newest file beside the certificate", "timedatectl"},
    {"AFullDisk", [](Patient& p) { p.machine.space.free_bytes = 1 << 20; }, "disk", Verdict::kWrong,
     "the disk is full", "df -h "},
    {"LittleSpace", [](Patient& p) { p.machine.space.free_bytes = std::uint64_t{3} << 30; }, "disk",
     Verdict::kWarning, "3.0 of 100.0 GiB free", "df -h "},
    {"LittleSpaceOfASmallDisk",
     [](Patient& p) {
       p.machine.space.all_bytes = std::uint64_t{4} << 30;
       p.machine.space.free_bytes = std::uint64_t{1} << 29;
     },
     "disk", Verdict::kWarning, "0.5 of 4.0 GiB free", "df -h "},
    {"FewFiles", [](Patient& p) { p.machine.space.free_files = 1000; }, "disk", Verdict::kWarning,
     "GiB free", "df -i "},
    {"NoMoreFiles", [](Patient& p) { p.machine.space.free_files = 3; }, "disk", Verdict::kWrong,
     "no room for more files", "df -i "},
    {"AReadOnlyDisk", [](Patient& p) { p.machine.space.read_only = true; }, "disk", Verdict::kWrong,
     "is read-only", "remount,rw"},
    {"AKernelWithoutLandlock",
     [](Patient& p) { p.machine.missing_layers = {"Landlock: not in this kernel"}; }, "confinement",
     Verdict::kWrong, "does not start", "--confinement best-effort"},
    {"AKernelWithoutLandlockThatIsAccepted",
     [](Patient& p) {
       p.machine.missing_layers = {"Landlock: not in this kernel"};
       p.Set("confinement", "best-effort");
     },
     "confinement", Verdict::kWarning, "UNCONFINED", "lsm=landlock"},
};

INSTANTIATE_TEST_SUITE_P(Configuration, MailFault, ::testing::ValuesIn(kConfiguration), NameOfTest);
INSTANTIATE_TEST_SUITE_P(Files, MailFault, ::testing::ValuesIn(kFiles), NameOfTest);
INSTANTIATE_TEST_SUITE_P(Certificate, MailFault, ::testing::ValuesIn(kCertificate), NameOfTest);
INSTANTIATE_TEST_SUITE_P(Machine, MailFault, ::testing::ValuesIn(kMachine), NameOfTest);

}  // namespace
}  // namespace letterlock::doctor
