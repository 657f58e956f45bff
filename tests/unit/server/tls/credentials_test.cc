#include "server/tls/credentials.h"

#include <gmock/gmock.h>
#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "absl/time/clock.h"
#include "command.h"
#include "letterlock/testing/v1/testing.grpc.pb.h"
#include "server/config/files.h"
#include "server/tls/issue.h"
#include "support/temporary_directory.h"
#include "support/tls_files.h"

namespace letterlock::tls {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

// A gRPC server over our credentials. It serves nothing: UNIMPLEMENTED says that a connection was
// made.
class TlsServer {
 public:
  explicit TlsServer(const ServerCredentialsOptions& options) {
    auto credentials = MakeServerCredentials(options);
    if (!credentials.ok()) std::abort();
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", *credentials, &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
  }
  ~TlsServer() { server_->Shutdown(); }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }

 private:
  int port_ = 0;
  testing::v1::EchoService::CallbackService service_;
  std::unique_ptr<grpc::Server> server_;
};

grpc::StatusCode Reach(const ChannelOptions& options) {
  auto channel = MakeChannel(options);
  if (!channel.ok()) return grpc::StatusCode::UNKNOWN;
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
  testing::v1::EchoResponse response;
  return testing::v1::EchoService::NewStub(*channel)->Public(&context, {}, &response).error_code();
}

constexpr auto kReached = grpc::StatusCode::UNIMPLEMENTED;
constexpr auto kRefused = grpc::StatusCode::UNAVAILABLE;

class CredentialsTest : public ::testing::Test {
 protected:
  // Refused handshakes are what is tested here; gRPC complains of each.
  static void SetUpTestSuite() {
    gpr_set_log_function([](gpr_log_func_args*) {});
  }

  ServerCredentialsOptions ServerOptions() const {
    return {.certificate_file = files_.certificate_file, .key_file = files_.key_file};
  }
  std::string WhyRefused(const ServerCredentialsOptions& options) {
    return std::string(MakeServerCredentials(options).status().message());
  }
  CommandResult SClient(const TlsServer& server, const std::string& version) {
    return RunCommand("OPENSSL_CONF=/dev/null openssl s_client -connect " + server.address() + " " +
                      version + " -cipher 'ALL:@SECLEVEL=0' -alpn h2 -CAfile " + files_.ca_file +
                      " -verify_return_error -verify_ip 127.0.0.1");
  }

  test::TemporaryDirectory directory_;
  test::TlsFiles files_ = test::MakeTlsFiles(directory_.path());
};

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

TEST_F(CredentialsTest, ANewCertificateIsServedAfterADirectorySwapWithoutARestart) {
  namespace fs = std::filesystem;
  fs::create_directory(directory_ / "1");
  fs::create_directory(directory_ / "2");
  const test::TlsFiles first = test::MakeTlsFiles(directory_ / "1", "tls");
  const test::TlsFiles second = test::MakeTlsFiles(directory_ / "2", "tls");
  fs::create_directory_symlink("1", directory_ / "current");
  TlsServer server({.certificate_file = directory_ / "current/tls.pem",
                    .key_file = directory_ / "current/tls.key",
                    .refresh = absl::Seconds(1)});
  ASSERT_EQ(Reach({.address = server.address(), .ca_file = first.ca_file}), kReached);
  ASSERT_EQ(Reach({.address = server.address(), .ca_file = second.ca_file}), kRefused);

  fs::create_directory_symlink("2", directory_ / "next");
  fs::rename(directory_ / "next", directory_ / "current");
  const absl::Time limit = absl::Now() + absl::Seconds(20);
  while (Reach({.address = server.address(), .ca_file = second.ca_file}) != kReached) {
    ASSERT_LT(absl::Now(), limit) << "the new certificate is not served";
  }
  EXPECT_EQ(Reach({.address = server.address(), .ca_file = first.ca_file}), kRefused);
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
