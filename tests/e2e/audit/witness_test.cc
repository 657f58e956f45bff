// The real program over HTTP: what a log that submits to it sees.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "crypto/base/encoding.h"
#include "crypto/base/hash.h"
#include "support/daemon.h"
#include "support/temporary_directory.h"
#include "support/test_log.h"

namespace letterlock {
namespace {

using ::testing::HasSubstr;

class WitnessProgram : public ::testing::Test {
 protected:
  WitnessProgram() {
    const std::string said = Run({"init", "--name", "witness.example/w1"}, 0);
    key_.push_back(attest::VerifierKey::Parse(said.substr(0, said.find('\n'))).value());
    Run({"watch", log_.key().Format()}, 0);
  }

  std::string Run(std::vector<std::string> arguments, int expected) {
    arguments.insert(arguments.begin(), "witness");
    arguments.insert(arguments.end(), {"--dir", folder_});
    const auto ran = testing::RunProgram(LETTERLOCK_AUDIT, arguments).value();
    EXPECT_EQ(ran.exit_code, expected) << ran.output;
    return ran.output;
  }

  testing::DaemonOptions Options() {
    return {.binary = LETTERLOCK_AUDIT,
            .arguments = {"witness", "serve", "--dir", folder_, "--listen", "127.0.0.1:0"},
            .port_file = directory_ / "port",
            .log_file = directory_ / "log"};
  }
  void Start() {
    daemon_.reset();
    auto started = testing::Daemon::Start(Options());
    ASSERT_TRUE(started.ok()) << started.status();
    daemon_ = *std::move(started);
    client_ = std::make_unique<httplib::Client>("127.0.0.1", daemon_->port());
    client_->set_read_timeout(10);
  }

  int Connect() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(daemon_->port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    return fd;
  }

  // The HTTP status; 0 where nobody answered.
  int Submit(const std::string& body, std::string* answer = nullptr) {
    const auto result = client_->Post("/add-checkpoint", body, "text/plain");
    if (!result) return 0;
    if (answer != nullptr) *answer = result->body;
    return result->status;
  }

  // What a monitor is served; nullopt where there is none.
  std::optional<attest::OpenedCheckpoint> Newest() {
    const auto result =
        client_->Get("/" + crypto::HexEncode(crypto::ToString(crypto::Sha256(log_.key().name()))) +
                     "/checkpoint");
    if (!result || result->status != 200) return std::nullopt;
    return attest::OpenCheckpoint(result->body, {&log_.key(), 1}, key_).value();
  }

  test::TemporaryDirectory directory_;
  const std::string folder_ = directory_ / "witness";
  test::TestLog log_{"log.example/a"};
  std::vector<attest::VerifierKey> key_;
  std::unique_ptr<testing::Daemon> daemon_;
  std::unique_ptr<httplib::Client> client_;
};

TEST_F(WitnessProgram, CosignsRefusesAndEndsAtSigterm) {
  Start();
  EXPECT_FALSE(Newest().has_value());
  std::string cosignature;
  ASSERT_EQ(Submit(log_.StepBody(0, 5), &cosignature), 200);
  const auto opened =
      attest::OpenCheckpoint(log_.Checkpoint(5) + cosignature, {&log_.key(), 1}, key_);
  ASSERT_TRUE(opened.ok()) << opened.status();
  ASSERT_EQ(opened->cosignatures.size(), 1u);
  EXPECT_NEAR(static_cast<double>(opened->cosignatures[0].timestamp),
              static_cast<double>(absl::ToUnixSeconds(absl::Now())), 60);

  const auto stale = client_->Post("/add-checkpoint", log_.StepBody(0, 9), "");
  ASSERT_TRUE(stale);
  EXPECT_EQ(stale->status, 409);
  EXPECT_EQ(stale->get_header_value("Content-Type"), "text/x.tlog.size");
  EXPECT_EQ(stale->body, "5\n");
  EXPECT_EQ(Submit(log_.StepBody(5, 9, "fork")), 422);
  EXPECT_EQ(Submit("old 0\n"), 400);
  EXPECT_EQ(Submit(test::TestLog("log.example/b").StepBody(0, 5)), 404);
  EXPECT_EQ(Submit(test::TestLog("log.example/a").StepBody(5, 9)), 403);
  EXPECT_EQ(Newest()->checkpoint.size, 5u);
  EXPECT_EQ(daemon_->Stop().value_or(-1), 0);
  EXPECT_THAT(Run({"logs"}, 0), HasSubstr("log.example/a  5 leaves cosigned"));
}

TEST_F(WitnessProgram, OversizedPackedAndUnknownRequestsAreRefused) {
  Start();
  EXPECT_EQ(Submit(std::string(1 << 20, 'x')), 413);
  const httplib::Headers packed = {{"Content-Encoding", "gzip"}};
  const auto answer = client_->Post("/add-checkpoint", packed, log_.StepBody(0, 5), "text/plain");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 415);
  EXPECT_EQ(client_->Get("/add-checkpoint")->status, 404);
  EXPECT_EQ(client_->Get("/../witness.key")->status, 404);
  EXPECT_EQ(Submit(log_.StepBody(0, 5)), 200);
}

// What comes in pieces is bounded too: the program's memory is no stranger's to fill.
TEST_F(WitnessProgram, EndlessChunksAndHeadersAreCutOff) {
  Start();
  const auto resident = [&] {
    std::ifstream statm("/proc/" + std::to_string(daemon_->pid()) + "/statm");
    std::size_t all = 0;
    std::size_t pages = 0;
    statm >> all >> pages;
    return pages * 4096;
  };
  ASSERT_EQ(Submit(log_.StepBody(0, 5)), 200);
  const std::size_t before = resident();
  const std::string chunk = "8000\r\n" + std::string(0x8000, 'x') + "\r\n";
  for (const auto& [start, piece] :
       {std::pair<std::string, std::string>{
            "POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nTransfer-Encoding: chunked\r\n\r\n",
            chunk},
        {"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n",
         "X-A: " + std::string(4000, 'x') + "\r\n"}}) {
    const int fd = Connect();
    ASSERT_GT(send(fd, start.data(), start.size(), MSG_NOSIGNAL), 0);
    std::size_t sent = 0;
    // 64 MiB, were they taken.
    for (; sent < (64u << 20); sent += piece.size()) {
      if (send(fd, piece.data(), piece.size(), MSG_NOSIGNAL) < 0) break;
    }
    EXPECT_LT(sent, 64u << 20);
    close(fd);
  }
  EXPECT_LT(resident(), before + (8u << 20));
  EXPECT_EQ(Submit(log_.StepBody(5, 9)), 200);
}

// Connections that say nothing keep nobody else out for longer than the witness's patience.
TEST_F(WitnessProgram, SilentConnectionsAreGivenUp) {
  Start();
  std::vector<int> silent;
  for (int i = 0; i < 8; ++i) {
    const int fd = Connect();
    ASSERT_EQ(send(fd, "POST /add", 9, MSG_NOSIGNAL), 9);
    silent.push_back(fd);
  }
  client_->set_read_timeout(30);
  EXPECT_EQ(Submit(log_.StepBody(0, 5)), 200);
  for (const int fd : silent) close(fd);
}

TEST_F(WitnessProgram, OneProcessServesAFolder) {
  Start();
  auto second = Options();
  second.port_file = directory_ / "second";
  EXPECT_THAT(testing::Daemon::Start(second).status().message(),
              HasSubstr("a witness serves from this folder"));
  Run({"watch", test::TestLog("log.example/b").key().Format()}, 1);
}

TEST_F(WitnessProgram, ForgottenOrForgedRecordsStopTheStart) {
  Start();
  ASSERT_EQ(Submit(log_.StepBody(0, 5)), 200);
  ASSERT_EQ(daemon_->Stop().value_or(-1), 0);
  const std::string record =
      folder_ + "/logs/" + crypto::HexEncode(crypto::ToString(crypto::Sha256(log_.key().name())));
  const auto refused = [&] { return testing::Daemon::Start(Options()).status().ToString(); };
  // As the log alone signed it: this witness did not.
  std::ofstream(record) << log_.key().Format() << "\n\n" << log_.Checkpoint(5, "fork");
  EXPECT_THAT(refused(), HasSubstr("no checkpoint that this witness cosigned"));
  std::filesystem::remove(record);
  EXPECT_THAT(refused(), HasSubstr("is gone"));
  // Nor is it watched anew, from nothing.
  EXPECT_THAT(Run({"watch", log_.key().Format()}, 1), HasSubstr("is gone"));
}

TEST_F(WitnessProgram, MistakesAreNamed) {
  EXPECT_THAT(Run({"init", "--name", "w"}, 1), HasSubstr("is there already"));
  EXPECT_THAT(Run({"watch", "no-vkey"}, 2), HasSubstr("no vkey"));
  EXPECT_THAT(Run({"watch", key_[0].Format()}, 2), HasSubstr("witness's key"));
  EXPECT_THAT(Run({"watch", log_.key().Format()}, 1), HasSubstr("exist"));
  EXPECT_THAT(Run({"serve", "--listen", "nowhere"}, 2), HasSubstr("ADDRESS:PORT"));
  EXPECT_THAT(Run({"serve", "--listen", "192.0.2.1:1"}, 1), HasSubstr("can't listen"));
}

// kill -9 at any moment: what a log was given a cosignature of is remembered, and no second history
// is cosigned afterwards.
TEST_F(WitnessProgram, KilledItForgetsNothingThatItCosigned) {
  std::mt19937 random(20261124);
  uint64_t cosigned = 0;
  for (int round = 0; round < 8; ++round) {
    Start();
    std::thread killer([&] {
      absl::SleepFor(absl::Milliseconds(std::uniform_int_distribution<>(1, 60)(random)));
      kill(daemon_->pid(), SIGKILL);
    });
    uint64_t at = cosigned;
    if (const auto newest = Newest()) at = newest->checkpoint.size;
    while (true) {
      const int status = Submit(log_.StepBody(at, at + 1));
      if (status != 200) {
        EXPECT_EQ(status, 0);
        break;
      }
      cosigned = ++at;
    }
    killer.join();
    EXPECT_EQ(daemon_->WaitForExit().value_or(0), 128 + 9);
  }
  Start();
  ASSERT_GT(cosigned, 8u);
  const uint64_t newest = Newest()->checkpoint.size;
  // The one whose answer was cut off may be there.
  EXPECT_TRUE(newest == cosigned || newest == cosigned + 1) << newest << " " << cosigned;
  EXPECT_EQ(Submit(log_.StepBody(newest, newest + 1, "fork")), 422);
  EXPECT_EQ(Submit(log_.StepBody(newest, newest + 1)), 200);
}

}  // namespace
}  // namespace letterlock
