// What is wrong with a daemon that runs, or does not, is found.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>
#include <string>

#include "mail_doctor.h"
#include "mail_plane_patient.h"
#include "server/config/file_descriptor.h"

namespace letterlock::doctor {
namespace {

class DaemonFault : public MailPlaneTest {
 protected:
  Report Examine() const { return mailadmin::ExamineMailPlane(patient_.request, patient_.machine); }
};

TEST_P(DaemonFault, IsFound) {
  GetParam().plant(patient_);
  ExpectFound(Examine(), GetParam());
}

TEST_F(DaemonFault, OneThatIsNotMeantToRunIsNotMissed) {
  patient_.machine.status.reset();
  patient_.request.stopped = true;
  ExpectSound(Examine());
}

TEST_F(DaemonFault, APortOfTheKernelsChoiceIsAnyPort) {
  patient_.Set("listen", "127.0.0.1:0");
  patient_.machine.status->set_port(40'000);
  ExpectSound(Examine());
}

void MakeSocket(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  std::memcpy(address.sun_path, path.data(), path.size());
  const config::FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
}

TEST_F(DaemonFault, ASocketForTheDaemonAloneIsNone) {
  MakeSocket(patient_ / "run/admin");
  ExpectSound(Examine());
}

void Stop(Patient& patient) { patient.machine.status.reset(); }

const Fault kFaults[] = {
    {"NoAdminSocket", [](Patient& p) { p.Set("admin_socket", ""); }, "admin_socket", Verdict::kNote,
     "there is none", "admin_socket ="},
    {"NothingToAskAt", [](Patient& p) { p.Set("admin_socket", ""); }, "daemon", Verdict::kSkipped,
     "no admin_socket", ""},
    {"AnOpenAdminDirectory", [](Patient& p) { ASSERT_EQ(::chmod((p / "run").c_str(), 0755), 0); },
     "admin_socket", Verdict::kWrong, "is open to group or others", "chmod 700 "},
    {"AnOpenAdminSocket",
     [](Patient& p) {
       MakeSocket(p / "run/admin");
       ASSERT_EQ(::chmod((p / "run/admin").c_str(), 0666), 0);
     },
     "admin_socket", Verdict::kWrong, "open to others", "chmod 600 "},
    {"AForeignAdminSocket",
     [](Patient& p) {
       MakeSocket(p / "run/admin");
       p.MakeForeign("run/admin");
     },
     "admin_socket", Verdict::kWrong, "is another's", ""},
    {"AFileForAnAdminSocket", [](Patient& p) { p.Write("run/admin", ""); }, "admin_socket",
     Verdict::kWrong, "is another kind of file", "name another path in "},
    {"TooLongAPathForASocket",
     [](Patient& p) { p.Set("admin_socket", p / ("run/" + std::string(108, 'a'))); },
     "admin_socket", Verdict::kWrong, "is too long", "shorter"},
    {"NoPlaceForThePortFile", [](Patient& p) { p.Set("port_file", p / "nowhere/port"); },
     "port_file", Verdict::kWrong, "nowhere: is no directory", "install -d -o "},
    {"NobodyAnswers", Stop, "daemon", Verdict::kWrong, "does not answer",
     "letterlock-maild --config "},
    {"NobodyAnswersRoot",
     [](Patient& p) {
       Stop(p);
       std::filesystem::remove(p / "run");
       p.machine.me = 0;
       p.request.user = "54321";
     },
     "daemon", Verdict::kWrong, "does not answer", "sudo -u '#54321' letterlock-maild --config "},
    {"AnotherDaemonAnswers", [](Patient& p) { p.machine.status->set_daemon("letterlock-other"); },
     "daemon", Verdict::kWrong, "answers letterlock-other", "admin_socket of its own"},
    {"ThePortIsTaken",
     [](Patient& p) {
       Stop(p);
       p.machine.listen = absl::AlreadyExistsError("is in use");
     },
     "listen", Verdict::kWrong, "127.0.0.1:7442: is in use", "ss -ltnp 'sport = :7442'"},
    {"ThePortIsTakenPerhapsByTheDaemon",
     [](Patient& p) {
       p.Set("admin_socket", "");
       p.machine.listen = absl::AlreadyExistsError("is in use");
     },
     "listen", Verdict::kSkipped, "by the daemon or by another", "ss -ltnp 'sport = :7442'"},
    {"TheAddressIsElsewhere",
     [](Patient& p) {
       Stop(p);
       p.machine.listen = absl::NotFoundError("is no address of this machine");
     },
     "listen", Verdict::kWrong, "is no address of this machine", "ip -brief address"},
    {"ThePortIsForRoot",
     [](Patient& p) {
       Stop(p);
       p.machine.listen = absl::PermissionDeniedError("is not for this user");
     },
     "listen", Verdict::kWrong, "is not for this user", "setcap cap_net_bind_service=+ep"},
    {"AnotherPort", [](Patient& p) { p.machine.status->set_port(7777); }, "listen", Verdict::kWrong,
     "the daemon serves at port 7777", "kill 4321; "},
    {"ADeadPort", [](Patient& p) { p.machine.connect[7442] = absl::UnavailableError("refused"); },
     "listen", Verdict::kWrong, "nothing answers at port 7442", "kill 4321; "},
    {"NoMetrics",
     [](Patient& p) {
       p.Set("metrics.listen", "127.0.0.1:9464");
       p.machine.connect[9464] = absl::UnavailableError("refused");
     },
     "metrics", Verdict::kWrong, "127.0.0.1:9464: nothing answers", "letterlock-maild --config "},
    {"TheMetricsPortIsTaken",
     [](Patient& p) {
       Stop(p);
       p.Set("metrics.listen", "127.0.0.1:9464");
       p.machine.listen = absl::AlreadyExistsError("is in use");
     },
     "metrics", Verdict::kWrong, "127.0.0.1:9464: is in use", "ss -ltnp 'sport = :9464'"},
    {"AnOlderDaemon", [](Patient& p) { p.machine.status->set_version("0.0.1"); }, "version",
     Verdict::kWarning, "runs as 0.0.1", "kill 4321; "},
    {"AnotherDeployment", [](Patient& p) { p.machine.status->set_deployment("00"); },
     "daemon.deployment", Verdict::kWrong, "another deployment", "kill 4321; "},
    {"AStoreThatTakesNoWrites",
     [](Patient& p) { p.machine.status->mutable_store()->set_writable(false); }, "daemon.store",
     Verdict::kWrong, "takes no writes", "df -h "},
    {"AStalledStore", [](Patient& p) { p.machine.status->mutable_store()->set_stalled(true); },
     "daemon.store", Verdict::kWarning, "holds writes back", "letterlock_store_stalls_total"},
    {"AnotherCertificateIsServed",
     [](Patient& p) {
       p.machine.status->set_certificate_not_after_unix_ms(
           static_cast<std::uint64_t>(absl::ToUnixMillis(p.machine.now + absl::Hours(24))));
     },
     "daemon.certificate", Verdict::kWarning, "another certificate than the file's", "tls_refused"},
    {"AnExpiredCertificateIsServed",
     [](Patient& p) { p.machine.status->set_certificate_not_after_unix_ms(1); },
     "daemon.certificate", Verdict::kWrong, "has expired", "kill 4321; "},
    {"Unconfined", [](Patient& p) { p.machine.status->add_labels("UNCONFINED"); },
     "daemon.confinement", Verdict::kWarning, "runs UNCONFINED", "kill 4321; "},
    {"Unlocked", [](Patient& p) { p.machine.status->add_labels("UNLOCKED"); }, "daemon.memory",
     Verdict::kWarning, "may be swapped out", "LimitMEMLOCK"},
    {"AnotherEpoch", [](Patient& p) { p.machine.status->mutable_keys()->set_epoch(2); },
     "daemon.epoch", Verdict::kWrong, "it will not start again", "restore the key of epoch 2"},
};

INSTANTIATE_TEST_SUITE_P(Doctor, DaemonFault, ::testing::ValuesIn(kFaults), NameOfTest);

}  // namespace
}  // namespace letterlock::doctor
