// Each case in a process of its own: OpenSSL reads its configuration once.
#include "server/tls/policy.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>

#include "support/temporary_directory.h"

namespace letterlock::tls {
namespace {

// Whether `check` held in a process that has not touched OpenSSL.
bool HoldsInAFreshProcess(const std::function<bool()>& check) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(check() ? 0 : 1);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Whether a client that is told to speak `version` at most has anything to say: its first message,
// the ClientHello. gRPC raises the floor to TLS 1.2 itself; here it is lowered, so that nothing but
// the policy is in the way.
bool Offers(int version) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_method()),
                                                                  &SSL_CTX_free);
  if (SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION) != 1) return false;
  const std::unique_ptr<SSL, decltype(&SSL_free)> client(SSL_new(context.get()), &SSL_free);
  if (SSL_set_max_proto_version(client.get(), version) != 1) return false;
  SSL_set_security_level(client.get(), 0);
  BIO* out = BIO_new(BIO_s_mem());
  SSL_set_bio(client.get(), BIO_new(BIO_s_mem()), out);
  SSL_set_connect_state(client.get());
  SSL_do_handshake(client.get());
  return BIO_pending(out) > 0 && SSL_get_state(client.get()) != TLS_ST_BEFORE &&
         SSL_get_error(client.get(), -1) == SSL_ERROR_WANT_READ;
}

bool OnlyTls13() {
  return Offers(TLS1_3_VERSION) && !Offers(TLS1_2_VERSION) && !Offers(TLS1_1_VERSION) &&
         !Offers(TLS1_VERSION);
}

class Tls13 : public ::testing::Test {
 protected:
  // A configuration that allows all that the policy forbids.
  std::string HostileConfiguration() {
    const std::string path = directory_ / "openssl.cnf";
    std::ofstream(path) << "openssl_conf = i\n[i]\nssl_conf = s\n[s]\nsystem_default = d\n[d]\n"
                           "MinProtocol = TLSv1\nProtocol = ALL\nCipherString = ALL:@SECLEVEL=0\n";
    return path;
  }

  test::TemporaryDirectory directory_;
};

// The positive control: without the policy, the check sees the older version.
TEST_F(Tls13, WithoutThePolicyTls12IsOffered) {
  EXPECT_TRUE(
      HoldsInAFreshProcess([] { return Offers(TLS1_2_VERSION) && Offers(TLS1_3_VERSION); }));
}

TEST_F(Tls13, IsAllThatIsOffered) {
  EXPECT_TRUE(HoldsInAFreshProcess([] { return RequireTls13().ok() && OnlyTls13(); }));
}

TEST_F(Tls13, IsAllThatIsOfferedWhateverTheEnvironmentSays) {
  const std::string path = HostileConfiguration();
  ASSERT_TRUE(HoldsInAFreshProcess([&] {
    ::setenv("OPENSSL_CONF", path.c_str(), 1);
    return Offers(TLS1_1_VERSION);
  })) << "the hostile configuration is none";
  EXPECT_TRUE(HoldsInAFreshProcess([&] {
    ::setenv("OPENSSL_CONF", path.c_str(), 1);
    return RequireTls13().ok() && OnlyTls13();
  }));
}

TEST_F(Tls13, IsAllThatIsOfferedAfterOpensslReadAnotherConfiguration) {
  const std::string path = HostileConfiguration();
  EXPECT_TRUE(HoldsInAFreshProcess([&] {
    ::setenv("OPENSSL_CONF", path.c_str(), 1);
    OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, nullptr);
    return Offers(TLS1_1_VERSION) && RequireTls13().ok() && OnlyTls13();
  }));
}

TEST_F(Tls13, CanBeRequiredTwice) {
  EXPECT_TRUE(HoldsInAFreshProcess(
      [] { return RequireTls13().ok() && RequireTls13().ok() && OnlyTls13(); }));
}

}  // namespace
}  // namespace letterlock::tls
