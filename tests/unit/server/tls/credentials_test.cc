#include "server/tls/credentials.h"

#include <gmock/gmock.h>
#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "command.h"
#include "letterlock/testing/v1/testing.grpc.pb.h"
#include "server/config/files.h"
#include "server/tls/identity.h"
#include "server/tls/issue.h"
#include "support/temporary_directory.h"
#include "support/tls_files.h"

namespace letterlock::tls {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
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

grpc::StatusCode Call(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
  testing::v1::EchoResponse response;
  return testing::v1::EchoService::NewStub(channel)->Public(&context, {}, &response).error_code();
}

grpc::StatusCode Reach(const ChannelOptions& options) {
  auto channel = MakeChannel(options);
  return channel.ok() ? Call(*channel) : grpc::StatusCode::UNKNOWN;
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
