// How much a daemon logs is its configuration's to say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "support/served_directory.h"
#include "support/served_maild.h"

namespace letterlock {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kOkCall[] = R"("method":"/letterlock.mail.v1.EnrollmentService/Enroll","code":"OK")";
constexpr char kFailedCall[] = R"("code":"UNAUTHENTICATED")";

// What letterlock-maild logs at this level of a call that goes well and one that does not.
std::string LogAt(const std::string& level) {
  test::ServedMaild maild;
  EXPECT_TRUE(maild.Start({"--log_level", level}).ok()) << maild.LogText();
  const testing::MailUser ann("ann", maild.deployment());
  EXPECT_TRUE(maild.Enroll(ann).ok());
  EXPECT_FALSE(maild.client().Call(mail::v1::ListRequest(), "no token").ok());
  EXPECT_EQ(maild.Stop().value_or(-1), 0);
  return maild.LogText();
}

TEST(LogLevel, DebugLogsEveryCall) {
  const std::string log = LogAt("debug");
  EXPECT_THAT(log, HasSubstr(kOkCall));
  EXPECT_THAT(log, HasSubstr(kFailedCall));
}

TEST(LogLevel, InfoLogsTheCallsThatFailed) {
  const std::string log = LogAt("info");
  EXPECT_THAT(log, Not(HasSubstr(kOkCall)));
  EXPECT_THAT(log, HasSubstr(kFailedCall));
  EXPECT_THAT(log, HasSubstr("serving"));
}

TEST(LogLevel, WarningLogsNeitherCallsNorStarts) {
  const std::string log = LogAt("warning");
  EXPECT_THAT(log, Not(HasSubstr(kFailedCall)));
  EXPECT_THAT(log, Not(HasSubstr("serving")));
}

TEST(LogLevel, ErrorLogsNothingOfADaemonThatIsWell) { EXPECT_EQ(LogAt("error"), ""); }

TEST(LogLevel, OfTheConfigurationLeavesWhatIsAsSevere) {
  test::ServedDirectory directory;
  const std::string file = directory.PathOf("directoryd.toml");
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::ofstream(file) << "log_level = \"warning\"\n" << text;
  ASSERT_TRUE(directory.Start().ok()) << directory.LogText();
  EXPECT_EQ(directory.Stop().value_or(-1), 0);
  EXPECT_THAT(directory.LogText(), Not(HasSubstr("\"level\":\"info\"")));
  EXPECT_THAT(directory.LogText(), HasSubstr("UNWITNESSED"));
}

}  // namespace
}  // namespace letterlock
