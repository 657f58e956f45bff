// What a doctor says is typed by root: neither another user of the machine nor a mistaken line of
// the configuration makes it say what harms.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "mail_doctor.h"
#include "mail_plane_patient.h"
#include "support/child.h"

namespace letterlock::doctor {
namespace {

class MisledDoctor : public MailPlaneTest {
 protected:
  Report Examine() const { return mailadmin::ExamineMailPlane(patient_.request, patient_.machine); }
  void ExpectUser(Verdict verdict, const std::string& what) const {
    const Report report = Examine();
    ExpectFound(report, {"", {}, "user", verdict, what, ""});
  }
  // No command that changes the directory or what is in it.
  static void ExpectLeavesAlone(const Report& report, const std::string& directory) {
    for (const Finding& finding : report.findings()) {
      for (const char* command : {"chown ", "chmod ", "rm ", "install "}) {
        const auto start = finding.mend.find(command);
        if (start == std::string::npos) continue;
        const std::string line = finding.mend.substr(start) + ";";
        EXPECT_EQ(line.find(" " + directory + ";"), std::string::npos) << finding.mend;
      }
    }
  }
  static void ExpectSaysNothingOf(const Report& report, const std::string& word) {
    for (const Finding& finding : report.findings()) {
      EXPECT_EQ(finding.mend.find(word), std::string::npos) << finding.check << finding.mend;
    }
  }
};

TEST_F(MisledDoctor, WhoListensInThePrivateDirectoryOfTheStoresOwnerIsTheDaemon) {
  patient_.machine.me = kStranger;
  patient_.machine.listener = ::geteuid();
  ExpectUser(Verdict::kSkipped, "runs as " + UserName(::geteuid()));
}

// The attack: the daemon is stopped, its socket is in /tmp, and somebody binds that path.
TEST_F(MisledDoctor, WhoListensWhereOthersCanIsNobody) {
  ASSERT_EQ(::chmod((patient_ / "run").c_str(), 0711), 0);
  patient_.machine.me = kStranger;
  patient_.machine.listener = ::geteuid();
  ExpectUser(Verdict::kOk, std::to_string(kStranger));
}

TEST_F(MisledDoctor, WhoListensAndDoesNotOwnTheStoreIsNobody) {
  patient_.machine.me = 0;
  patient_.machine.listener = kStranger;
  for (const std::string& socket :
       {patient_ / "run/admin", std::string("/tmp/letterlock-x.sock")}) {
    patient_.Set("admin_socket", socket);
    ExpectSaysNothingOf(Examine(), std::to_string(kStranger));
  }
}

TEST_F(MisledDoctor, TheDirectoryOfASocketIsNotTheDaemonsForThat) {
  for (const uid_t user : {::geteuid(), kStranger}) {
    patient_.request.user = std::to_string(user);
    patient_.machine.me = user;
    for (const std::string directory : {"/run", "/tmp", "/var/lib", "/"}) {
      patient_.Set("admin_socket", (directory == "/" ? "" : directory) + "/letterlock-x.sock");
      const Report report = Examine();
      ExpectFound(report, {"",
                           {},
                           "admin_socket",
                           Verdict::kWrong,
                           directory,
                           "name a directory of its own, closed to others, in "});
      ExpectLeavesAlone(report, directory);
    }
  }
}

TEST_F(MisledDoctor, ADirectoryOfTheSystemIsNoStore) {
  for (const uid_t user : {::geteuid(), kStranger}) {
    patient_.request.user = std::to_string(user);
    patient_.machine.me = user;
    for (const std::string directory : {"/run", "/tmp", "/tmp/.", "/var/lib/"}) {
      patient_.Set("store_directory", directory);
      const Report report = Examine();
      ExpectFound(report, {"", {}, "store", Verdict::kWrong, directory, "name a directory of its"});
      ExpectLeavesAlone(report, directory);
    }
  }
}

TEST_F(MisledDoctor, WhatIsNotBelowTheDeploymentIsNotGivenAwayWithAllThatIsInIt) {
  const std::string elsewhere = temporary_ / "elsewhere";
  ASSERT_EQ(::mkdir(elsewhere.c_str(), 0700), 0);
  patient_.MakeForeign("../elsewhere");
  std::filesystem::create_directory_symlink(elsewhere, patient_ / "link");
  for (const std::string& store :
       {elsewhere, patient_ / "link", patient_ / "../elsewhere", patient_ / "../mail"}) {
    patient_.Set("store_directory", store);
    const Report report = Examine();
    if (store == elsewhere) {
      ExpectFound(report,
                  {"", {}, "store", Verdict::kWrong, "belongs to", "name another directory"});
    }
    ExpectSaysNothingOf(report, "-R " + patient_.request.user + " " + store);
  }
}

// Looked at as somebody who can't write there: root can everywhere.
TEST_F(MisledDoctor, APortFileIsNoReasonToGiveADirectoryAway) {
  const uid_t user = ::geteuid() == 0 ? kStranger : ::geteuid();
  patient_.request.user = std::to_string(user);
  patient_.machine.me = user;
  patient_.Set("port_file", "/letterlock.port");
  for (const std::string& open : {temporary_.path(), patient_.path, patient_ / "maild.toml"}) {
    ASSERT_EQ(::chmod(open.c_str(), 0755), 0);
  }
  EXPECT_EQ(test::InChild([&] {
              if (::getuid() != user && ::setuid(user) != 0) return 1;
              const Report report = Examine();
              int found = 0;
              for (const Finding& finding : report.findings()) {
                found += finding.check == "port_file" && finding.verdict == Verdict::kWrong &&
                         finding.mend.starts_with("name a directory of its own in ");
              }
              return found == 1 ? 0 : 2;
            }),
            0);
}

// It would be told which process to end.
TEST_F(MisledDoctor, WhoAnswersWhereOthersCouldIsNotBelieved) {
  patient_.machine.status->set_port(7777);
  ASSERT_EQ(::chmod((patient_ / "run").c_str(), 0711), 0);
  const Report report = Examine();
  ExpectFound(report, {"", {}, "daemon", Verdict::kSkipped, "could answer", ""});
  ExpectSaysNothingOf(report, "kill");

  std::filesystem::remove(patient_ / "run");
  ExpectSaysNothingOf(Examine(), "kill");
}

}  // namespace
}  // namespace letterlock::doctor
