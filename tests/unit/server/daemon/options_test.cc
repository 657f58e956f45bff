#include "server/daemon/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace letterlock::daemon {
namespace {

using ::testing::HasSubstr;

constexpr char kLeast[] =
    "[tls]\ncertificate_file = \"server.pem\"\nkey_file = \"/keys/server.key\"\n";

absl::StatusOr<CommonOptions> ReadFrom(const std::string& toml) {
  auto reader = config::Reader::Parse(toml, "daemon.toml", "/etc/letterlock");
  if (!reader.ok()) return reader.status();
  CommonOptions options{.listen = "127.0.0.1:7442"};
  ReadCommonOptions(*reader, &options);
  if (absl::Status sound = reader->Finish(); !sound.ok()) return sound;
  return options;
}

TEST(CommonOptions, HaveTheirDefaults) {
  const auto options = ReadFrom(kLeast);
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->listen, "127.0.0.1:7442");
  EXPECT_EQ(options->tls_certificate_file, "/etc/letterlock/server.pem");
  EXPECT_EQ(options->tls_key_file, "/keys/server.key");
  EXPECT_EQ(options->admin_socket, "");
  EXPECT_EQ(options->metrics_listen, "");
  EXPECT_EQ(options->log_level, rpc::LogLevel::kInfo);
  EXPECT_EQ(options->confinement, Confinement::kByDeployment);
}

TEST(CommonOptions, NameEachLogLevel) {
  for (const auto& [name, level] : {std::pair{"error", rpc::LogLevel::kError},
                                    {"warning", rpc::LogLevel::kWarning},
                                    {"info", rpc::LogLevel::kInfo},
                                    {"debug", rpc::LogLevel::kDebug}}) {
    const auto options = ReadFrom(std::string("log_level = \"") + name + "\"\n" + kLeast);
    ASSERT_TRUE(options.ok()) << options.status();
    EXPECT_EQ(options->log_level, level) << name;
  }
  EXPECT_THAT(ReadFrom(std::string("log_level = \"loud\"\n") + kLeast).status().message(),
              HasSubstr("daemon.toml:1: log_level: must be one of error|warning|info|debug"));
}

TEST(CommonOptions, WithoutCertificateAndKeyAreRefused) {
  const absl::Status refused = ReadFrom("").status();
  EXPECT_THAT(refused.message(), HasSubstr("tls.certificate_file: must be set"));
  EXPECT_THAT(refused.message(), HasSubstr("tls.key_file: must be set"));
}

TEST(CommonOptions, AnAddressWithoutAPortIsRefused) {
  EXPECT_THAT(ReadFrom(std::string("listen = \"localhost\"\n") + kLeast).status().message(),
              HasSubstr("listen: must be ADDRESS:PORT"));
}

TEST(CommonOptions, MetricsForOtherMachinesAreRefused) {
  EXPECT_THAT(
      ReadFrom(std::string("metrics.listen = \"0.0.0.0:9464\"\n") + kLeast).status().message(),
      HasSubstr("loopback"));
}

TEST(Confinement, GoesOnWithoutALayerWhereItMay) {
  EXPECT_TRUE(ConfinesAsFarAsItCan(Confinement::kByDeployment, /*development=*/true));
  EXPECT_FALSE(ConfinesAsFarAsItCan(Confinement::kByDeployment, /*development=*/false));
  EXPECT_FALSE(ConfinesAsFarAsItCan(Confinement::kRequired, /*development=*/true));
  EXPECT_TRUE(ConfinesAsFarAsItCan(Confinement::kBestEffort, /*development=*/false));
}

}  // namespace
}  // namespace letterlock::daemon
