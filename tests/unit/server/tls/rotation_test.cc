// Credentials whose files are replaced while they serve.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "credentials_fixture.h"
#include "server/config/files.h"
#include "server/tls/credentials.h"
#include "server/tls/identity.h"
#include "server/tls/issue.h"

namespace letterlock::tls {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A server whose files are replaced under it.
class RotationTest : public CredentialsTest {
 protected:
  // What the credentials were told of, from their thread.
  class Told {
   public:
    void Add(const std::string& what) {
      absl::MutexLock lock(&mu_);
      all_.push_back(what);
    }
    // Waits for so many, and returns them.
    std::vector<std::string> Await(std::size_t number) {
      absl::MutexLock lock(&mu_);
      const auto there = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return all_.size() >= number; };
      mu_.AwaitWithTimeout(absl::Condition(&there), absl::Seconds(20));
      return all_;
    }

   private:
    absl::Mutex mu_;
    std::vector<std::string> all_ ABSL_GUARDED_BY(mu_);
  };

  ServerCredentialsOptions WatchedOptions() {
    ServerCredentialsOptions options = ServerOptions();
    options.refresh = absl::Milliseconds(20);
    options.on_rotation = [this](absl::Time) { told_.Add("rotated"); };
    options.on_refusal = [this](const absl::Status& why) { told_.Add(std::string(why.message())); };
    return options;
  }
  // Another identity, under an authority of its own.
  test::TlsFiles Another() { return test::MakeTlsFiles(directory_.path(), "another"); }
  // As an operator does it: each file whole, one after the other.
  void Replace(const std::string& file, const std::string& by, mode_t mode) {
    std::filesystem::copy_file(by, file + ".new");
    ASSERT_EQ(::chmod((file + ".new").c_str(), mode), 0);
    std::filesystem::rename(file + ".new", file);
  }
  void ReplaceBoth(const test::TlsFiles& by) {
    Replace(files_.key_file, by.key_file, 0600);
    Replace(files_.certificate_file, by.certificate_file, 0644);
  }

  Told told_;
};

TEST_F(RotationTest, NewConnectionsGetTheNewCertificateAndOldOnesGoOn) {
  const test::TlsFiles first = files_;
  const test::TlsFiles second = Another();
  TlsServer server(WatchedOptions());
  auto old = MakeChannel({.address = server.address(), .ca_file = first.ca_file});
  ASSERT_TRUE(old.ok());
  ASSERT_EQ(Call(*old), kReached);

  ReplaceBoth(second);
  EXPECT_THAT(told_.Await(1), ElementsAre("rotated"));
  EXPECT_EQ(Reach({.address = server.address(), .ca_file = second.ca_file}), kReached);
  EXPECT_EQ(Reach({.address = server.address(), .ca_file = first.ca_file}), kRefused);
  // This one could not be made again: its client does not trust the new authority.
  EXPECT_EQ(Call(*old), kReached);
}

TEST_F(RotationTest, ASwappedDirectoryLinkReplacesBothAtOnce) {
  namespace fs = std::filesystem;
  fs::create_directory(directory_ / "1");
  fs::create_directory(directory_ / "2");
  const test::TlsFiles first = test::MakeTlsFiles(directory_ / "1", "tls");
  const test::TlsFiles second = test::MakeTlsFiles(directory_ / "2", "tls");
  fs::create_directory_symlink("1", directory_ / "current");
  ServerCredentialsOptions options = WatchedOptions();
  options.certificate_file = directory_ / "current/tls.pem";
  options.key_file = directory_ / "current/tls.key";
  EXPECT_THAT(DirectoriesToRead({options.certificate_file, options.key_file}),
              ElementsAre(directory_ / "current", directory_.path()));
  TlsServer server(options);
  ASSERT_EQ(Reach({.address = server.address(), .ca_file = first.ca_file}), kReached);
  fs::create_directory_symlink("2", directory_ / "next");
  fs::rename(directory_ / "next", directory_ / "current");
  EXPECT_THAT(told_.Await(1), ElementsAre("rotated"));
  EXPECT_EQ(Reach({.address = server.address(), .ca_file = second.ca_file}), kReached);
}

TEST_F(RotationTest, APairThatIsNotInOrderIsRefusedOnceAndTheOldOneStays) {
  const test::TlsFiles second = Another();
  const absl::Time then = absl::Now() - absl::Hours(48);
  auto ca = CertificateAuthority::Create("Old", then, absl::Hours(100));
  auto old = ca->Issue({.common_name = "old",
                        .dns_names = {"localhost"},
                        .not_before = then,
                        .validity = absl::Hours(47)});
  ASSERT_TRUE(old.ok() && WriteIdentity(directory_.path(), "old", *old).ok());
  const std::string first_certificate = directory_ / "first.pem";
  std::filesystem::copy_file(files_.certificate_file, first_certificate);
  std::filesystem::copy_file(files_.key_file, directory_ / "first.key");
  TlsServer server(WatchedOptions());
  const auto still_old = [&] {
    return Reach({.address = server.address(), .ca_file = files_.ca_file}) == kReached;
  };

  Replace(files_.key_file, second.key_file, 0600);
  EXPECT_THAT(told_.Await(1).back(), HasSubstr("does not belong to the certificate"));
  EXPECT_TRUE(still_old());

  Replace(files_.key_file, second.key_file, 0640);
  EXPECT_THAT(told_.Await(2).back(), HasSubstr("open to group or others"));
  EXPECT_TRUE(still_old());

  Replace(files_.key_file, directory_ / "old.key", 0600);
  Replace(files_.certificate_file, directory_ / "old.pem", 0644);
  EXPECT_THAT(told_.Await(3).back(), HasSubstr("has expired"));
  EXPECT_TRUE(still_old());

  Replace(files_.certificate_file, second.certificate_file, 0666);
  EXPECT_THAT(told_.Await(4).back(), HasSubstr("can be written by group or others"));
  EXPECT_TRUE(still_old());

  std::filesystem::remove(files_.certificate_file);
  EXPECT_THAT(told_.Await(5).back(), HasSubstr("No such file"));
  EXPECT_TRUE(still_old());

  ReplaceBoth(second);
  EXPECT_THAT(told_.Await(6).back(), "rotated");
  EXPECT_EQ(Reach({.address = server.address(), .ca_file = second.ca_file}), kReached);
}

TEST_F(RotationTest, OnlyTls13IsServedAfterwardsToo) {
  const test::TlsFiles second = Another();
  TlsServer server(WatchedOptions());
  ReplaceBoth(second);
  ASSERT_THAT(told_.Await(1), ElementsAre("rotated"));
  files_.ca_file = second.ca_file;
  EXPECT_THAT(SClient(server, "-tls1_3").output, HasSubstr("New, TLSv1.3"));
  EXPECT_NE(SClient(server, "-tls1_2").exit_code, 0);
}

}  // namespace
}  // namespace letterlock::tls
