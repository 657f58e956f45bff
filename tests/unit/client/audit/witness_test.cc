#include "witness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "support/manual_clock.h"
#include "support/test_log.h"

namespace letterlock::audit {
namespace {

using test::TestLog;
using ::testing::HasSubstr;

// Records in memory, on a disk that may fail.
class FakeMemory final : public WitnessMemory {
 public:
  void Watch(const attest::VerifierKey& key) { logs_.insert({OriginHash(key.name()), {key}}); }

  absl::StatusOr<WatchedLog> Load(std::string_view origin_hash) const override {
    absl::MutexLock hold(&mu_);
    const auto found = logs_.find(std::string(origin_hash));
    if (found == logs_.end()) return absl::NotFoundError("");
    return found->second;
  }
  absl::Status Replace(const WatchedLog& log) override {
    if (fails) return absl::UnavailableError("disk full");
    absl::MutexLock hold(&mu_);
    logs_.at(OriginHash(log.key.name())).note = log.note;
    return absl::OkStatus();
  }
  void Put(const attest::VerifierKey& key, const std::string& note) {
    absl::MutexLock hold(&mu_);
    logs_.at(OriginHash(key.name())).note = note;
  }

  bool fails = false;

 private:
  mutable absl::Mutex mu_;
  std::map<std::string, WatchedLog> logs_;
};

class WitnessTest : public ::testing::Test {
 protected:
  WitnessTest() { memory_.Watch(log_.key()); }

  // Verifies the answer as a log would: behind the checkpoint that it is of.
  attest::OpenedCheckpoint Cosigned(const std::string& checkpoint, const WitnessAnswer& answer) {
    EXPECT_EQ(answer.status, 200) << answer.body;
    const auto opened =
        attest::OpenCheckpoint(checkpoint + answer.body, {&log_.key(), 1}, {&cosigner_.key(), 1});
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.value();
  }

  uint64_t NewestSize() {
    const WitnessAnswer newest = witness_.NewestCheckpoint(OriginHash(log_.key().name()));
    if (newest.status != 200) return 0;
    return attest::OpenCheckpoint(newest.body, {&log_.key(), 1}, {&cosigner_.key(), 1})
        .value()
        .checkpoint.size;
  }

  testing::ManualClock clock_{absl::FromUnixSeconds(1'790'000'000)};
  Cosigner cosigner_ =
      Cosigner::Create("witness.example/w1", crypto::SecretBytes<32>::Random(), &clock_).value();
  TestLog log_{"log.example/a"};
  FakeMemory memory_;
  Witness witness_{&cosigner_, &memory_};
};

TEST_F(WitnessTest, CosignsWhatContinues) {
  EXPECT_EQ(witness_.NewestCheckpoint(OriginHash(log_.key().name())).status, 404);
  const auto first = Cosigned(log_.Checkpoint(5), witness_.AddCheckpoint(log_.StepBody(0, 5)));
  ASSERT_EQ(first.cosignatures.size(), 1u);
  EXPECT_EQ(first.cosignatures[0].timestamp, 1'790'000'000u);
  clock_.Advance(absl::Seconds(7));
  const auto next = Cosigned(log_.Checkpoint(12), witness_.AddCheckpoint(log_.StepBody(5, 12)));
  EXPECT_EQ(next.cosignatures[0].timestamp, 1'790'000'007u);
  EXPECT_EQ(NewestSize(), 12u);
}

TEST_F(WitnessTest, CosignsTheSameTreeAgainWithTheTimeOfNow) {
  witness_.AddCheckpoint(log_.StepBody(0, 5));
  clock_.Advance(absl::Hours(1));
  const auto again = Cosigned(log_.Checkpoint(5), witness_.AddCheckpoint(log_.StepBody(5, 5)));
  EXPECT_EQ(again.cosignatures[0].timestamp, 1'790'003'600u);
  // The one of an hour ago does not pile up in what is served.
  const auto served = witness_.NewestCheckpoint(OriginHash(log_.key().name()));
  EXPECT_EQ(attest::ParseNote(served.body)->signatures.size(), 2u);
}

TEST_F(WitnessTest, StaleOldSizeTellsTheNewest) {
  witness_.AddCheckpoint(log_.StepBody(0, 5));
  for (const uint64_t old_size : {0, 4, 6}) {
    auto request = log_.Step(5, 9);
    request.old_size = old_size;
    const auto answer = witness_.AddCheckpoint(attest::FormatAddCheckpoint(request).value());
    EXPECT_EQ(answer.status, 409);
    EXPECT_EQ(answer.content_type, "text/x.tlog.size");
    EXPECT_EQ(answer.body, "5\n");
  }
  EXPECT_EQ(NewestSize(), 5u);
}

TEST_F(WitnessTest, ForkOfTheSameSizeIsRefusedAndSaid) {
  witness_.AddCheckpoint(log_.StepBody(0, 5));
  const auto answer = witness_.AddCheckpoint(log_.StepBody(5, 5, "fork"));
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.body, "5\n");
  EXPECT_THAT(answer.event, HasSubstr("FORK"));
}

TEST_F(WitnessTest, ForkThatGrewIsRefused) {
  witness_.AddCheckpoint(log_.StepBody(0, 5));
  EXPECT_EQ(witness_.AddCheckpoint(log_.StepBody(5, 9, "fork")).status, 422);
  auto unproven = log_.Step(5, 9);
  unproven.proof.clear();
  EXPECT_EQ(witness_.AddCheckpoint(attest::FormatAddCheckpoint(unproven).value()).status, 422);
  EXPECT_EQ(NewestSize(), 5u);
}

TEST_F(WitnessTest, ProofWhereNoneBelongsIsRefused) {
  auto request = log_.Step(0, 5);
  request.proof = {attest::LeafHash("x")};
  EXPECT_EQ(witness_.AddCheckpoint(attest::FormatAddCheckpoint(request).value()).status, 422);
  witness_.AddCheckpoint(log_.StepBody(0, 5));
  request.old_size = 5;
  EXPECT_EQ(witness_.AddCheckpoint(attest::FormatAddCheckpoint(request).value()).status, 422);
}

TEST_F(WitnessTest, ShrunkenTreeIsRefused) {
  witness_.AddCheckpoint(log_.StepBody(0, 5));
  auto request = log_.Step(0, 4);
  request.old_size = 5;
  EXPECT_EQ(witness_.AddCheckpoint(attest::FormatAddCheckpoint(request).value()).status, 400);
  EXPECT_EQ(witness_.AddCheckpoint(log_.StepBody(4, 4)).status, 409);
}

TEST_F(WitnessTest, UnwatchedOriginIs404) {
  TestLog other("log.example/b");
  EXPECT_EQ(witness_.AddCheckpoint(other.StepBody(0, 5)).status, 404);
  EXPECT_EQ(witness_.NewestCheckpoint(OriginHash("log.example/b")).status, 404);
  EXPECT_EQ(witness_.NewestCheckpoint("../witness.key").status, 404);
}

TEST_F(WitnessTest, AnotherKeyUnderTheOriginIs403) {
  TestLog impostor("log.example/a");
  EXPECT_EQ(witness_.AddCheckpoint(impostor.StepBody(0, 5)).status, 403);
  // A line of the log's key that does not verify spoils the note.
  std::string body = log_.StepBody(0, 5);
  body[body.find("\n5\n") + 1] = '6';
  EXPECT_EQ(witness_.AddCheckpoint(body).status, 403);
  EXPECT_EQ(NewestSize(), 0u);
}

TEST_F(WitnessTest, SignaturesOfStrangersAreNotServed) {
  TestLog stranger("log.example/stranger");
  attest::NoteSigner* const both[] = {&log_, &stranger};
  const std::string text = attest::ParseNote(log_.Checkpoint(5))->text;
  const auto body =
      attest::FormatAddCheckpoint({0, {}, attest::SignNote(text, both).value()}).value();
  EXPECT_EQ(witness_.AddCheckpoint(body).status, 200);
  EXPECT_THAT(witness_.NewestCheckpoint(OriginHash(log_.key().name())).body,
              ::testing::Not(HasSubstr("stranger")));
}

TEST_F(WitnessTest, MalformedIs400) {
  const std::string good = log_.StepBody(0, 5);
  for (const std::string& bad :
       {std::string(), std::string("old 0"), std::string("old 00\n\n") + log_.Checkpoint(5),
        std::string("old -1\n\n") + log_.Checkpoint(5), std::string("old 0\nAAAA\n\n") + good,
        good.substr(0, good.size() - 1), "old 0\n\n" + log_.SignedText("log.example/a\n5\n"),
        "old 0\n\n" +
            log_.SignedText(attest::ParseNote(log_.Checkpoint(5))->text + "extension\n")}) {
    EXPECT_EQ(witness_.AddCheckpoint(bad).status, 400) << bad;
  }
  EXPECT_EQ(NewestSize(), 0u);
}

TEST_F(WitnessTest, NothingIsCosignedThatWasNotRemembered) {
  memory_.fails = true;
  const auto answer = witness_.AddCheckpoint(log_.StepBody(0, 5));
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.body, ::testing::Not(HasSubstr("witness.example")));
  memory_.fails = false;
  EXPECT_EQ(witness_.AddCheckpoint(log_.StepBody(0, 3)).status, 200);
}

TEST_F(WitnessTest, RecordThatItDidNotCosignStopsIt) {
  memory_.Put(log_.key(), log_.Checkpoint(5));  // signed by the log alone
  EXPECT_EQ(witness_.AddCheckpoint(log_.StepBody(5, 9)).status, 500);
}

TEST_F(WitnessTest, ClockBefore1970CosignsNothing) {
  clock_.Advance(-absl::Hours(24 * 365 * 80));
  EXPECT_EQ(witness_.AddCheckpoint(log_.StepBody(0, 5)).status, 500);
}

TEST_F(WitnessTest, RacingRequestsLeaveOneHistory) {
  constexpr int threads = 8;
  std::vector<int> statuses(threads);
  std::vector<std::thread> running;
  // Even ones come with one history, odd ones with another: the log equivocates.
  for (int t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      statuses[t] =
          witness_.AddCheckpoint(log_.StepBody(0, 5 + t, t % 2 == 0 ? "leaf" : "fork")).status;
    });
  }
  for (std::thread& thread : running) thread.join();
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 200), 1);
}

// Whatever a log asks, what was cosigned is one growing history.
RC_GTEST_FIXTURE_PROP(WitnessTest, CosignedTreesAreOneHistory, ()) {
  uint64_t size = 0;
  std::string history;
  const auto steps = *rc::gen::container<std::vector<std::tuple<uint64_t, uint64_t, bool>>>(
      rc::gen::tuple(rc::gen::inRange<uint64_t>(0, 12), rc::gen::inRange<uint64_t>(1, 12),
                     rc::gen::arbitrary<bool>()));
  for (const auto& [from, to, fork] : steps) {
    const std::string asked = fork ? "fork" : "leaf";
    if (witness_.AddCheckpoint(log_.StepBody(from, to, asked)).status != 200) continue;
    RC_ASSERT(history.empty() || history == asked);
    RC_ASSERT(to >= size);
    history = asked;
    size = to;
  }
  RC_ASSERT(NewestSize() == size);
}

TEST(AddCheckpointRequest, IsReadAsItIsWritten) {
  TestLog log("log.example/a");
  const auto request = log.Step(5, 9);
  const std::string body = attest::FormatAddCheckpoint(request).value();
  EXPECT_TRUE(body.starts_with("old 5\n"));
  EXPECT_EQ(attest::ParseAddCheckpoint(body).value(), request);
  auto too_long = request;
  too_long.proof.resize(64);
  EXPECT_FALSE(attest::FormatAddCheckpoint(too_long).ok());
}

}  // namespace
}  // namespace letterlock::audit
