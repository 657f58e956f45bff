// letterlock-directoryd as its operator meets it: how it starts, what it says, when it refuses, how
// it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "crypto/base/encoding.h"
#include "support/daemon.h"
#include "support/directory_member.h"
#include "support/served_directory.h"

namespace letterlock {
namespace {

namespace fs = std::filesystem;
using test::DirectoryMember;
using test::ServedDirectory;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RunProgram;

const char kDaemon[] = LETTERLOCK_BIN "/letterlock-directoryd";
const char kAdmin[] = LETTERLOCK_BIN "/letterlock-admin";

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void Write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// The daemon does not start, and says so.
void ExpectRefuses(const ServedDirectory& directory, const std::string& why,
                   const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"--config", directory.PathOf("directoryd.toml"), "--listen",
                                        "127.0.0.1:0"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const auto run = RunProgram(kDaemon, arguments);
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->exit_code, 1) << run->output;
  EXPECT_THAT(run->output, HasSubstr(why));
}

TEST(Directoryd, SaysWhereItServesAndWhatNobodyChecks) {
  ServedDirectory directory;
  ASSERT_TRUE(directory.Start().ok()) << directory.LogText();
  const std::string address = directory.daemon().address();
  // The port is told before the lines are written: what it said is all there once it has ended.
  EXPECT_EQ(directory.Stop().value_or(-1), 0);
  const std::string log = directory.LogText();
  EXPECT_THAT(log, HasSubstr(address));
  EXPECT_THAT(log, HasSubstr("test.example/log"));
  EXPECT_THAT(log, HasSubstr("UNWITNESSED"));
  EXPECT_THAT(log, HasSubstr("SELF-REGISTERED"));
}

TEST(Directoryd, LogsNoHandleAndNoKey) {
  ServedDirectory directory;
  ASSERT_TRUE(directory.Start({"--log_level", "debug", "--head_interval", "10ms"}).ok());
  DirectoryMember alice(directory.trust().deployment(), "a-telling-handle");
  const auto entry = alice.Next();
  ASSERT_TRUE(directory.Publish(entry).ok());
  ASSERT_TRUE(directory.VerifiedLookup(alice.handle()).ok());
  EXPECT_EQ(directory.Stop().value_or(-1), 0);
  const std::string log = directory.LogText();
  EXPECT_THAT(log,
              HasSubstr("Publish"));  // calls are logged, and this search does find what is there
  EXPECT_THAT(log, Not(HasSubstr("telling")));
  EXPECT_THAT(log, Not(HasSubstr(crypto::HexEncode(alice.identity().public_key().bytes()))));
}

TEST(Directoryd, SecondOneOnTheSameDirectoriesRefuses) {
  ServedDirectory directory;
  ASSERT_TRUE(directory.Start().ok());
  ExpectRefuses(directory, "another process signs for this log");
  EXPECT_TRUE(directory.VerifiedLookup("nobody").ok());  // the first goes on
  EXPECT_EQ(directory.Stop().value_or(-1), 0);
}

TEST(Directoryd, RestartGoesOnWithTheSameLog) {
  ServedDirectory directory;
  DirectoryMember alice(directory.trust().deployment(), "alice");
  const auto entry = alice.Next();
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(directory.Start().ok()) << directory.LogText();
    ASSERT_TRUE(directory.Publish(entry).ok());
    const auto shown = directory.VerifiedLookup("alice");  // extends what was shown before
    ASSERT_TRUE(shown.ok()) << shown.status();
    EXPECT_EQ(directory.Stop().value_or(-1), 0);
  }
}

TEST(Directoryd, RefusesKeysThatOthersCanRead) {
  ServedDirectory directory;
  for (const char* key : {"keys/log.key", "tls/server.key"}) {
    fs::permissions(directory.PathOf(key), fs::perms::group_read, fs::perm_options::add);
    ExpectRefuses(directory, key);
    fs::permissions(directory.PathOf(key), fs::perms::group_read, fs::perm_options::remove);
  }
  const std::string log_key = directory.PathOf("keys/log.key");
  fs::rename(log_key, log_key + ".real");
  fs::create_symlink(log_key + ".real", log_key);
  ExpectRefuses(directory, "keys/log.key");
}

TEST(Directoryd, RefusesAKeyForAnotherPurposeOrAnotherLog) {
  ServedDirectory directory, other;
  ExpectRefuses(directory, "another purpose",
                {"--log_key_file", directory.PathOf("keys/policy.key")});
  ExpectRefuses(directory, "not the key that the genesis statement names",
                {"--log_key_file", other.PathOf("keys/log.key")});
}

TEST(Directoryd, RefusesAStoreThatOthersCanRead) {
  ServedDirectory directory;
  fs::create_directory(directory.PathOf("data/store"));
  fs::permissions(directory.PathOf("data/store"), fs::perms::all);
  ExpectRefuses(directory, "store");
}

TEST(Directoryd, RefusesAStoreOfANewerFormat) {
  ServedDirectory directory;
  ASSERT_TRUE(directory.Start().ok());
  EXPECT_EQ(directory.Stop().value_or(-1), 0);
  const std::string path = directory.PathOf("data/store/FORMAT");
  std::string format = Read(path);
  format.replace(format.find("min_reader 1"), 12, "min_reader 2");
  Write(path, format);
  ExpectRefuses(directory, "newer software");
}

TEST(Directoryd, RefusesALogThatIsNotWhatItSigned) {
  ServedDirectory directory;
  ASSERT_TRUE(directory.Start().ok());
  EXPECT_EQ(directory.Stop().value_or(-1), 0);
  for (const auto& file :
       fs::recursive_directory_iterator(directory.PathOf("data/log/tile/entries"))) {
    if (!file.is_regular_file()) continue;
    std::string bytes = Read(file.path());
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    Write(file.path(), bytes);
  }
  ExpectRefuses(directory, "not what was signed");
}

TEST(Directoryd, RefusesALostLock) {
  ServedDirectory directory;
  ASSERT_TRUE(directory.Start().ok());
  EXPECT_EQ(directory.Stop().value_or(-1), 0);
  fs::remove(directory.PathOf("data/log-lock/signed"));
  ExpectRefuses(directory, "the lock is behind `checkpoint`");
}

TEST(Directoryd, ChecksItsConfigurationWithoutTouchingAnything) {
  ServedDirectory directory;
  const std::string config = directory.PathOf("directoryd.toml");
  auto run = RunProgram(kDaemon, {"--config", config, "--check-config"});
  EXPECT_EQ(run->exit_code, 0) << run->output;
  EXPECT_TRUE(fs::is_empty(directory.PathOf("data")));
  Write(config, Read(config) + "\nspelled_wrong = 1\n");
  run = RunProgram(kDaemon, {"--config", config, "--check-config"});
  EXPECT_EQ(run->exit_code, 1);
  EXPECT_THAT(run->output, HasSubstr("spelled_wrong"));
}

TEST(Directoryd, IsConfinedAsTheKernelReports) {
  ServedDirectory directory;
  ASSERT_TRUE(directory.Start().ok());
  const std::string status = Read("/proc/" + std::to_string(directory.daemon().pid()) + "/status");
  EXPECT_THAT(status, HasSubstr("NoNewPrivs:\t1\n"));
  EXPECT_THAT(status, HasSubstr("Seccomp:\t2\n"));  // a filter
  EXPECT_THAT(status, HasSubstr("CapEff:\t0000000000000000\n"));
  EXPECT_EQ(directory.Stop().value_or(-1), 0);
}

TEST(Directoryd, TakesNoConnectionBelowTls13) {
  ServedDirectory directory;
  ASSERT_TRUE(directory.Start().ok());
  const auto connect = [&](const std::string& version) {
    return RunProgram("/bin/sh", {"-c", "openssl s_client -" + version + " -alpn h2 -CAfile " +
                                            directory.PathOf("ca.pem") + " -connect " +
                                            directory.daemon().address() + " </dev/null"});
  };
  for (const char* old : {"tls1", "tls1_1", "tls1_2"}) EXPECT_NE(connect(old)->exit_code, 0) << old;
  const auto newest = connect("tls1_3");
  EXPECT_EQ(newest->exit_code, 0) << newest->output;
  EXPECT_THAT(newest->output, HasSubstr("Verify return code: 0"));
  EXPECT_EQ(directory.Stop().value_or(-1), 0);
}

TEST(Admin, RefusesADirectoryThatIsNotEmpty) {
  ServedDirectory directory;
  const std::string before = Read(directory.PathOf("genesis"));
  const auto again = RunProgram(
      kAdmin, {"init", "--dir", directory.directory(), "--origin", "x/y", "--development"});
  EXPECT_NE(again->exit_code, 0);
  EXPECT_THAT(again->output, HasSubstr("not empty"));
  EXPECT_EQ(Read(directory.PathOf("genesis")), before);
}

TEST(Admin, WantsToKnowWhoVouches) {
  const test::TemporaryDirectory directory;
  const std::string dir = directory / "d";
  EXPECT_EQ(RunProgram(kAdmin, {"init", "--dir", dir, "--origin", "x/y"})->exit_code, 2);
  EXPECT_EQ(RunProgram(kAdmin, {"init", "--dir", dir, "--origin", "x/y", "--registrar", "AAAA"})
                ->exit_code,
            2);
  EXPECT_EQ(RunProgram(kAdmin, {"init", "--dir", dir, "--origin", "no spaces", "--development"})
                ->exit_code,
            2);
  EXPECT_FALSE(fs::exists(dir));
  EXPECT_TRUE(fs::is_empty(directory.path()));
}

TEST(Admin, KeepsSecretsToTheOwner) {
  ServedDirectory directory;
  for (const char* name : {"keys/log.key", "keys/policy.key", "tls/server.key", "ca/ca.key"}) {
    EXPECT_EQ(fs::status(directory.PathOf(name)).permissions(),
              fs::perms::owner_read | fs::perms::owner_write)
        << name;
  }
  EXPECT_EQ(fs::status(directory.directory()).permissions(), fs::perms::owner_all);
}

TEST(Admin, RegistrarVouchesForHandles) {
  const test::TemporaryDirectory keys;
  const auto made = RunProgram(kAdmin, {"registrar", "new", "--key", keys / "registrar.key"});
  ASSERT_EQ(made->exit_code, 0) << made->output;
  const std::string registrar = made->output.substr(0, made->output.find('\n'));
  EXPECT_NE(RunProgram(kAdmin, {"registrar", "new", "--key", keys / "registrar.key"})->exit_code,
            0);

  ServedDirectory directory({registrar});
  ASSERT_TRUE(directory.Start({"--head_interval", "10ms"}).ok()) << directory.LogText();
  EXPECT_THAT(directory.LogText(), Not(HasSubstr("SELF-REGISTERED")));
  DirectoryMember alice(directory.trust().deployment(), "alice");
  auto entry = alice.Next();
  EXPECT_TRUE(absl::IsPermissionDenied(directory.Publish(entry).status()));
  const auto word = RunProgram(
      kAdmin, {"registrar", "attest", "--key", keys / "registrar.key", "--deployment",
               crypto::HexEncode(directory.trust().deployment().bytes()), "--handle", "alice",
               "--genesis-key", crypto::Base64Encode(alice.identity().public_key().bytes())});
  ASSERT_EQ(word->exit_code, 0) << word->output;
  const auto bytes = crypto::Base64Decode(word->output.substr(0, word->output.find('\n')));
  ASSERT_TRUE(bytes.ok());
  ASSERT_TRUE(entry.mutable_registrar_attestation()->ParseFromString(*bytes));
  ASSERT_TRUE(directory.Publish(entry).ok());
  const auto shown = directory.VerifiedLookup("alice");
  ASSERT_TRUE(shown.ok()) << shown.status();
  EXPECT_TRUE(std::get<attest::VerifiedEntry>(*shown).attested());
  EXPECT_EQ(directory.Stop().value_or(-1), 0);
}

}  // namespace
}  // namespace letterlock
