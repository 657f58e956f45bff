// The faults that the fake engine is there for; that it keeps the contract otherwise is shown by
// tests/conformance.

#include "support/fake_engine.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace letterlock::testing {
namespace {

using absl::StatusCode;
using engine::Batch;
using engine::Generation;
using engine::MailboxTag;
using engine::Table;

MailboxTag TagOf(int byte) {
  MailboxTag::Bytes bytes;
  bytes.fill(static_cast<char>(byte));
  return MailboxTag(bytes);
}

Batch Put(std::string value) {
  Batch batch;
  batch.puts.push_back({{Table{1}, "key"}, std::move(value)});
  return batch;
}

class FakeEngineFaults : public ::testing::Test {
 protected:
  StatusCode Apply(FakeEngine& engine, Generation expected, const std::string& value) {
    std::optional<StatusCode> code;
    engine.Apply(TagOf(1), expected, Put(value),
                 [&](absl::StatusOr<Generation> answer) { code = answer.status().code(); });
    engine.RunUntilIdle();
    return *code;
  }
  engine::Rows Read(FakeEngine& engine) {
    engine::Rows rows;
    engine.Read(TagOf(1), {{Table{1}, "key"}},
                [&](absl::StatusOr<engine::Rows> answer) { rows = *std::move(answer); });
    engine.RunUntilIdle();
    return rows;
  }

  const std::shared_ptr<FakeStorage> storage_ = std::make_shared<FakeStorage>();
};

TEST_F(FakeEngineFaults, InjectedFaultsComeInPairs) {
  FakeEngine engine(storage_, {});
  EXPECT_EQ(Apply(engine, 0, "1"), StatusCode::kOk);
  engine.Inject(WriteFault::kFailsAndDoesNotPersist);
  EXPECT_EQ(Apply(engine, 1, "2"), StatusCode::kUnavailable);
  EXPECT_EQ(Read(engine).generation, 1u);
  EXPECT_EQ(Read(engine).values[0], "1");
  engine.Inject(WriteFault::kFailsButPersists);
  EXPECT_EQ(Apply(engine, 1, "3"), StatusCode::kUnavailable);
  EXPECT_EQ(Read(engine).generation, 2u);
  EXPECT_EQ(Read(engine).values[0], "3");
  engine.Inject(WriteFault::kAborts);
  EXPECT_EQ(Apply(engine, 2, "4"), StatusCode::kAborted);
  EXPECT_EQ(Read(engine).values[0], "3");
}

TEST_F(FakeEngineFaults, PipelineGoesOnBehindALostAnswerAndBreaksBehindALostWrite) {
  for (const WriteFault fault :
       {WriteFault::kFailsButPersists, WriteFault::kFailsAndDoesNotPersist}) {
    FakeEngine engine(std::make_shared<FakeStorage>(), {});
    std::vector<StatusCode> codes;
    const auto note = [&](absl::StatusOr<Generation> answer) {
      codes.push_back(answer.status().code());
    };
    engine.Inject(fault);
    engine.Apply(TagOf(1), 0, Put("1"), note);
    engine.Apply(TagOf(1), 1, Put("2"), note);
    engine.RunUntilIdle();
    const StatusCode second =
        fault == WriteFault::kFailsButPersists ? StatusCode::kOk : StatusCode::kAborted;
    EXPECT_EQ(codes, (std::vector<StatusCode>{StatusCode::kUnavailable, second}));
  }
}

TEST_F(FakeEngineFaults, CrashKeepsWhatWasAppliedAndAnswersNobody) {
  int unavailable = 0;
  {
    FakeEngine engine(storage_, {.seed = 7});
    for (Generation g = 0; g < 10; ++g) {
      engine.Apply(TagOf(1), g, Put("v"), [&](absl::StatusOr<Generation> answer) {
        unavailable += answer.status().code() == StatusCode::kUnavailable;
      });
    }
    for (int i = 0; i < 8; ++i) engine.Step();
    engine.Crash();
    EXPECT_FALSE(engine.Writable().ok());
  }
  FakeEngine reopened(storage_, {});
  const Generation applied = Read(reopened).generation;
  EXPECT_GT(applied, 0u);
  EXPECT_LT(applied, 10u);
  EXPECT_GE(static_cast<Generation>(unavailable), 10 - applied);
}

TEST_F(FakeEngineFaults, SameSeedMakesTheSameHistory) {
  const auto history = [](uint64_t seed) {
    FakeEngine engine(std::make_shared<FakeStorage>(),
                      {.seed = seed, .aborts = 0.2, .fails_but_persists = 0.2});
    std::vector<std::pair<int, StatusCode>> answers;
    for (int i = 0; i < 40; ++i) {
      engine.Apply(TagOf(i), 0, Put("v"), [&answers, i](absl::StatusOr<Generation> answer) {
        answers.push_back({i, answer.status().code()});
      });
    }
    engine.RunUntilIdle();
    return answers;
  };
  EXPECT_EQ(history(1), history(1));
  EXPECT_NE(history(1), history(2));
}

TEST_F(FakeEngineFaults, AnswersOfIndependentMailboxesAreReordered) {
  FakeEngine engine(storage_, {.seed = 3});
  std::vector<int> order;
  for (int i = 0; i < 20; ++i) {
    engine.Apply(TagOf(i), 0, Put("v"),
                 [&order, i](absl::StatusOr<Generation>) { order.push_back(i); });
  }
  EXPECT_TRUE(order.empty()) << "nothing happens before the test pumps";
  engine.RunUntilIdle();
  EXPECT_EQ(order.size(), 20u);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(FakeEngineFaults, ReadOnlyEngineRefusesWithItsReasonAndStillReads) {
  FakeEngine engine(storage_, {});
  EXPECT_EQ(Apply(engine, 0, "1"), StatusCode::kOk);
  engine.BecomeReadOnly(absl::ResourceExhaustedError("disk full"));
  EXPECT_EQ(Apply(engine, 1, "2"), StatusCode::kResourceExhausted);
  EXPECT_EQ(engine.Writable().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(Read(engine).values[0], "1");
}

TEST_F(FakeEngineFaults, OwnThreadPumpsByItself) {
  FakeEngine engine(storage_, {.own_thread = true});
  absl::Mutex mu;
  int answered = 0;
  for (Generation g = 0; g < 50; ++g) {
    engine.Apply(TagOf(1), g, Put("v"), [&](absl::StatusOr<Generation> answer) {
      absl::MutexLock lock(&mu);
      answered += answer.ok();
    });
  }
  const auto all = [&] { return answered == 50; };
  absl::MutexLock lock(&mu, absl::Condition(&all));
  EXPECT_EQ(answered, 50);
}

}  // namespace
}  // namespace letterlock::testing
