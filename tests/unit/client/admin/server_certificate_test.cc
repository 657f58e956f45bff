#include "admin/server_certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/time/clock.h"
#include "server/config/files.h"
#include "server/tls/identity.h"
#include "support/temporary_directory.h"

namespace letterlock::admin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ServerCertificate : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = MakeCertificates({.authority_name = "CA",
                                  .server_name = "server",
                                  .names = {"mail.example.org", "127.0.0.1"},
                                  .now = now_,
                                  .validity = absl::Hours(48)},
                                 directory_.path());
    ASSERT_TRUE(made.ok()) << made.status();
  }
  std::string Certificate() const { return directory_ / "tls/server.pem"; }
  std::string Read(const std::string& name) const {
    return config::ReadFile(directory_ / name, 1 << 20).value();
  }
  absl::StatusOr<absl::Time> Renew(absl::Time now, std::vector<std::string> names = {}) {
    return RenewCertificate({.ca_directory = directory_ / "ca",
                             .tls_directory = directory_ / "tls",
                             .server_name = "server",
                             .names = std::move(names),
                             .now = now,
                             .validity = absl::Hours(24 * 90)});
  }

  const absl::Time now_ = absl::Now();
  test::TemporaryDirectory directory_;
};

TEST_F(ServerCertificate, IsInOrderAndApartFromItsAuthority) {
  EXPECT_TRUE(tls::LoadIdentity(Certificate(), directory_ / "tls/server.key", now_).ok());
  EXPECT_TRUE(*tls::ChainLeadsTo(Certificate(), directory_ / "ca/ca.pem", now_));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "tls/ca.key"));
}

TEST_F(ServerCertificate, RenewedItHasTheSameNamesAndAnotherKey) {
  const std::string old_certificate = Read("tls/server.pem");
  const std::string old_key = Read("tls/server.key");
  const auto not_after = Renew(now_ + absl::Hours(24));
  ASSERT_TRUE(not_after.ok()) << not_after.status();
  EXPECT_NE(Read("tls/server.pem"), old_certificate);
  EXPECT_NE(Read("tls/server.key"), old_key);
  EXPECT_TRUE(
      tls::LoadIdentity(Certificate(), directory_ / "tls/server.key", *not_after - absl::Hours(1))
          .ok());
  EXPECT_THAT(tls::ReadCertificateFacts(Certificate())->names,
              ElementsAre("mail.example.org", "127.0.0.1"));
  EXPECT_TRUE(*tls::ChainLeadsTo(Certificate(), directory_ / "ca/ca.pem", now_ + absl::Hours(25)));
}

TEST_F(ServerCertificate, RenewedItMayHaveOtherNames) {
  ASSERT_TRUE(Renew(now_, {"other.example.org"}).ok());
  EXPECT_THAT(tls::ReadCertificateFacts(Certificate())->names, ElementsAre("other.example.org"));
}

TEST_F(ServerCertificate, NeedsAName) {
  std::filesystem::remove_all(directory_ / "tls");
  EXPECT_THAT(std::string(Renew(now_).status().message()), HasSubstr("no names"));
  EXPECT_TRUE(Renew(now_, {"localhost"}).ok());
}

TEST_F(ServerCertificate, EndsWithItsAuthority) {
  const absl::Time end = tls::ReadCertificateFacts(directory_ / "ca/ca.pem")->not_after;
  EXPECT_EQ(*Renew(end - absl::Hours(24)), end);
  EXPECT_THAT(std::string(Renew(end).status().message()), HasSubstr("has expired"));
}

TEST_F(ServerCertificate, IsNotIssuedByAKeyThatOthersCanRead) {
  std::filesystem::permissions(directory_ / "ca/ca.key", std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  EXPECT_TRUE(absl::IsPermissionDenied(Renew(now_).status()));
}

}  // namespace
}  // namespace letterlock::admin
