// Limits that nobody can mean, and a desk that is none, stop the daemon's start with the line that
// is wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>

#include "support/served_maild.h"

namespace letterlock {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Absurd {
  const char* section;
  const char* line;  // `key = value`
  const char* key;   // that is to blame
};
void PrintTo(const Absurd& absurd, std::ostream* out) { *out << absurd.line; }

class Configuration : public ::testing::Test {
 protected:
  std::string path() const { return served_.path() + "/maild.toml"; }
  // Adds the lines; the number of the last one.
  long Append(const std::string& lines) {
    std::ofstream(path(), std::ios::app) << lines;
    std::ifstream file(path());
    return std::count(std::istreambuf_iterator<char>(file), {}, '\n');
  }
  testing::RunResult Run(const std::vector<std::string>& flags) {
    std::vector<std::string> arguments = {"--config", path(), "--listen", "127.0.0.1:0"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return testing::RunProgram(LETTERLOCK_BIN "/letterlock-maild", arguments).value();
  }

  test::ServedMaild served_;
};

class AbsurdConfiguration : public Configuration, public ::testing::WithParamInterface<Absurd> {};

TEST_P(AbsurdConfiguration, StopsTheStartWithTheLineThatIsWrong) {
  const long line =
      Append("\n[" + std::string(GetParam().section) + "]\n" + GetParam().line + "\n");
  const std::string says = "maild.toml:" + std::to_string(line) + ": " + GetParam().key + ": ";
  for (const auto& flags : {std::vector<std::string>{"--check-config"}, {}}) {
    const auto refused = Run(flags);
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.output, HasSubstr(says));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Limits, AbsurdConfiguration,
    ::testing::Values(
        Absurd{"limits", "correspondence = \"whatever\"", "limits.correspondence"},
        Absurd{"limits", "sender_share_per_mille = 0", "limits.sender_share_per_mille"},
        Absurd{"limits", "sender_share_per_mille = 1001", "limits.sender_share_per_mille"},
        Absurd{"limits", "sends_per_day = 0", "limits.sends_per_day"},
        Absurd{"limits", "sends_per_day = -1", "limits.sends_per_day"},
        Absurd{"limits", "sends_per_day = \"many\"", "limits.sends_per_day"},
        Absurd{"limits", "max_unanswered = 0", "limits.max_unanswered"},
        Absurd{"limits", "max_unanswered = 17", "limits.max_unanswered"},
        Absurd{"limits.credits", "initial = 61", "limits.credits.initial"},
        Absurd{"limits.credits", "initial = -1", "limits.credits.initial"},
        Absurd{"limits.credits", "most = 0", "limits.credits.most"},
        Absurd{"limits.credits", "most = 19", "limits.credits.most"},
        Absurd{"limits.credits", "every = \"0s\"", "limits.credits.every"},
        Absurd{"limits.credits", "every = \"soon\"", "limits.credits.every"},
        Absurd{"limits.credits", "refund_within = \"0s\"", "limits.credits.refund_within"},
        Absurd{"limits.slow_down", "free = -1", "limits.slow_down.free"},
        Absurd{"limits.slow_down", "base = \"0s\"", "limits.slow_down.base"},
        Absurd{"limits.slow_down", "most = \"1s\"", "limits.slow_down.most"},
        Absurd{"limits.slow_down", "most = \"23h\"\nbase = \"24h\"", "limits.slow_down.base"},
        Absurd{"limits.slow_down", "most = \"10000h\"", "limits.slow_down.most"},
        Absurd{"limits.slow_down", "forget = \"0s\"", "limits.slow_down.forget"},
        Absurd{"limits", "sends_per_week = 5", "limits.sends_per_week"},
        Absurd{"quota", "messages = 0", "quota.messages"},
        Absurd{"quota", "bytes = \"1KiB\"", "quota.bytes"}));

INSTANTIATE_TEST_SUITE_P(
    Reports, AbsurdConfiguration,
    ::testing::Values(Absurd{"reports", "per_day = 0", "reports.per_day"},
                      Absurd{"reports", "most = 0", "reports.most"},
                      Absurd{"reports", "most_bytes = \"1KiB\"", "reports.most_bytes"},
                      Absurd{"reports", "desk_handle = \"desk\"", "reports.desk_handle"},
                      Absurd{"reports", "desk_member = \"00112233445566778899aabbccddeeff\"",
                             "reports.desk_member"},
                      Absurd{"reports", "desk_member = \"0011\"", "reports.desk_member"},
                      Absurd{"reports", "desk_member = \"00112233445566778899AABBCCDDEEFF\"",
                             "reports.desk_member"}));

TEST_F(Configuration, NamesADeskByAHandleThatIsOne) {
  const std::string member = "desk_member = \"00112233445566778899aabbccddeeff\"\n";
  const long line = Append("\n[reports]\n" + member + "desk_handle = \"Not A Handle\"\n");
  const auto refused = Run({"--check-config"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.output, HasSubstr("maild.toml:" + std::to_string(line) +
                                        ": reports.desk_handle: is no handle"));
}

TEST_F(Configuration, IsTakenWhereItIsInOrder) {
  Append(
      "\n[reports]\ndesk_handle = \"desk\"\n"
      "desk_member = \"00112233445566778899aabbccddeeff\"\nper_day = 1\n");
  const auto taken = Run({"--check-config"});
  EXPECT_EQ(taken.exit_code, 0) << taken.output;
}

}  // namespace
}  // namespace letterlock
