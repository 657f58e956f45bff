#include "doctor/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace letterlock::doctor {
namespace {

using ::testing::HasSubstr;

TEST(DoctorReport, TellsWhatIsWrongAndHowToMendIt) {
  Report report;
  report.Ok("store", "data/store");
  report.Wrong("log_key", "keys/log.key: holds a secret and is open to group or others",
               "chmod 600 keys/log.key");
  report.Warn("disk", "data/store: 0.5 of 100.0 GiB free", "df -h data/store");
  const std::string text = ReportText(report);
  EXPECT_THAT(text, HasSubstr("ok       store "));
  EXPECT_THAT(text, HasSubstr("WRONG    log_key "));
  EXPECT_THAT(text, HasSubstr("  mend:              chmod 600 keys/log.key\n"));
  EXPECT_THAT(text, HasSubstr("3 findings: 1 wrong, 1 to look after, 0 not looked at\n"));
}

TEST(DoctorReport, IsGoodForProgramsUnlessSomethingIsWrong) {
  Report report;
  report.Warn("disk", "low", "df -h");
  EXPECT_THAT(ReportJson("letterlock-maild", "maild.toml", report), HasSubstr("\"good\": true"));
  report.Wrong("store", "say \"no\"\n", "rm");
  const std::string json = ReportJson("letterlock-maild", "maild.toml", report);
  EXPECT_THAT(json, HasSubstr("\"good\": false"));
  EXPECT_THAT(json, HasSubstr(R"("verdict": "wrong")"));
  EXPECT_THAT(json, HasSubstr(R"("what": "say \"no\"\n")"));
}

TEST(DoctorReport, QuotesForTheShell) {
  EXPECT_EQ(Quoted("/etc/letterlock/epoch.key"), "/etc/letterlock/epoch.key");
  EXPECT_EQ(Quoted("/My Mail/key"), "'/My Mail/key'");
  EXPECT_EQ(Quoted("it's; rm -r /"), R"('it'\''s; rm -r /')");
  EXPECT_EQ(Quoted(""), "''");
}

}  // namespace
}  // namespace letterlock::doctor
