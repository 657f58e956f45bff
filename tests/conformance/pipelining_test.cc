#include <atomic>
#include <thread>

#include "conformance/engine_under_test.h"

namespace letterlock::engine {
namespace {

constexpr Table kTable{1};
const MailboxTag kTag = TagOf(0x42);

using Answers = std::vector<std::unique_ptr<Answer<Generation>>>;

Answer<Generation>& Next(Answers& answers, EngineUnderTest& under_test) {
  answers.push_back(std::make_unique<Answer<Generation>>(under_test));
  return *answers.back();
}

TEST_P(EngineConformance, WritesMayExpectWhatQueuedOnesWillMake) {
  constexpr Generation kWrites = 300;
  Answers answers;
  for (Generation g = 0; g < kWrites; ++g) {
    engine().Apply(kTag, g, Put({kTable, std::to_string(g)}, "v"),
                   Next(answers, under_test()).done());
  }
  for (Generation g = 0; g < kWrites; ++g) EXPECT_EQ(*answers[g]->Get(), g + 1);
  EXPECT_EQ(GenerationOf(kTag), kWrites);
  EXPECT_EQ(All(kTag, kTable).size(), kWrites);
}

TEST_P(EngineConformance, AnswersOfAMailboxComeInTheOrderOfItsWrites) {
  constexpr Generation kWrites = 100;
  std::vector<Generation> order;
  absl::Notification last;
  for (Generation g = 0; g < kWrites; ++g) {
    engine().Apply(kTag, g, {}, [&, g](absl::StatusOr<Generation> answer) {
      order.push_back(*answer);
      if (g == kWrites - 1) last.Notify();
    });
  }
  under_test().WaitFor(last);
  for (Generation g = 0; g < kWrites; ++g) EXPECT_EQ(order[g], g + 1);
}

TEST_P(EngineConformance, FailureBreaksTheChainBehindIt) {
  Answers answers;
  const auto put = [&](Generation expected, const char* value) {
    engine().Apply(kTag, expected, Put({kTable, "a"}, value), Next(answers, under_test()).done());
  };
  put(0, "first");
  put(5, "wrong");
  put(6, "built on the wrong one");
  put(7, "and so on");
  put(1, "second");
  std::vector<absl::StatusCode> codes;
  for (auto& answer : answers) codes.push_back(answer->Get().status().code());
  using enum absl::StatusCode;
  EXPECT_EQ(codes, (std::vector<absl::StatusCode>{kOk, kAborted, kAborted, kAborted, kOk}));
  EXPECT_EQ(Value(kTag, {kTable, "a"}), "second");
  EXPECT_EQ(GenerationOf(kTag), 2u);
}

TEST_P(EngineConformance, OfTwoQueuedWritesThatExpectTheSameTheFirstWins) {
  Answers answers;
  for (const char* value : {"first", "second"}) {
    engine().Apply(kTag, 0, Put({kTable, "a"}, value), Next(answers, under_test()).done());
  }
  EXPECT_EQ(*answers[0]->Get(), 1u);
  EXPECT_EQ(answers[1]->Get().status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Value(kTag, {kTable, "a"}), "first");
}

TEST_P(EngineConformance, FailureInOneMailboxLeavesOthersAlone) {
  Answers answers;
  for (int i = 0; i < 20; ++i) {
    const Generation expected = i % 2 == 0 ? 0 : 9;
    engine().Apply(TagOf(i), expected, Put({kTable, "a"}, "v"), Next(answers, under_test()).done());
  }
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(answers[i]->Get().ok(), i % 2 == 0);
    EXPECT_EQ(GenerationOf(TagOf(i)), i % 2 == 0 ? 1u : kNoPartition);
  }
}

TEST_P(EngineConformance, DropInAPipelineErasesWhatCameBeforeAndNothingAfter) {
  Answers answers;
  engine().Apply(kTag, 0, Put({kTable, "old"}, "v"), Next(answers, under_test()).done());
  engine().Drop(kTag, 1, Next(answers, under_test()).done());
  engine().Apply(kTag, kNoPartition, Put({kTable, "new"}, "v"), Next(answers, under_test()).done());
  EXPECT_EQ(*answers[0]->Get(), 1u);
  EXPECT_EQ(*answers[1]->Get(), kNoPartition);
  EXPECT_EQ(*answers[2]->Get(), 1u);
  EXPECT_EQ(All(kTag, kTable), (std::vector<Row>{{{kTable, "new"}, "v"}}));
}

// An engine may leave out what a later write of its group replaces: nobody may notice.
TEST_P(EngineConformance, OfManyQueuedWritesToOneRowTheLastCounts) {
  constexpr Generation kWrites = 200;
  const MailboxTag other = TagOf(0x43);
  Answers answers;
  for (Generation g = 0; g < kWrites; ++g) {
    const std::string value = std::to_string(g);
    Batch batch = Put({kTable, ""}, value);
    batch.puts.push_back({{kTable, "key"}, value});
    batch.puts.push_back({{Table{2}, value}, value});
    if (g == 0) batch.puts.push_back({{Table{3}, ""}, "written once"});
    if (g == 1) batch.puts.push_back({{Table{4}, ""}, "deleted later"});
    if (g == 2) batch.deletes.push_back({Table{4}, ""});
    engine().Apply(kTag, g, std::move(batch), Next(answers, under_test()).done());
    engine().Apply(other, g, Put({kTable, ""}, "other's " + value),
                   Next(answers, under_test()).done());
  }
  for (auto& answer : answers) EXPECT_TRUE(answer->Get().ok());
  Reopen();
  EXPECT_EQ(GenerationOf(kTag), kWrites);
  EXPECT_EQ(GenerationOf(other), kWrites);
  EXPECT_EQ(Value(kTag, {kTable, ""}), "199");
  EXPECT_EQ(Value(kTag, {kTable, "key"}), "199");
  EXPECT_EQ(Value(other, {kTable, ""}), "other's 199");
  EXPECT_EQ(All(kTag, Table{2}).size(), kWrites);
  EXPECT_EQ(Value(kTag, {Table{3}, ""}), "written once");
  EXPECT_EQ(Value(kTag, {Table{4}, ""}), std::nullopt);
}

TEST_P(EngineConformance, DropInAPipelineErasesRowsThatNoLaterWriteReplaces) {
  Answers answers;
  const auto apply = [&](Generation expected, Batch batch) {
    engine().Apply(kTag, expected, std::move(batch), Next(answers, under_test()).done());
  };
  apply(0, Put({kTable, ""}, "before"));
  apply(1, Put({Table{2}, ""}, "before"));
  engine().Drop(kTag, 2, Next(answers, under_test()).done());
  apply(0, Put({kTable, ""}, "after"));
  for (auto& answer : answers) EXPECT_TRUE(answer->Get().ok());
  EXPECT_EQ(Value(kTag, {kTable, ""}), "after");
  EXPECT_EQ(Value(kTag, {Table{2}, ""}), std::nullopt);
  EXPECT_EQ(GenerationOf(kTag), 1u);
}

TEST_P(EngineConformance, ReadersSeeCommittedStatesOnlyAndAllThatWasAnswered) {
  // Each write puts its own generation into two rows: a reader must never see rows and generation
  // of different states, nor go back, nor miss what was answered before it asked.
  constexpr int kReads = 5000;
  std::atomic<Generation> answered{0};
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    Generation last = 0;
    for (int reads = 0; reads < kReads; ++reads) {
      const Generation at_least = std::max(last, answered.load());
      const auto rows = Read(kTag, {{kTable, "a"}, {Table{2}, "b"}});
      const auto page = Scan(kTag, kTable);
      if (!rows.ok() || !page.ok()) {
        ADD_FAILURE() << rows.status() << page.status();
        break;
      }
      last = rows->generation;
      EXPECT_GE(last, at_least);
      EXPECT_GE(page->generation, last);
      if (last == 0) continue;
      EXPECT_EQ(rows->values[0], std::to_string(last));
      EXPECT_EQ(rows->values[1], std::to_string(last));
      EXPECT_EQ(page->rows.at(0).value, std::to_string(page->generation));
    }
    stop = true;
  });
  Generation g = 0;
  while (!stop) {
    Answers pipeline;
    for (int i = 0; i < 3; ++i, ++g) {
      Batch batch = Put({kTable, "a"}, std::to_string(g + 1));
      batch.puts.push_back({{Table{2}, "b"}, std::to_string(g + 1)});
      engine().Apply(kTag, g, std::move(batch), Next(pipeline, under_test()).done());
    }
    for (auto& answer : pipeline) answered = *answer->Get();
  }
  reader.join();
  EXPECT_GT(answered, 0u);
}

}  // namespace
}  // namespace letterlock::engine
