// Certificates are replaced under daemons that run, confined as they are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>

#include "absl/time/clock.h"
#include "server/tls/credentials.h"
#include "support/daemon.h"
#include "support/health.h"
#include "support/served_directory.h"
#include "support/served_maild.h"

namespace letterlock {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

// A daemon of either plane.
struct Server {
  std::string address;
  std::string ca_file;  // what its clients have
  std::string ca;       // where its authority is
  std::string tls;      // where its certificate is
  std::string tool;     // that renews it
  std::function<std::string()> log;
};

// The serial number of the certificate that a new connection is shown.
std::string Serial(const Server& server) {
  const auto shown =
      testing::RunProgram("/bin/sh", {"-c", "openssl s_client -connect " + server.address +
                                                " -tls1_3 -alpn h2 -CAfile " + server.ca_file +
                                                " -verify_return_error </dev/null 2>/dev/null"
                                                " | openssl x509 -noout -serial"});
  return shown.ok() ? shown->output : "";
}

bool Eventually(const std::function<bool()>& holds) {
  const absl::Time until = absl::Now() + absl::Seconds(20);
  while (!holds()) {
    if (absl::Now() > until) return false;
  }
  return true;
}

testing::RunResult Renew(const Server& server, const std::string& out) {
  return testing::RunProgram(server.tool, {"certificate", "--ca", server.ca, "--out", out, "--name",
                                           "localhost", "--name", "127.0.0.1"})
      .value();
}

void NewConnectionsGetTheNewCertificateAndOpenStreamsGoOn(const Server& server) {
  const std::string before = Serial(server);
  ASSERT_THAT(before, HasSubstr("serial="));
  auto channel = tls::MakeChannel(
      {.address = server.address, .server_name = "localhost", .ca_file = server.ca_file});
  ASSERT_TRUE(channel.ok());
  test::HealthWatch watch(*channel, "");
  ASSERT_EQ(watch.Next(), test::kServing);

  const auto renewed = Renew(server, server.tls);
  ASSERT_EQ(renewed.exit_code, 0) << renewed.output;
  ASSERT_TRUE(Eventually([&] { return Serial(server) != before; })) << server.log();
  EXPECT_THAT(server.log(), HasSubstr("tls_rotated"));
  EXPECT_THAT(server.log(), Not(HasSubstr("tls_refused")));
  test::HealthWatch another(*channel, "");  // on the connection that was there
  EXPECT_EQ(another.Next(), test::kServing);
  watch.Cancel();
  EXPECT_EQ(watch.Next(), std::nullopt);
  EXPECT_EQ(watch.End().error_code(), grpc::StatusCode::CANCELLED);  // by us, not by the server
}

void ABadPairIsRefusedAndTheOldOneStays(const Server& server) {
  const std::string before = Serial(server);
  fs::permissions(server.tls + "/server.key", fs::perms::group_read, fs::perm_options::add);
  ASSERT_TRUE(Eventually([&] { return server.log().find("tls_refused") != std::string::npos; }));
  EXPECT_THAT(server.log(), HasSubstr("open to group or others"));
  EXPECT_EQ(Serial(server), before);
  const auto renewed = Renew(server, server.tls);
  ASSERT_EQ(renewed.exit_code, 0) << renewed.output;
  EXPECT_TRUE(Eventually([&] { return Serial(server) != before; })) << server.log();
}

TEST(Rotation, MaildServesTheNewCertificateAndGoesOn) {
  test::ServedMaild maild;
  ASSERT_TRUE(maild.Start({"--tls.refresh", "100ms"}).ok()) << maild.LogText();
  const Server server{maild.daemon().address(),
                      maild.ca_file(),
                      maild.path() + "/ca",
                      maild.path() + "/tls",
                      LETTERLOCK_BIN "/letterlock-mailadmin",
                      [&] { return maild.LogText(); }};
  NewConnectionsGetTheNewCertificateAndOpenStreamsGoOn(server);
  ABadPairIsRefusedAndTheOldOneStays(server);
  EXPECT_EQ(maild.Stop().value_or(-1), 0);
}

TEST(Rotation, DirectorydServesTheNewCertificateAndGoesOn) {
  test::ServedDirectory directory;
  ASSERT_TRUE(directory.Start({"--tls.refresh", "100ms"}).ok()) << directory.LogText();
  const Server server{directory.daemon().address(),
                      directory.PathOf("ca.pem"),
                      directory.PathOf("ca"),
                      directory.PathOf("tls"),
                      LETTERLOCK_BIN "/letterlock-admin",
                      [&] { return directory.LogText(); }};
  NewConnectionsGetTheNewCertificateAndOpenStreamsGoOn(server);
  ABadPairIsRefusedAndTheOldOneStays(server);
  EXPECT_EQ(directory.Stop().value_or(-1), 0);
}

// Landlock knows directories, not their names: what the link leads to later must be within reach.
TEST(Rotation, ASwappedDirectoryLinkIsSeenInsideTheConfinement) {
  test::ServedMaild maild;
  const std::string tls = maild.path() + "/tls";
  fs::create_directory(tls + "/1");
  for (const char* name : {"server.pem", "server.key"}) {
    fs::rename(tls + "/" + name, tls + "/1/" + name);
  }
  fs::create_directory_symlink("1", tls + "/current");
  ASSERT_TRUE(
      maild
          .Start({"--tls.refresh", "100ms", "--tls.certificate_file", tls + "/current/server.pem",
                  "--tls.key_file", tls + "/current/server.key"})
          .ok())
      << maild.LogText();
  const Server server{maild.daemon().address(),
                      maild.ca_file(),
                      maild.path() + "/ca",
                      tls + "/current",
                      LETTERLOCK_BIN "/letterlock-mailadmin",
                      [&] { return maild.LogText(); }};
  const std::string before = Serial(server);
  const auto renewed = Renew(server, tls + "/2");
  ASSERT_EQ(renewed.exit_code, 0) << renewed.output;
  fs::create_directory_symlink("2", tls + "/next");
  fs::rename(tls + "/next", tls + "/current");
  EXPECT_TRUE(Eventually([&] { return Serial(server) != before; })) << server.log();
  EXPECT_EQ(maild.Stop().value_or(-1), 0);
}

// What a daemon that was taken over can read: its own certificate, not the authority that issues.
TEST(Rotation, TheAuthoritysKeyIsNotBesideTheServers) {
  test::ServedMaild maild;
  test::ServedDirectory directory;
  for (const std::string& tls : {maild.path() + "/tls", directory.PathOf("tls")}) {
    for (const auto& file : fs::directory_iterator(tls)) {
      EXPECT_THAT(file.path().filename().string(), HasSubstr("server."));
    }
  }
}

}  // namespace
}  // namespace letterlock
