#include "server/tls/issue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <functional>

#include "absl/time/clock.h"
#include "command.h"
#include "support/temporary_directory.h"

namespace letterlock::tls {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class IssueTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(WriteIdentity(directory_.path(), "ca", ca_.identity()).ok());
    auto leaf = ca_.Issue(Leaf());
    ASSERT_TRUE(leaf.ok()) << leaf.status();
    ASSERT_TRUE(WriteIdentity(directory_.path(), "leaf", *leaf).ok());
  }
  LeafOptions Leaf() const {
    return {.common_name = "maild",
            .dns_names = {"mail.example.org", "localhost"},
            .ip_addresses = {"127.0.0.1", "::1"},
            .not_before = now_,
            .validity = absl::Hours(10)};
  }
  CommandResult Verify(const std::string& arguments, const std::string& leaf = "leaf") {
    return RunCommand("openssl verify -x509_strict -CAfile " + directory_ / "ca.pem " + arguments +
                      " " + directory_ / (leaf + ".pem"));
  }
  std::string Show(const std::string& name) {
    return RunCommand("openssl x509 -noout -text -in " + directory_ / (name + ".pem")).output;
  }
  absl::Status Issue(const std::function<void(LeafOptions&)>& change) {
    LeafOptions options = Leaf();
    change(options);
    return ca_.Issue(options).status();
  }

  const absl::Time now_ = absl::Now() - absl::Minutes(5);
  test::TemporaryDirectory directory_;
  CertificateAuthority ca_ = *CertificateAuthority::Create("Letterlock CA", now_, absl::Hours(24));
};

TEST_F(IssueTest, AServersCertificateVerifiesForItsNamesAndPurpose) {
  for (const char* as : {"-verify_hostname mail.example.org", "-verify_hostname localhost",
                         "-verify_ip 127.0.0.1", "-verify_ip ::1"}) {
    const CommandResult result = Verify(std::string("-purpose sslserver ") + as);
    EXPECT_EQ(result.exit_code, 0) << as << "\n" << result.output;
  }
}

TEST_F(IssueTest, AServersCertificateVerifiesForNothingElse) {
  EXPECT_NE(Verify("-purpose sslclient").exit_code, 0);
  EXPECT_NE(Verify("-purpose sslserver -verify_hostname example.org").exit_code, 0);
  EXPECT_NE(Verify("-purpose sslserver -verify_ip 127.0.0.2").exit_code, 0);
  const std::string later = std::to_string(absl::ToUnixSeconds(now_ + absl::Hours(11)));
  EXPECT_THAT(Verify("-attime " + later).output, HasSubstr("certificate has expired"));
}

TEST_F(IssueTest, AClientsCertificateIsNotAServers) {
  auto client = ca_.Issue({.common_name = "c", .usage = Usage::kClient, .not_before = now_});
  ASSERT_TRUE(client.ok() && WriteIdentity(directory_.path(), "client", *client).ok());
  EXPECT_EQ(Verify("-purpose sslclient", "client").exit_code, 0);
  EXPECT_NE(Verify("-purpose sslserver", "client").exit_code, 0);
}

TEST_F(IssueTest, ALeafIsNoAuthority) {
  auto leaf = ca_.Issue(Leaf());
  EXPECT_EQ(CertificateAuthority::FromIdentity(*std::move(leaf)).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Show("leaf"), HasSubstr("CA:FALSE"));
  EXPECT_THAT(Show("ca"), HasSubstr("CA:TRUE, pathlen:0"));
}

TEST_F(IssueTest, EveryCertificateHasItsOwnSerialAndKey) {
  auto again = ca_.Issue(Leaf());
  ASSERT_TRUE(again.ok() && WriteIdentity(directory_.path(), "again", *again).ok());
  const auto serial = [&](const std::string& name) {
    return RunCommand("openssl x509 -noout -serial -in " + directory_ / (name + ".pem")).output;
  };
  EXPECT_NE(serial("leaf"), serial("again"));
  EXPECT_EQ(serial("leaf").size(), std::string("serial=\n").size() + 32);
  const auto key = [&](const std::string& name) {
    return RunCommand("openssl x509 -noout -pubkey -in " + directory_ / (name + ".pem")).output;
  };
  EXPECT_NE(key("leaf"), key("again"));
  EXPECT_NE(key("leaf"), key("ca"));
}

TEST_F(IssueTest, AnAuthorityReadBackIssuesUnderTheSameRoot) {
  Identity copy{ca_.identity().certificate_pem,
                crypto::SecretBuffer::Copy(ca_.identity().key_pem.RevealView(crypto::KeyAccess{}))};
  auto reopened = CertificateAuthority::FromIdentity(std::move(copy));
  ASSERT_TRUE(reopened.ok());
  auto leaf = reopened->Issue(Leaf());
  ASSERT_TRUE(leaf.ok() && WriteIdentity(directory_.path(), "second", *leaf).ok());
  EXPECT_EQ(Verify("-purpose sslserver", "second").exit_code, 0);
}

TEST_F(IssueTest, AnAuthorityWithAnotherKeyIsRefused) {
  auto other = CertificateAuthority::Create("Other", now_, absl::Hours(1));
  Identity mixed{
      ca_.identity().certificate_pem,
      crypto::SecretBuffer::Copy(other->identity().key_pem.RevealView(crypto::KeyAccess{}))};
  EXPECT_FALSE(CertificateAuthority::FromIdentity(std::move(mixed)).ok());
}

TEST_F(IssueTest, NamesThatAreNoneAreRefused) {
  for (const char* name : {"", "UPPER.example", "a b", ".a", "a.", "a,DNS:b", "b\xc3\xbc"}) {
    EXPECT_EQ(Issue([&](auto& o) { o.dns_names = {name}; }).code(),
              absl::StatusCode::kInvalidArgument)
        << name;
  }
  for (const char* ip : {"", "1.2.3", "1.2.3.4.5", "localhost", "::g"}) {
    EXPECT_EQ(Issue([&](auto& o) { o.ip_addresses = {ip}; }).code(),
              absl::StatusCode::kInvalidArgument)
        << ip;
  }
  EXPECT_FALSE(Issue([](auto& o) { o.common_name = ""; }).ok());
  EXPECT_FALSE(Issue([](auto& o) { o.common_name = std::string(65, 'x'); }).ok());
  EXPECT_FALSE(Issue([](auto& o) { o.common_name = "a\nb"; }).ok());
  EXPECT_FALSE(Issue([](auto& o) { o.dns_names = {}, o.ip_addresses = {}; }).ok());
}

TEST_F(IssueTest, KeysAreWrittenForTheirOwnerAloneAndNeverOver) {
  struct stat about = {};
  ASSERT_EQ(::stat((directory_ / "leaf.key").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  auto again = ca_.Issue(Leaf());
  EXPECT_EQ(WriteIdentity(directory_.path(), "leaf", *again).code(),
            absl::StatusCode::kAlreadyExists);
}

TEST_F(IssueTest, KeysAreP256) {
  EXPECT_THAT(Show("leaf"), HasSubstr("ASN1 OID: prime256v1"));
  EXPECT_THAT(Show("leaf"), HasSubstr("ecdsa-with-SHA256"));
  EXPECT_THAT(Show("leaf"), Not(HasSubstr("Public-Key: (384")));
}

}  // namespace
}  // namespace letterlock::tls
