// A log is looked at without its lock, while it grows, and what is in it dates this machine's
// clock.
#include "log_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "attest/canonical_proto.h"
#include "attest/leaf.h"
#include "crypto/base/encoding.h"
#include "crypto/base/signing_key_file.h"
#include "deployment.h"
#include "fake_machine.h"
#include "letterlock/tlog/v1/leaf.pb.h"
#include "public_doctor.h"
#include "server/config/files.h"
#include "server/log/fault_points.h"
#include "server/log/sequencer.h"
#include "server/log/storage.h"
#include "support/temporary_directory.h"

namespace letterlock::admin {
namespace {

using ::testing::HasSubstr;

// The public plane of a deployment whose log is written here, not by a daemon.
class LogCheck : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string plane = temporary_ / "public";
    const auto made = MakeDeployment({.directory = plane,
                                      .origin = "test.example/log",
                                      .names = {"localhost"},
                                      .listen = "127.0.0.1:7441",
                                      .registrars = {},
                                      .now = absl::Now()});
    ASSERT_TRUE(made.ok()) << made.status();
    genesis_ = config::ReadFile(plane + "/genesis", 1 << 20).value();
    deployment_ = crypto::HexDecode(made->id).value();
    auto file = config::ReadSecretFile<crypto::kSigningKeyFileSize>(plane + "/keys/log.key");
    auto seed = crypto::ParseSigningKeyFile(crypto::SigningPurpose::kLog, *file);
    signer_ = std::make_unique<log::TreeSigner>(
        *log::TreeSigner::Create("test.example/log", *std::move(seed)));
    lock_ = *log::FileCheckpointLock::Open(plane + "/data/log-lock");
    storage_ =
        *log::PosixLogStorage::Open(plane + "/data/log", log::PosixLogStorage::Mode::kPublic);
    log_ = *log::Sequencer::Open(storage_.get(), lock_.get(), signer_.get(), &points_,
                                 log::StartCheck::kAll);
    request_.config_file = plane + "/directoryd.toml";
    request_.stopped = true;
  }

  std::string Genesis() const { return *attest::FrameLeaf(attest::LeafType::kGenesis, genesis_); }
  std::string Head(std::uint64_t sequence, absl::Time time) const {
    tlog::v1::Head head;
    head.set_deployment(deployment_);
    head.set_sequence(sequence);
    head.set_directory_root(std::string(32, 'd'));
    head.set_publication_root(std::string(32, 'p'));
    head.set_time_unix_ms(static_cast<std::uint64_t>(absl::ToUnixMillis(time)));
    return *attest::FrameLeaf(attest::LeafType::kHead, attest::SerializeCanonical(head));
  }
  void Append(const std::vector<std::string>& leaves) { ASSERT_TRUE(log_->Append(leaves).ok()); }
  void AppendHeads(std::uint64_t count) {
    std::vector<std::string> heads;
    for (std::uint64_t i = 0; i < count; ++i) heads.push_back(Head(i + 1, absl::Now()));
    Append(heads);
  }
  LogPlace Place() const {
    return {.log_directory = temporary_ / "public/data/log",
            .lock_directory = temporary_ / "public/data/log-lock",
            .key = *attest::VerifierKey::Parse(signer_->vkey()),
            .genesis = genesis_,
            .deployment = deployment_};
  }
  std::optional<NewestHead> Check(const LogPlace& place) {
    report_ = doctor::Report();
    return CheckLog(place, &report_);
  }

  test::TemporaryDirectory temporary_;
  std::string genesis_;
  std::string deployment_;
  log::NoFaultPoints points_;
  std::unique_ptr<log::TreeSigner> signer_;
  std::unique_ptr<log::FileCheckpointLock> lock_;
  std::unique_ptr<log::PosixLogStorage> storage_;
  std::unique_ptr<log::Sequencer> log_;
  doctor::FakeMachine machine_;
  doctor::Request request_;
  doctor::Report report_;
};

TEST_F(LogCheck, AnEmptyLogIsSound) {
  EXPECT_EQ(Check(Place()), std::nullopt);
  doctor::ExpectSound(report_);
}

TEST_F(LogCheck, ALogOfSeveralTilesIsSoundAndItsNewestHeadIsRead) {
  Append({Genesis()});
  AppendHeads(700);
  const absl::Time time = absl::FromUnixMillis(1'800'000'000'123);
  Append({Head(701, time)});
  const auto head = Check(Place());
  doctor::ExpectSound(report_);
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->sequence, 701u);
  EXPECT_EQ(head->time, time);
}

TEST_F(LogCheck, ALogThatGrowsMeanwhileIsSound) {
  Append({Genesis()});
  AppendHeads(300);
  const std::string path = Place().log_directory + "/checkpoint";
  const std::string before = config::ReadFile(path, 1 << 20).value();
  AppendHeads(400);
  // As if the checkpoint had been read before that.
  ASSERT_TRUE(config::WriteFileDurably(path, before, config::FileMode::kPublic).ok());
  EXPECT_TRUE(Check(Place()).has_value());
  doctor::ExpectSound(report_);
}

TEST_F(LogCheck, ATileWithMoreThanHashesIsFound) {
  Append({Genesis()});
  AppendHeads(299);
  const std::string path = Place().log_directory + "/tile/0/001.p/44";
  const std::string tile = config::ReadFile(path, 1 << 20).value();
  ASSERT_EQ(tile.size(), 44u * 32);
  ASSERT_TRUE(config::WriteFileDurably(path, tile + "x", config::FileMode::kPublic).ok());
  EXPECT_EQ(Check(Place()), std::nullopt);
  doctor::ExpectFound(report_, {"",
                                {},
                                "log.tree",
                                doctor::Verdict::kWrong,
                                "wrong size",
                                "any mirror of the log has the same files"});
}

TEST_F(LogCheck, AnotherGenesisIsFoundUnderTheSameKey) {
  Append({*attest::FrameLeaf(attest::LeafType::kGenesis, "another statement")});
  Check(Place());
  doctor::ExpectFound(report_, {"",
                                {},
                                "log.genesis",
                                doctor::Verdict::kWrong,
                                "is not this deployment's genesis statement",
                                "log_directory"});
}

TEST_F(LogCheck, TwoHistoriesUnderOneKeyAreFound) {
  Append({Genesis()});
  const std::string path = Place().log_directory + "/checkpoint";
  const auto other = signer_->Sign(1, crypto::Digest{});
  ASSERT_TRUE(config::WriteFileDurably(path, other->note, config::FileMode::kPublic).ok());
  Check(Place());
  doctor::ExpectFound(report_, {"",
                                {},
                                "log.lock",
                                doctor::Verdict::kWrong,
                                "are of two histories",
                                "never the lock from a backup"});
}

TEST_F(LogCheck, AMissingCheckpointIsTheNextStartsToWrite) {
  Append({Genesis()});
  ASSERT_EQ(::unlink((Place().log_directory + "/checkpoint").c_str()), 0);
  Check(Place());
  doctor::ExpectFound(report_, {"",
                                {},
                                "log.checkpoint",
                                doctor::Verdict::kNote,
                                "the daemon writes it when it starts",
                                ""});
}

TEST_F(LogCheck, AClockBehindTheNewestHeadIsFound) {
  Append({Genesis(), Head(1, machine_.now + absl::Hours(50))});
  doctor::ExpectFound(ExaminePublicPlane(request_, machine_), {"",
                                                               {},
                                                               "clock.time",
                                                               doctor::Verdict::kWrong,
                                                               "2 days behind the newest head",
                                                               "timedatectl"});
}

}  // namespace
}  // namespace letterlock::admin
