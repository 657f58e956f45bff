// Faults that only a public plane can have are found; those of its log are in
// tests/e2e/operations/doctor_test.cc, which has one.
#include "public_doctor.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "deployment.h"
#include "engine/store_format.h"
#include "fake_machine.h"
#include "server/tls/identity.h"
#include "support/temporary_directory.h"

namespace letterlock::doctor {
namespace {

namespace fs = std::filesystem;

// Made once: that is durable, and takes its time. Each test has a copy.
struct MadePlanes {
  MadePlanes() {
    id = Make(path);
    Make(other);
    // As the daemon leaves it.
    for (const char* name :
         {"/data/store", "/data/store/db", "/data/log", "/data/log-lock", "/run"}) {
      EXPECT_EQ(::mkdir((path + name).c_str(), 0700), 0);
    }
    std::ofstream(path + "/data/store/FORMAT") << engine::FormatOf(engine::kOrderedStore);
  }
  static std::string Make(const std::string& path) {
    const auto made = admin::MakeDeployment({.directory = path,
                                             .origin = "test.example/log",
                                             .names = {"localhost"},
                                             .listen = "127.0.0.1:7441",
                                             .registrars = {},
                                             .now = absl::Now()});
    EXPECT_TRUE(made.ok()) << made.status();
    return made->id;
  }

  test::TemporaryDirectory temporary;
  const std::string path = temporary / "public";
  const std::string other = temporary / "other";
  std::string id;
};
const MadePlanes& Made() {
  static const MadePlanes made;
  return made;
}

// What another deployment has of that name.
void TakeFromTheOther(const Patient& patient, const std::string& name) {
  fs::copy_file(Made().other + "/" + name, patient / name, fs::copy_options::overwrite_existing);
}

class PublicFault : public ::testing::TestWithParam<Fault> {
 protected:
  void SetUp() override {
    fs::copy(Made().path, patient_.path, fs::copy_options::recursive);
    patient_.request.config_file = patient_ / "directoryd.toml";
    admin::v1::GetStatusResponse status;
    status.set_daemon("letterlock-directoryd");
    status.set_version(LETTERLOCK_VERSION);
    status.set_pid(4321);
    status.set_port(7441);
    status.set_deployment(Made().id);
    status.set_certificate_not_after_unix_ms(static_cast<std::uint64_t>(
        absl::ToUnixMillis(tls::ReadCertificateFacts(patient_ / "tls/server.pem")->not_after)));
    status.mutable_store()->set_writable(true);
    status.mutable_log()->set_head_sequence(5);
    status.mutable_log()->set_head_unix_ms(
        static_cast<std::uint64_t>(absl::ToUnixMillis(patient_.machine.now - absl::Seconds(9))));
    patient_.machine.status = status;
  }
  Report Examine() const { return admin::ExaminePublicPlane(patient_.request, patient_.machine); }

  test::TemporaryDirectory temporary_;
  Patient patient_{.path = temporary_ / "public"};
};

TEST_F(PublicFault, SoundDeploymentsHaveNone) { ExpectSound(Examine()); }

TEST_P(PublicFault, IsFound) {
  GetParam().plant(patient_);
  ExpectFound(Examine(), GetParam());
}

const Fault kFaults[] = {
    {"NoGenesis", [](Patient& p) { fs::remove(p / "genesis"); }, "genesis", Verdict::kWrong,
     "is not there", "cp BACKUP"},
    {"MalformedGenesis", [](Patient& p) { p.Write("genesis", "x"); }, "genesis", Verdict::kWrong,
     "is no genesis statement", "cp BACKUP"},
    {"WritableGenesis", [](Patient& p) { ASSERT_EQ(::chmod((p / "genesis").c_str(), 0666), 0); },
     "genesis", Verdict::kWrong, "can be written", "chmod go-w "},
    {"NoLogKey", [](Patient& p) { fs::remove(p / "keys/log.key"); }, "log_key", Verdict::kWrong,
     "is not there", "install -m 600"},
    {"ReadableLogKey",
     [](Patient& p) { ASSERT_EQ(::chmod((p / "keys/log.key").c_str(), 0604), 0); }, "log_key",
     Verdict::kWrong, "is open to group or others", "chmod 600 "},
    {"AShortLogKey", [](Patient& p) { p.Write("keys/log.key", "LLSKEY01"); }, "log_key",
     Verdict::kWrong, "must be 41 bytes", "install -m 600"},
    {"APolicyKeyForALogKey",
     [](Patient& p) {
       fs::copy_file(p / "keys/policy.key", p / "keys/log.key",
                     fs::copy_options::overwrite_existing);
     },
     "log_key", Verdict::kWrong, "keys/log.key: ", "install -m 600"},
    {"TheLogKeyOfAnotherDeployment", [](Patient& p) { TakeFromTheOther(p, "keys/log.key"); },
     "log_key", Verdict::kWrong, "two deployments", "install -m 600"},
    {"TheTrustFileOfAnotherDeployment", [](Patient& p) { TakeFromTheOther(p, "trust.txt"); },
     "trust", Verdict::kWrong, "of another deployment", "do not hand it out"},
    {"TheAuthorityOfAnotherDeployment", [](Patient& p) { TakeFromTheOther(p, "ca.pem"); },
     "tls.chain", Verdict::kWrong, "does not lead", "letterlock-admin certificate --ca "},
    {"NotForWhatClientsDial", [](Patient& p) { p.request.names = {"directory.example.org"}; },
     "tls.names", Verdict::kWrong, "not for directory.example.org", "--name directory.example.org"},
    {"AMailStore",
     [](Patient& p) {
       p.Write("data/store/FORMAT", "letterlock-store mailboxes\nmin_reader 1\nmin_writer 1\n");
     },
     "store.format", Verdict::kWrong, "another kind", "name another store"},
    {"AWritableLog", [](Patient& p) { ASSERT_EQ(::chmod((p / "data/log").c_str(), 0775), 0); },
     "log", Verdict::kWrong, "can be written", "chmod go-w "},
    {"AForeignLog", [](Patient& p) { p.MakeForeign("data/log"); }, "log", Verdict::kWrong,
     "belongs to", "chown -R "},
    {"AnOpenLock", [](Patient& p) { ASSERT_EQ(::chmod((p / "data/log-lock").c_str(), 0755), 0); },
     "lock", Verdict::kWrong, "is open to group or others", "chmod 700 "},
    {"AKernelWithoutSeccomp",
     [](Patient& p) { p.machine.missing_layers = {"seccomp: not in this kernel"}; }, "confinement",
     Verdict::kWarning, "UNCONFINED", "boot a kernel"},
    {"AnOldHead",
     [](Patient& p) {
       p.machine.status->mutable_log()->set_head_unix_ms(
           static_cast<std::uint64_t>(absl::ToUnixMillis(p.machine.now - absl::Minutes(20))));
     },
     "daemon.head", Verdict::kWrong, "head 5 is 20m old", "kill 4321; "},
    {"AKeyThatSignsPolicies", [](Patient&) {}, "offline_keys", Verdict::kNote, "keys/policy.key",
     "shred -u"},
};

INSTANTIATE_TEST_SUITE_P(Doctor, PublicFault, ::testing::ValuesIn(kFaults),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace letterlock::doctor
