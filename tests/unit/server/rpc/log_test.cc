#include "server/rpc/log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

namespace letterlock::rpc {
namespace {

// What a request brings can't be logged: it does not compile.
static_assert(!std::is_constructible_v<LogField, Literal, std::string>);
static_assert(!std::is_constructible_v<LogField, Literal, std::string_view>);
static_assert(!std::is_constructible_v<LogField, Literal, const std::string&>);
static_assert(!std::is_constructible_v<Literal, std::string>);

class LogTest : public testing::Test {
 protected:
  Logger Make(LogLevel at_least) {
    return Logger::To(at_least, [this](std::string_view line) { lines_.emplace_back(line); });
  }
  nlohmann::json Last() { return nlohmann::json::parse(lines_.back()); }

  std::vector<std::string> lines_;
};

TEST_F(LogTest, ALineIsOneJsonObjectWithItsFields) {
  Make(LogLevel::kInfo)
      .Info("rpc", {{"method", MethodName{"/a.B/C"}},
                    {"code", absl::StatusCode::kAborted},
                    {"latency_us", absl::Milliseconds(2)},
                    {"size", 18446744073709551615u},
                    {"delta", -3},
                    {"ok", false},
                    {"kind", "unary"}});
  ASSERT_EQ(lines_.size(), 1u);
  const nlohmann::json line = Last();
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["event"], "rpc");
  EXPECT_EQ(line["method"], "/a.B/C");
  EXPECT_EQ(line["code"], "ABORTED");
  EXPECT_EQ(line["latency_us"], 2000);
  EXPECT_EQ(line["size"], 18446744073709551615u);
  EXPECT_EQ(line["delta"], -3);
  EXPECT_EQ(line["ok"], false);
  EXPECT_EQ(line["kind"], "unary");
  EXPECT_EQ(line["time"].get<std::string>().size(),
            std::string("2026-01-02T03:04:05.678901Z").size());
}

TEST_F(LogTest, TextCanNotForgeASecondLine) {
  const absl::Status status = absl::InternalError("one\n{\"event\":\"forged\"}\x7f\xff");
  Make(LogLevel::kInfo)
      .Error("failed", {{"cause", Cause{status}}, {"path", OperatorText{"a\nb\"c"}}});
  EXPECT_EQ(lines_[0].find('\n'), std::string::npos);
  EXPECT_EQ(Last()["event"], "failed");
  EXPECT_EQ(Last()["path"], "a\nb\"c");
}

TEST_F(LogTest, LongCausesAreCut) {
  const absl::Status status = absl::InternalError(std::string(5000, 'x'));
  Make(LogLevel::kInfo).Error("failed", {{"cause", Cause{status}}});
  EXPECT_EQ(Last()["cause"].get<std::string>().size(), 300u);
}

TEST_F(LogTest, LinesBelowTheLevelAreNotWritten) {
  const Logger logger = Make(LogLevel::kWarning);
  logger.Debug("a");
  logger.Info("b");
  EXPECT_TRUE(lines_.empty());
  EXPECT_FALSE(logger.Takes(LogLevel::kInfo));
  logger.Warning("c");
  EXPECT_EQ(lines_.size(), 1u);
}

}  // namespace
}  // namespace letterlock::rpc
