// What operators are told by daemons that run: status on the Unix socket, metrics on a loopback
// port.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "crypto/base/encoding.h"
#include "support/daemon.h"
#include "support/served_directory.h"
#include "support/served_maild.h"

namespace letterlock {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const char kMailadmin[] = LETTERLOCK_BIN "/letterlock-mailadmin";
const char kAdmin[] = LETTERLOCK_BIN "/letterlock-admin";

// What stands in `log` behind `mark`, up to the next quote.
std::string Behind(const std::string& log, const std::string& mark) {
  const auto at = log.find(mark);
  if (at == std::string::npos) return "";
  return log.substr(at + mark.size(), log.find('"', at + mark.size()) - at - mark.size());
}

// The body that the collector would get.
std::string Metrics(const std::string& log) {
  const std::string address = Behind(log, R"("event":"metrics","address":")");
  const std::string port = address.substr(address.rfind(':') + 1);
  const auto got = testing::RunProgram(
      "/usr/bin/env", {"python3", "-c",
                       "import urllib.request as r; print(r.urlopen('http://127.0.0.1:" + port +
                           "/metrics', timeout=10).read().decode())"});
  return got.ok() ? got->output : got.status().ToString();
}

class MaildOperator : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(maild_.Start({"--metrics.listen", "127.0.0.1:0"}).ok()) << maild_.LogText();
    ASSERT_TRUE(maild_.Enroll(ann_).ok());
    ASSERT_TRUE(maild_.Enroll(bob_).ok());
    const std::string token = maild_.client().OpenSession(ann_).value();
    mail::v1::SendRequest request;
    *request.mutable_envelope() = testing::EnvelopeOf(ann_, bob_, testing::FreshMessageId());
    ASSERT_TRUE(maild_.client().Call(request, token).ok());
  }
  testing::RunResult Status(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"status", "--config", maild_.path() + "/maild.toml"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return testing::RunProgram(kMailadmin, arguments).value();
  }
  void ExpectNoMember(const std::string& text) {
    for (const auto* user : {&ann_, &bob_}) {
      const std::string id(user->id().bytes());
      EXPECT_THAT(text, Not(HasSubstr(user->member.handle.str())));
      EXPECT_THAT(text, Not(HasSubstr(crypto::HexEncode(id))));
      EXPECT_THAT(text, Not(HasSubstr(crypto::Base64Encode(id))));
    }
  }

  test::ServedMaild maild_;
  const testing::MailUser ann_{"annabel-of-the-harbour", maild_.deployment()};
  const testing::MailUser bob_{"bartholomew-of-the-hill", maild_.deployment()};
};

TEST_F(MaildOperator, IsToldTheStatusAndNoMember) {
  const auto text = Status();
  EXPECT_EQ(text.exit_code, 0) << text.output;
  EXPECT_THAT(text.output, HasSubstr("letterlock-maild 0.1.0, process "));
  EXPECT_THAT(text.output, HasSubstr(crypto::HexEncode(maild_.deployment().bytes())));
  EXPECT_THAT(text.output, HasSubstr("writable"));
  EXPECT_THAT(text.output, HasSubstr("epoch 1"));
  EXPECT_THAT(text.output, HasSubstr("MailService/Send"));
  ExpectNoMember(text.output);
  const auto json = Status({"--json"});
  EXPECT_EQ(json.exit_code, 0) << json.output;
  EXPECT_THAT(json.output, HasSubstr("\"port\": " + std::to_string(maild_.daemon().port())));
  EXPECT_THAT(json.output, HasSubstr("\"name\": \"/letterlock.mail.v1.MailService/Send\""));
  ExpectNoMember(json.output);
}

TEST_F(MaildOperator, IsToldTheMetricsAndNoMember) {
  const std::string metrics = Metrics(maild_.LogText());
  EXPECT_THAT(metrics, HasSubstr("letterlock_calls_total{method=\"/letterlock.mail.v1.MailService/"
                                 "Send\",code=\"OK\"} 1\n"));
  for (const char* stage : {"read", "seal", "commit"}) {
    EXPECT_THAT(metrics, HasSubstr(std::string("letterlock_send_stage_seconds_count{stage=\"") +
                                   stage + "\"} 1\n"));
  }
  EXPECT_THAT(metrics, HasSubstr("letterlock_connections 1\n"));
  EXPECT_THAT(metrics, HasSubstr("letterlock_store_writable 1\n"));
  ExpectNoMember(metrics);
}

TEST_F(MaildOperator, IsToldThatNobodyAnswersOnceItHasStopped) {
  EXPECT_EQ(maild_.Stop().value_or(-1), 0);
  const auto status = Status();
  EXPECT_EQ(status.exit_code, 1);
  EXPECT_THAT(status.output, HasSubstr("nobody answers"));
}

TEST_F(MaildOperator, HasASocketForItselfAlone) {
  struct stat about = {};
  ASSERT_EQ(::stat((maild_.path() + "/run/admin").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat((maild_.path() + "/run").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0700u);
}

TEST(Operator, IsToldTheLogsSizeAndTheHeadsAge) {
  test::ServedDirectory directory;
  ASSERT_TRUE(directory.Start({"--metrics.listen", "127.0.0.1:0"}).ok()) << directory.LogText();
  const auto status =
      testing::RunProgram(kAdmin, {"status", "--config", directory.PathOf("directoryd.toml")});
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->exit_code, 0) << status->output;
  EXPECT_THAT(status->output, HasSubstr("UNWITNESSED, SELF-REGISTERED"));
  EXPECT_THAT(status->output, HasSubstr("leaves; head "));
  const std::string metrics = Metrics(directory.LogText());
  EXPECT_THAT(metrics, HasSubstr("letterlock_log_size "));
  EXPECT_THAT(metrics, HasSubstr("letterlock_head_age_seconds "));
  EXPECT_EQ(directory.Stop().value_or(-1), 0);
}

TEST(Operator, HasNoMetricsPortUnlessConfiguredAndOnlyOnThisMachine) {
  test::ServedDirectory directory;
  ASSERT_TRUE(directory.Start().ok());
  EXPECT_THAT(directory.LogText(), Not(HasSubstr(R"("event":"metrics")")));
  EXPECT_EQ(directory.Stop().value_or(-1), 0);
  const auto refused = testing::RunProgram(
      LETTERLOCK_BIN "/letterlock-directoryd",
      {"--config", directory.PathOf("directoryd.toml"), "--metrics.listen", "0.0.0.0:9464"});
  ASSERT_TRUE(refused.ok());
  EXPECT_EQ(refused->exit_code, 1);
  EXPECT_THAT(refused->output, HasSubstr("loopback"));
}

}  // namespace
}  // namespace letterlock
