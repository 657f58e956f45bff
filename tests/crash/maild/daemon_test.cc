// The real programs from the outside: what they refuse to start with, what they speak, how they
// stop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>
#include <thread>

#include "attest/trust.h"
#include "crypto/base/encoding.h"
#include "support/served_maild.h"

namespace letterlock {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Maild : public ::testing::Test {
 protected:
  // Its end and what it says, where it does not start.
  testing::RunResult Run(const std::vector<std::string>& flags) {
    std::vector<std::string> arguments = {"--config", served_.path() + "/maild.toml", "--listen",
                                          "127.0.0.1:0"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return testing::RunProgram(LETTERLOCK_BIN "/letterlock-maild", arguments).value();
  }
  testing::RunResult Openssl(const std::string& flags) {
    return testing::RunProgram(
               "/bin/sh", {"-c", "echo | openssl s_client -connect " + served_.daemon().address() +
                                     " -CAfile " + served_.ca_file() + " -alpn h2 " + flags})
        .value();
  }

  test::ServedMaild served_;
};

TEST_F(Maild, SpeaksTls13AndNothingOlder) {
  ASSERT_TRUE(served_.Start().ok()) << served_.LogText();
  const auto tls13 = Openssl("-servername localhost -verify_return_error");
  EXPECT_THAT(tls13.output, HasSubstr("Verification: OK"));
  EXPECT_THAT(tls13.output, HasSubstr("New, TLSv1.3"));
  for (const char* older : {"-tls1_2", "-tls1_1", "-tls1"}) {
    const auto refused = Openssl(std::string(older) + " -cipher DEFAULT:@SECLEVEL=0");
    EXPECT_NE(refused.exit_code, 0);
    EXPECT_THAT(refused.output, HasSubstr("(NONE)"));
  }
}

TEST_F(Maild, IsConfinedAndKeepsItsKeysInLockedMemory) {
  ASSERT_TRUE(served_.Start({"--memory.mailboxes", "64", "--memory.require_locked", "true"}).ok())
      << served_.LogText();
  std::ifstream status("/proc/" + std::to_string(served_.daemon().pid()) + "/status");
  const std::string text{std::istreambuf_iterator<char>(status), {}};
  EXPECT_THAT(text, HasSubstr("NoNewPrivs:\t1"));
  EXPECT_THAT(text, HasSubstr("Seccomp:\t2"));
}

TEST_F(Maild, SaysWhatNobodyStandsFor) {
  ASSERT_TRUE(served_.Start().ok());
  EXPECT_EQ(served_.Stop().value_or(-1), 0);
  // This directory has a witness and a registrar.
  EXPECT_THAT(served_.LogText(), Not(HasSubstr("UNWITNESSED")));
  EXPECT_THAT(served_.LogText(), Not(HasSubstr("SELF-REGISTERED")));

  testing::AttestedDirectory open({.development = true, .quorum = "none"});
  std::ofstream(served_.path() + "/trust", std::ios::trunc)
      << attest::FormatTrustFile(open.trust_fields()).value();
  ASSERT_TRUE(served_.Start({"--store_directory", served_.path() + "/other"}).ok());
  EXPECT_EQ(served_.Stop().value_or(-1), 0);
  EXPECT_THAT(served_.LogText(), HasSubstr("UNWITNESSED"));
  EXPECT_THAT(served_.LogText(), HasSubstr("SELF-REGISTERED"));
}

TEST_F(Maild, FinishesWhatIsUnderWayWhenItIsToldToStop) {
  ASSERT_TRUE(served_.Start().ok());
  const testing::MailUser ann("ann", served_.deployment());
  const testing::MailUser bob("bob", served_.deployment());
  ASSERT_TRUE(served_.Enroll(ann).ok());
  ASSERT_TRUE(served_.Enroll(bob).ok());
  const std::string token = served_.client().OpenSession(ann).value();
  int acknowledged = 0;
  std::thread sender([&] {
    while (true) {
      mail::v1::SendRequest request;
      *request.mutable_envelope() = testing::EnvelopeOf(ann, bob, testing::FreshMessageId());
      if (!served_.client().Call(request, token).ok()) break;
      ++acknowledged;
    }
  });
  while (served_.ListAll(bob).value().size() < 5) {
  }
  EXPECT_EQ(served_.daemon().Stop().value_or(-1), 0) << served_.LogText();
  sender.join();
  ASSERT_TRUE(served_.Start().ok());
  EXPECT_GE(served_.ListAll(bob).value().size(), static_cast<std::size_t>(acknowledged));
}

TEST_F(Maild, RefusesAnEpochKeyThatOthersCanRead) {
  ASSERT_EQ(chmod((served_.path() + "/epoch.key").c_str(), 0644), 0);
  const auto refused = Run({});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.output, HasSubstr("epoch.key"));
}

TEST_F(Maild, RefusesTheEpochKeyOfAnotherStore) {
  ASSERT_TRUE(served_.Start().ok());
  EXPECT_EQ(served_.Stop().value_or(-1), 0);
  test::ServedMaild other;
  const auto refused = Run({"--epoch_key_file", other.path() + "/epoch.key"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.output, HasSubstr("does not open"));
}

TEST_F(Maild, RefusesAConfigurationThatItDoesNotUnderstand) {
  std::ofstream(served_.path() + "/maild.toml", std::ios::app) << "\n[quota]\nmesages = 5\n";
  const auto refused = Run({"--check-config"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.output, HasSubstr("quota.mesages"));
}

TEST_F(Maild, OneStoreHasOneServer) {
  ASSERT_TRUE(served_.Start().ok());
  const auto second = Run({});
  EXPECT_EQ(second.exit_code, 1);
}

TEST_F(Maild, ItsLogNamesNoMember) {
  ASSERT_TRUE(served_.Start({"--log_level", "debug"}).ok());
  const testing::MailUser ann("annabel-of-the-harbour", served_.deployment());
  const testing::MailUser bob("bartholomew-of-the-hill", served_.deployment());
  ASSERT_TRUE(served_.Enroll(ann).ok());
  const std::string token = served_.client().OpenSession(ann).value();
  mail::v1::SendRequest request;
  *request.mutable_envelope() = testing::EnvelopeOf(ann, bob, testing::FreshMessageId());
  EXPECT_FALSE(served_.client().Call(request, token).ok());
  ASSERT_TRUE(served_.Enroll(bob).ok());
  EXPECT_TRUE(served_.client().Call(request, token).ok());
  EXPECT_EQ(served_.Stop().value_or(-1), 0);
  const std::string log = served_.LogText();
  EXPECT_THAT(log, HasSubstr("MailService/Send"));
  for (const auto* user : {&ann, &bob}) {
    const std::string id(user->id().bytes());
    for (const std::string& name : {user->member.handle.str(), id, crypto::HexEncode(id),
                                    crypto::Base64Encode(id), crypto::Base64UrlEncode(id)}) {
      EXPECT_THAT(log, Not(HasSubstr(name)));
    }
  }
}

TEST_F(Maild, MailadminNeverWritesOverADirectory) {
  const auto again =
      testing::RunProgram(LETTERLOCK_BIN "/letterlock-mailadmin",
                          {"init", "--dir", served_.path(), "--trust", served_.path() + "/trust"});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->exit_code, 1);
  EXPECT_THAT(again->output, HasSubstr("is not empty"));
}

TEST_F(Maild, WhatMembersGetHoldsNoSecret) {
  const auto keys = testing::RunProgram(
      "/bin/sh", {"-c", "grep -rl 'PRIVATE KEY\\|LLEPKEY1' " + served_.path() + "/client"});
  ASSERT_TRUE(keys.ok());
  EXPECT_EQ(keys->output, "");
  const auto secrets = testing::RunProgram(
      "/bin/sh", {"-c", "find " + served_.path() + " -name '*.key' -not -perm 600"});
  EXPECT_EQ(secrets->output, "");
}

}  // namespace
}  // namespace letterlock
