#include "server/tls/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/time/clock.h"
#include "credentials_fixture.h"
#include "server/config/files.h"
#include "server/tls/identity.h"
#include "server/tls/issue.h"

namespace letterlock::tls {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(CredentialsTest, OpensslConnectsWithTls13) {
  TlsServer server(ServerOptions());
  const CommandResult result = SClient(server, "-tls1_3");
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("New, TLSv1.3"));
}

TEST_F(CredentialsTest, OpensslConnectsWithNothingOlder) {
  TlsServer server(ServerOptions());
  for (const char* version : {"-tls1_2", "-tls1_1", "-tls1"}) {
    const CommandResult result = SClient(server, version);
    EXPECT_NE(result.exit_code, 0) << version;
    // The client did speak; the server closed without a word.
    EXPECT_THAT(result.output, ContainsRegex("has read 0 bytes and written [1-9]")) << version;
    EXPECT_THAT(result.output, HasSubstr("Cipher is (NONE)")) << version;
  }
}

TEST_F(CredentialsTest, AClientReachesTheServerByAddressAndByName) {
  TlsServer server(ServerOptions());
  EXPECT_EQ(Reach({.address = server.address(), .ca_file = files_.ca_file}), kReached);
  EXPECT_EQ(
      Reach({.address = server.address(), .server_name = "localhost", .ca_file = files_.ca_file}),
      kReached);
}

TEST_F(CredentialsTest, AClientRefusesAnotherName) {
  TlsServer server(ServerOptions());
  for (const char* name : {"mail.example.org", "127.0.0.2", "localhost.example.org"}) {
    EXPECT_EQ(Reach({.address = server.address(), .server_name = name, .ca_file = files_.ca_file}),
              kRefused)
        << name;
  }
}

TEST_F(CredentialsTest, AClientRefusesAnotherAuthority) {
  TlsServer server(ServerOptions());
  const test::TlsFiles other = test::MakeTlsFiles(directory_.path(), "other");
  EXPECT_EQ(Reach({.address = server.address(), .ca_file = other.ca_file}), kRefused);
  // Nor do the machine's authorities count, which a public certificate would come from.
  EXPECT_EQ(Reach({.address = server.address(), .ca_file = other.certificate_file}), kRefused);
}

TEST_F(CredentialsTest, AClientNeedsItsAuthorityFile) {
  EXPECT_FALSE(MakeChannel({.address = "127.0.0.1:1"}).ok());
  EXPECT_FALSE(MakeChannel({.address = "127.0.0.1:1", .ca_file = directory_ / "none"}).ok());
  EXPECT_FALSE(MakeChannel({.address = "127.0.0.1:1", .ca_file = files_.key_file}).ok());
}

TEST_F(CredentialsTest, AKeyThatOthersCanReadIsRefused) {
  for (const mode_t mode : {0640, 0604}) {
    ASSERT_EQ(::chmod(files_.key_file.c_str(), mode), 0);
    EXPECT_EQ(MakeServerCredentials(ServerOptions()).status().code(),
              absl::StatusCode::kPermissionDenied);
  }
  EXPECT_THAT(WhyRefused(ServerOptions()), HasSubstr(files_.key_file));
}

TEST_F(CredentialsTest, AKeyOfAnotherCertificateIsRefused) {
  const test::TlsFiles other = test::MakeTlsFiles(directory_.path(), "other");
  ServerCredentialsOptions options = ServerOptions();
  options.key_file = other.key_file;
  EXPECT_THAT(WhyRefused(options), HasSubstr("does not belong to the certificate"));
}

TEST_F(CredentialsTest, FilesThatAreNotWhatTheyShouldBeAreRefused) {
  ServerCredentialsOptions options = ServerOptions();
  options.certificate_file = directory_ / "none";
  EXPECT_EQ(MakeServerCredentials(options).status().code(), absl::StatusCode::kNotFound);
  options.certificate_file = files_.key_file;
  EXPECT_THAT(WhyRefused(options), HasSubstr("is not a PEM certificate"));
  options = ServerOptions();
  options.client_ca_file = directory_ / "none";
  EXPECT_EQ(MakeServerCredentials(options).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(CredentialsTest, AnExpiredCertificateIsRefused) {
  const absl::Time then = absl::Now() - absl::Hours(48);
  auto ca = CertificateAuthority::Create("Old", then, absl::Hours(100));
  auto old = ca->Issue({.common_name = "old",
                        .dns_names = {"localhost"},
                        .not_before = then,
                        .validity = absl::Hours(47)});
  ASSERT_TRUE(old.ok() && WriteIdentity(directory_.path(), "old", *old).ok());
  EXPECT_THAT(
      WhyRefused({.certificate_file = directory_ / "old.pem", .key_file = directory_ / "old.key"}),
      HasSubstr("has expired"));
}

TEST_F(CredentialsTest, ACertificateThatOthersCanWriteOrThatIsALinkIsRefused) {
  ASSERT_EQ(::chmod(files_.certificate_file.c_str(), 0664), 0);
  EXPECT_THAT(WhyRefused(ServerOptions()), HasSubstr("can be written by group or others"));
  ASSERT_EQ(::chmod(files_.certificate_file.c_str(), 0644), 0);
  std::filesystem::create_symlink(files_.certificate_file, directory_ / "link.pem");
  ServerCredentialsOptions options = ServerOptions();
  options.certificate_file = directory_ / "link.pem";
  EXPECT_THAT(WhyRefused(options), HasSubstr("is a symbolic link"));
}

TEST_F(CredentialsTest, ACertificateThatIsNotValidYetIsRefused) {
  const absl::Time later = absl::Now() + absl::Hours(1);
  auto ca = CertificateAuthority::Create("New", later, absl::Hours(100));
  auto early = ca->Issue({.common_name = "new", .dns_names = {"localhost"}, .not_before = later});
  ASSERT_TRUE(early.ok() && WriteIdentity(directory_.path(), "early", *early).ok());
  EXPECT_THAT(WhyRefused({.certificate_file = directory_ / "early.pem",
                          .key_file = directory_ / "early.key"}),
              HasSubstr("is not valid yet"));
}

TEST_F(CredentialsTest, AChainWithRubbishInItIsRefused) {
  std::ofstream(files_.certificate_file, std::ios::app)
      << "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_THAT(WhyRefused(ServerOptions()), HasSubstr("is not a PEM certificate"));
}

TEST_F(CredentialsTest, WhatACertificateSaysIsRead) {
  const auto facts = ReadCertificateFacts(files_.certificate_file);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_THAT(facts->names, ElementsAre("localhost", "127.0.0.1"));
  EXPECT_LT(facts->not_before, absl::Now());
  EXPECT_GT(facts->not_after, absl::Now());
  EXPECT_TRUE(facts->for_servers);
  EXPECT_TRUE(*CertificateServes(files_.certificate_file, "localhost"));
  EXPECT_TRUE(*CertificateServes(files_.certificate_file, "127.0.0.1"));
  for (const char* other : {"example.org", "127.0.0.2", "server", ""}) {
    EXPECT_FALSE(*CertificateServes(files_.certificate_file, other)) << other;
  }
  const test::TlsFiles other = test::MakeTlsFiles(directory_.path(), "other");
  EXPECT_TRUE(*ChainLeadsTo(files_.certificate_file, files_.ca_file, absl::Now()));
  EXPECT_FALSE(*ChainLeadsTo(files_.certificate_file, other.ca_file, absl::Now()));
  EXPECT_FALSE(
      *ChainLeadsTo(files_.certificate_file, files_.ca_file, absl::Now() + absl::Hours(100)));
  const test::TlsFiles client =
      test::MakeTlsFiles(directory_.path(), "client-of", {.usage = Usage::kClient});
  EXPECT_FALSE(ReadCertificateFacts(client.certificate_file)->for_servers);
}

class MutualTlsTest : public CredentialsTest {
 protected:
  // An authority for clients, and a client under it.
  void SetUp() override {
    const absl::Time now = absl::Now() - absl::Minutes(1);
    auto ca = CertificateAuthority::Create("Clients", now, absl::Hours(1));
    auto client = ca->Issue({.common_name = "c",
                             .usage = Usage::kClient,
                             .not_before = now,
                             .validity = absl::Hours(1)});
    ASSERT_TRUE(client.ok());
    ASSERT_TRUE(WriteIdentity(directory_.path(), "clients", ca->identity()).ok());
    ASSERT_TRUE(WriteIdentity(directory_.path(), "client", *client).ok());
  }
  ServerCredentialsOptions Options() const {
    ServerCredentialsOptions options = ServerOptions();
    options.client_ca_file = directory_ / "clients.pem";
    return options;
  }
  ChannelOptions Client(const TlsServer& server, const std::string& certificate,
                        const std::string& key) const {
    return {.address = server.address(),
            .ca_file = files_.ca_file,
            .certificate_file = certificate,
            .key_file = key};
  }
};

TEST_F(MutualTlsTest, AClientOfTheAuthorityIsTaken) {
  TlsServer server(Options());
  EXPECT_EQ(Reach(Client(server, directory_ / "client.pem", directory_ / "client.key")), kReached);
}

TEST_F(MutualTlsTest, AClientWithoutACertificateOrOfAnotherAuthorityIsRefused) {
  TlsServer server(Options());
  EXPECT_EQ(Reach(Client(server, "", "")), kRefused);
  EXPECT_EQ(Reach(Client(server, files_.certificate_file, files_.key_file)), kRefused);
}

TEST_F(MutualTlsTest, ACertificateWithoutItsKeyIsNoIdentity) {
  TlsServer server(Options());
  EXPECT_FALSE(MakeChannel(Client(server, directory_ / "client.pem", "")).ok());
  EXPECT_FALSE(MakeChannel(Client(server, directory_ / "client.pem", files_.key_file)).ok());
}

}  // namespace
}  // namespace letterlock::tls
