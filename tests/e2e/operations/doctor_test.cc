// `doctor` of both tools, on the real programs and on a log that a daemon has written.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "support/daemon.h"
#include "support/served_directory.h"
#include "support/served_maild.h"

namespace letterlock {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const char kMailadmin[] = LETTERLOCK_BIN "/letterlock-mailadmin";
const char kAdmin[] = LETTERLOCK_BIN "/letterlock-admin";

testing::RunResult Doctor(const std::string& tool, const std::string& config,
                          const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"doctor", "--config", config, "--set",
                                        "listen=127.0.0.1:0"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return testing::RunProgram(tool, arguments).value();
}

// The lines of a report that tell of something to mend, but for what is this machine's, not the
// deployment's: how its clock is kept, and what its kernel and its disk have.
std::vector<std::string> ToMend(const std::string& report) {
  std::vector<std::string> lines;
  std::istringstream text(report);
  for (std::string line; std::getline(text, line);) {
    const bool bad =
        line.starts_with("WRONG") || line.starts_with("warning") || line.starts_with("skipped");
    const bool machines = line.find(" clock.synchronised ") != std::string::npos ||
                          line.find(" confinement ") != std::string::npos ||
                          line.find(" daemon.confinement ") != std::string::npos ||
                          line.find(" daemon.memory ") != std::string::npos ||
                          line.find(" disk ") != std::string::npos;
    if (bad && !machines) lines.push_back(line);
  }
  return lines;
}

// The names of its checks.
std::set<std::string> ChecksOf(const std::string& report) {
  std::set<std::string> checks;
  std::istringstream text(report);
  for (std::string line; std::getline(text, line);) {
    std::istringstream words(line);
    std::string verdict, check;
    words >> verdict >> check;
    if (!line.empty() && line.front() != ' ' && check != "findings:") checks.insert(check);
  }
  return checks;
}

// The first column of the table of checks in docs/operations.md, "Doctor".
std::set<std::string> DocumentedChecks() {
  std::ifstream file(LETTERLOCK_VECTORS "/../../docs/operations.md");
  std::set<std::string> checks;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("| check ")) inside = true;
    if (line.empty()) inside = false;
    if (!inside || !line.starts_with("| `")) continue;
    // A row may name several.
    const std::string names = line.substr(2, line.find(" |", 2) - 2);
    for (std::size_t at = names.find('`'); at != std::string::npos; at = names.find('`', at + 1)) {
      const std::size_t end = names.find('`', at + 1);
      checks.insert(names.substr(at + 1, end - at - 1));
      at = end;
    }
  }
  return checks;
}

TEST(Doctor, FindsNothingInDeploymentsThatRunAndMakesEveryDocumentedCheck) {
  test::ServedMaild maild;
  ASSERT_TRUE(maild.Start().ok()) << maild.LogText();
  const auto mail = Doctor(kMailadmin, maild.path() + "/maild.toml");
  EXPECT_EQ(mail.exit_code, 0) << mail.output;
  EXPECT_THAT(ToMend(mail.output), IsEmpty()) << mail.output;

  test::ServedDirectory directory;
  ASSERT_TRUE(directory.Start().ok()) << directory.LogText();
  const auto open = Doctor(kAdmin, directory.PathOf("directoryd.toml"));
  EXPECT_EQ(open.exit_code, 0) << open.output;
  EXPECT_THAT(ToMend(open.output), IsEmpty()) << open.output;

  std::set<std::string> made = ChecksOf(mail.output);
  made.merge(ChecksOf(open.output));
  EXPECT_EQ(made, DocumentedChecks());
  EXPECT_EQ(maild.Stop().value_or(-1), 0);
  EXPECT_EQ(directory.Stop().value_or(-1), 0);
}

TEST(Doctor, EndsWithOneWhereSomethingIsWrongAndTwoForMistakes) {
  test::ServedMaild maild;
  const std::string config = maild.path() + "/maild.toml";
  const auto stopped = Doctor(kMailadmin, config, {"--stopped"});
  EXPECT_EQ(stopped.exit_code, 0) << stopped.output;
  const auto down = Doctor(kMailadmin, config);
  EXPECT_EQ(down.exit_code, 1);
  EXPECT_THAT(down.output, AllOf(HasSubstr("does not answer"), HasSubstr("1 finding to mend")));
  const auto json = Doctor(kMailadmin, config, {"--json"});
  EXPECT_EQ(json.exit_code, 1);
  EXPECT_THAT(json.output, HasSubstr("\"good\": false"));
  fs::remove(maild.path() + "/client/mail-ca.pem");
  EXPECT_EQ(Doctor(kMailadmin, config, {"--stopped"}).exit_code, 0);
  EXPECT_EQ(Doctor(kMailadmin, config, {"--stopped", "--strict"}).exit_code, 1);
  EXPECT_EQ(Doctor(kMailadmin, config, {"--no-such-flag"}).exit_code, 2);
  EXPECT_EQ(Doctor(kMailadmin, config, {"--set", "listen"}).exit_code, 2);
  EXPECT_EQ(testing::RunProgram(kAdmin, {"doctor"})->exit_code, 2);
}

TEST(Doctor, SeesWhoHasThePort) {
  test::ServedMaild maild;
  const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::listen(other, 1), 0);  // at a port of the kernel's choice
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  ASSERT_EQ(::getsockname(other, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string port = std::to_string(ntohs(reinterpret_cast<sockaddr_in&>(address).sin_port));
  const auto found = testing::RunProgram(
      kMailadmin, {"doctor", "--stopped", "--config", maild.path() + "/maild.toml", "--set",
                   "listen=127.0.0.1:" + port});
  EXPECT_EQ(found->exit_code, 1) << found->output;
  EXPECT_THAT(found->output, HasSubstr("127.0.0.1:" + port + ": is in use"));
  ::close(other);
  const auto free = testing::RunProgram(
      kMailadmin, {"doctor", "--stopped", "--config", maild.path() + "/maild.toml", "--set",
                   "listen=127.0.0.1:" + port});
  EXPECT_EQ(free->exit_code, 0) << free->output;
}

// Root looks with the eyes of the daemon's user, and anybody else with his own.
TEST(Doctor, FindsWhatTheDaemonsUserCannotRead) {
  test::ServedMaild maild;
  std::vector<std::string> flags = {"--stopped"};
  if (::geteuid() == 0) {
    flags.insert(flags.end(), {"--user", "54321"});
  } else {
    fs::permissions(maild.path() + "/epoch.key", fs::perms::none);
  }
  const auto found = Doctor(kMailadmin, maild.path() + "/maild.toml", flags);
  EXPECT_EQ(found.exit_code, 1) << found.output;
  EXPECT_THAT(ToMend(found.output), ::testing::Contains(AllOf(HasSubstr("WRONG    epoch_key "),
                                                              HasSubstr("Permission denied"))))
      << found.output;
}

// --- the log

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void Overwrite(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}
void FlipLastBit(const std::string& path) {
  std::string bytes = Contents(path);
  ASSERT_FALSE(bytes.empty()) << path;
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  Overwrite(path, bytes);
}
// The partial tile or bundle of the most leaves; those of fewer are from earlier checkpoints.
std::string WidestBelow(const std::string& folder) {
  std::string found;
  int most = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const int width = entry.is_regular_file() ? std::stoi(entry.path().filename().string()) : 0;
    if (width <= most) continue;
    most = width;
    found = entry.path().string();
  }
  return found;
}

struct LogFault {
  std::function<void(const std::string& log, const std::string& lock)> plant;
  std::string check;
  std::string what;
};

TEST(Doctor, FindsWhatIsWrongWithTheLog) {
  test::ServedDirectory directory;
  ASSERT_TRUE(directory.Start({"--head_interval_max", "100ms"}).ok()) << directory.LogText();
  const std::string old = directory.Call(tlog::v1::GetCheckpointRequest())->checkpoint();
  while (directory.Call(tlog::v1::GetCheckpointRequest())->checkpoint() == old) {
  }
  ASSERT_EQ(directory.Stop().value_or(-1), 0);

  const std::vector<LogFault> faults = {
      {[](const std::string& log, const std::string&) { FlipLastBit(log + "/checkpoint"); },
       "log.checkpoint", "is damaged, or not signed by this deployment's log"},
      {[](const std::string&, const std::string& lock) { fs::remove(lock + "/signed"); },
       "log.lock", "would sign a second history"},
      {[&](const std::string&, const std::string& lock) { Overwrite(lock + "/signed", old); },
       "log.lock", "is behind"},
      {[](const std::string&, const std::string& lock) { FlipLastBit(lock + "/signed"); },
       "log.lock", "is damaged, or not signed by this deployment's log"},
      {[](const std::string& log, const std::string&) {
         FlipLastBit(WidestBelow(log + "/tile/0"));
       },
       "log.tree", "is not what was signed"},
      {[](const std::string& log, const std::string&) {
         FlipLastBit(WidestBelow(log + "/tile/entries"));
       },
       "log.tree", "is not what was signed"},
      {[](const std::string& log, const std::string&) {
         fs::remove(WidestBelow(log + "/tile/entries"));
       },
       "log.tree", "not all of it"},
  };
  const std::string sound = directory.directory();
  for (std::size_t i = 0; i < faults.size(); ++i) {
    const std::string sick = sound + "-" + std::to_string(i);
    fs::copy(sound, sick, fs::copy_options::recursive);
    faults[i].plant(sick + "/data/log", sick + "/data/log-lock");
    const auto found = Doctor(kAdmin, sick + "/directoryd.toml", {"--stopped"});
    EXPECT_EQ(found.exit_code, 1);
    EXPECT_THAT(ToMend(found.output),
                ::testing::Contains(
                    AllOf(HasSubstr(" " + faults[i].check + " "), HasSubstr(faults[i].what))))
        << found.output;
  }
  const auto well = Doctor(kAdmin, sound + "/directoryd.toml", {"--stopped"});
  EXPECT_EQ(well.exit_code, 0) << well.output;
}

TEST(Doctor, FindsALogOfAnotherDeployment) {
  test::ServedDirectory directory;
  ASSERT_TRUE(directory.Start().ok());
  ASSERT_EQ(directory.Stop().value_or(-1), 0);
  test::ServedDirectory other;
  const auto found = Doctor(kAdmin, other.PathOf("directoryd.toml"),
                            {"--stopped", "--set", "log_directory=" + directory.PathOf("data/log"),
                             "--set", "lock_directory=" + directory.PathOf("data/log-lock")});
  EXPECT_EQ(found.exit_code, 1);
  EXPECT_THAT(found.output, HasSubstr("not signed by this deployment's log"));
}

}  // namespace
}  // namespace letterlock
