// `letterlock-audit log verify` on the log of a real directoryd, as it is and tampered with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "attest/tiles.h"
#include "support/daemon.h"
#include "support/directory_member.h"
#include "support/served_directory.h"
#include "support/temporary_directory.h"
#include "support/test_log.h"

namespace letterlock {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string ReadAll(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void WriteAll(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// One log for all tests; each works on a copy of its own.
class LogVerify : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new test::ServedDirectory;
    ASSERT_TRUE(directory_->Start({"--head_interval", "10ms"}).ok());
    Register(3);
    kept_ = new std::string(ReadAll(directory_->PathOf("data/log/checkpoint")));
    Register(2);
    ASSERT_EQ(directory_->Stop().value_or(-1), 0);
  }
  static void TearDownTestSuite() {
    delete kept_;
    delete directory_;
  }
  static void Register(int members) {
    for (int i = 0; i < members; ++i) {
      test::DirectoryMember member(directory_->trust().deployment(),
                                   "member" + std::to_string(registered_++));
      ASSERT_TRUE(directory_->Publish(member.Next()).ok());
    }
  }

  LogVerify() {
    fs::copy(directory_->PathOf("data/log"), log_, fs::copy_options::recursive);
    WriteAll(Path("kept"), *kept_);
  }

  fs::path Path(const std::string& name) { return folder_ / name; }

  // What the newest checkpoint covers. A log keeps narrower tiles of its youth for a while, too.
  std::vector<fs::path> FilesOfTheTree() {
    const std::string text = attest::ParseNote(ReadAll(log_ / "checkpoint"))->text;
    const uint64_t size = attest::ParseCheckpoint(text)->size;
    std::vector<fs::path> files = {log_ / "checkpoint"};
    for (const auto& tile : attest::TilesToWrite(0, size)) {
      files.push_back(log_ / attest::TilePath(tile));
    }
    for (const auto& bundle : attest::BundlesToWrite(0, size)) {
      files.push_back(log_ / attest::BundlePath(bundle));
    }
    EXPECT_GE(files.size(), 3u);
    return files;
  }

  struct Answer {
    int exit_code;
    nlohmann::json report;
    std::string text;
    std::string Verdict(const std::string& id) const {
      for (const auto& claim : report["claims"]) {
        if (claim["id"] == id) return claim["verdict"];
      }
      return "absent";
    }
  };
  Answer Verify(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {
        "log", "verify", log_.string(), "--trust", directory_->PathOf("trust.txt"), "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto ran = testing::RunProgram(LETTERLOCK_AUDIT, arguments).value();
    Answer answer{ran.exit_code, {}, ran.output};
    // A message on standard error may come before or after it.
    const auto begin = ran.output.find("{\n");
    const auto end = ran.output.rfind("}\n");
    if (begin != std::string::npos && end != std::string::npos) {
      answer.report = nlohmann::json::parse(ran.output.substr(begin, end + 1 - begin));
    }
    return answer;
  }

  static test::ServedDirectory* directory_;
  static std::string* kept_;
  static int registered_;
  test::TemporaryDirectory folder_;
  const fs::path log_ = folder_ / "log";
};

test::ServedDirectory* LogVerify::directory_ = nullptr;
std::string* LogVerify::kept_ = nullptr;
int LogVerify::registered_ = 0;

TEST_F(LogVerify, SoundLogHolds) {
  const Answer answer = Verify({"--since", Path("kept")});
  EXPECT_EQ(answer.exit_code, 0) << answer.text;
  EXPECT_EQ(answer.report["holds"], true);
  for (const char* id : {"checkpoint", "contents", "genesis", "heads", "continues"}) {
    EXPECT_EQ(answer.Verdict(id), "pass") << id << answer.text;
  }
  // Nobody watches this log, and the table doesn't pretend so.
  EXPECT_EQ(answer.Verdict("witnessed"), "not-proven");
  EXPECT_THAT(answer.text, HasSubstr("UNWITNESSED"));
}

TEST_F(LogVerify, WithoutAnEarlierCheckpointGrowthIsNotProven) {
  const Answer answer = Verify();
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_EQ(answer.Verdict("continues"), "not-proven");
}

TEST_F(LogVerify, FlippedBitInAnyFileOfTheTreeIsFound) {
  for (const fs::path& file : FilesOfTheTree()) {
    const std::string good = ReadAll(file);
    std::string bad = good;
    bad[bad.size() / 2] ^= 1;
    WriteAll(file, bad);
    EXPECT_EQ(Verify().exit_code, 1) << file;
    WriteAll(file, good);
  }
  EXPECT_EQ(Verify().exit_code, 0);
}

TEST_F(LogVerify, AnyMissingFileOfTheTreeIsFound) {
  for (const fs::path& file : FilesOfTheTree()) {
    fs::rename(file, Path("aside"));
    EXPECT_EQ(Verify().exit_code, 1) << file;
    fs::rename(Path("aside"), file);
  }
}

TEST_F(LogVerify, OlderStateIsFound) {
  const std::string newest = ReadAll(log_ / "checkpoint");
  WriteAll(Path("newest"), newest);
  WriteAll(log_ / "checkpoint", *kept_);
  const Answer answer = Verify({"--since", Path("newest")});
  EXPECT_EQ(answer.exit_code, 1);
  EXPECT_EQ(answer.Verdict("continues"), "fail");
  EXPECT_THAT(answer.text, HasSubstr("taken back"));
}

TEST_F(LogVerify, AnotherLogsCheckpointsAreRefused) {
  test::TestLog impostor(directory_->trust().origin());
  WriteAll(Path("foreign"), impostor.Checkpoint(4));
  EXPECT_EQ(Verify({"--since", Path("foreign")}).Verdict("continues"), "fail");
  WriteAll(log_ / "checkpoint", impostor.Checkpoint(4));
  const Answer answer = Verify();
  EXPECT_EQ(answer.exit_code, 1);
  EXPECT_EQ(answer.Verdict("checkpoint"), "fail");
  EXPECT_EQ(answer.Verdict("contents"), "absent");
}

TEST_F(LogVerify, MistakesAreNamed) {
  const auto run = [&](std::vector<std::string> arguments) {
    return testing::RunProgram(LETTERLOCK_AUDIT, arguments).value();
  };
  EXPECT_EQ(run({"log", "verify", log_.string()}).exit_code, 2);
  const auto empty =
      run({"log", "verify", folder_.path(), "--trust", directory_->PathOf("trust.txt")});
  EXPECT_EQ(empty.exit_code, 1);
  EXPECT_THAT(empty.output, HasSubstr("checkpoint"));
  const auto untrusted = run({"log", "verify", log_.string(), "--trust", Path("kept")});
  EXPECT_EQ(untrusted.exit_code, 2);
  EXPECT_THAT(untrusted.output, HasSubstr("not a trust file"));
}

}  // namespace
}  // namespace letterlock
