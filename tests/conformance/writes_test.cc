#include <set>

#include "conformance/engine_under_test.h"

namespace letterlock::engine {
namespace {

constexpr Table kTable{1};
const MailboxTag kTag = TagOf(0x42);

TEST_P(EngineConformance, FirstWriteExpectsNoPartitionAndMakesGenerationOne) {
  EXPECT_EQ(GenerationOf(kTag), kNoPartition);
  EXPECT_EQ(*Apply(kTag, kNoPartition, Put({kTable, "a"}, "1")), 1u);
  EXPECT_EQ(*Apply(kTag, 1, Put({kTable, "a"}, "2")), 2u);
  EXPECT_EQ(GenerationOf(kTag), 2u);
  EXPECT_EQ(Value(kTag, {kTable, "a"}), "2");
}

TEST_P(EngineConformance, AnotherGenerationThanExpectedAbortsAndChangesNothing) {
  ASSERT_TRUE(Apply(kTag, 0, Put({kTable, "a"}, "1")).ok());
  ASSERT_TRUE(Apply(kTag, 1, Put({kTable, "a"}, "2")).ok());
  for (Generation wrong : {Generation{0}, Generation{1}, Generation{3}, ~Generation{0}}) {
    Batch batch = Put({kTable, "a"}, "x");
    batch.puts.push_back({{kTable, "b"}, "x"});
    EXPECT_EQ(Apply(kTag, wrong, std::move(batch)).status().code(), absl::StatusCode::kAborted);
  }
  EXPECT_EQ(GenerationOf(kTag), 2u);
  EXPECT_EQ(All(kTag, kTable), (std::vector<Row>{{{kTable, "a"}, "2"}}));
}

TEST_P(EngineConformance, WriteToMissingPartitionAbortsUnlessItExpectsNone) {
  EXPECT_EQ(Apply(kTag, 1, Put({kTable, "a"}, "1")).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(GenerationOf(kTag), kNoPartition);
}

TEST_P(EngineConformance, PutsAndDeletesOfABatchApplyTogether) {
  Batch first = Put({kTable, "a"}, "1");
  first.puts.push_back({{Table{2}, "b"}, "2"});
  ASSERT_TRUE(Apply(kTag, 0, std::move(first)).ok());

  Batch second = Put({kTable, "c"}, "3");
  second.deletes = {{kTable, "a"}, {Table{2}, "never there"}};
  ASSERT_TRUE(Apply(kTag, 1, std::move(second)).ok());
  EXPECT_EQ(All(kTag, kTable), (std::vector<Row>{{{kTable, "c"}, "3"}}));
  EXPECT_EQ(All(kTag, Table{2}), (std::vector<Row>{{{Table{2}, "b"}, "2"}}));
}

TEST_P(EngineConformance, EmptyBatchOnlyMovesTheGeneration) {
  EXPECT_EQ(*Apply(kTag, 0, {}), 1u);
  EXPECT_EQ(*Apply(kTag, 1, {}), 2u);
  EXPECT_EQ(GenerationOf(kTag), 2u);
  EXPECT_TRUE(All(kTag, kTable).empty());
}

TEST_P(EngineConformance, KeysAndValuesAreAnyBytes) {
  const std::string every_byte = [] {
    std::string out;
    for (int i = 0; i < 256; ++i) out += static_cast<char>(i);
    return out;
  }();
  Batch batch = Put({kTable, ""}, "");
  batch.puts.push_back({{kTable, std::string(1, '\0')}, every_byte});
  batch.puts.push_back({{kTable, every_byte.substr(192)}, std::string(1, '\0')});
  ASSERT_TRUE(Apply(kTag, 0, batch).ok());
  EXPECT_EQ(All(kTag, kTable), batch.puts);
}

TEST_P(EngineConformance, BatchAtEachLimitIsTaken) {
  Batch rows;
  for (size_t i = 0; i < kMaxBatchRows; ++i) {
    rows.puts.push_back({{kTable, std::string(kMaxKeySize, static_cast<char>(i))}, "v"});
  }
  EXPECT_TRUE(Apply(kTag, 0, std::move(rows)).ok());
  EXPECT_TRUE(Apply(kTag, 1, Put({kTable, "large"}, std::string(kMaxBatchBytes - 5, 'x'))).ok());
  EXPECT_EQ(Value(kTag, {kTable, "large"})->size(), kMaxBatchBytes - 5);
}

TEST_P(EngineConformance, BatchOverALimitIsRefusedAndLeavesTheStoreAsItWas) {
  ASSERT_TRUE(Apply(kTag, 0, Put({kTable, "a"}, "1")).ok());
  const std::vector<Row> before = All(kTag, kTable);

  Batch too_many;
  for (size_t i = 0; i < kMaxBatchRows; ++i) {
    too_many.puts.push_back({{kTable, std::string(1, static_cast<char>(i))}, "v"});
  }
  too_many.deletes.push_back({kTable, "one more"});
  Batch twice = Put({kTable, "a"}, "2");
  twice.puts.push_back({{kTable, "a"}, "3"});
  Batch put_and_deleted = Put({kTable, "a"}, "2");
  put_and_deleted.deletes.push_back({kTable, "a"});
  Batch deletes_from_the_engine;
  deletes_from_the_engine.deletes.push_back({Table{0}, ""});
  const std::vector<Batch> refused = {
      too_many,
      twice,
      put_and_deleted,
      deletes_from_the_engine,
      Put({kTable, "a"}, std::string(kMaxBatchBytes, 'x')),
      Put({kTable, std::string(kMaxKeySize + 1, 'k')}, "v"),
      Put({Table{0}, "a"}, "v"),
  };
  for (const Batch& batch : refused) {
    EXPECT_EQ(Apply(kTag, 1, batch).status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(GenerationOf(kTag), 1u);
  EXPECT_EQ(All(kTag, kTable), before);
}

TEST_P(EngineConformance, DoneOfAWriteNeverRunsInsideTheCall) {
  static thread_local bool in_call = false;
  std::vector<std::unique_ptr<Answer<Generation>>> answers;
  const auto expect_outside = [&]() -> Done<Generation> {
    answers.push_back(std::make_unique<Answer<Generation>>(under_test()));
    return [done = answers.back()->done()](absl::StatusOr<Generation> answer) mutable {
      EXPECT_FALSE(in_call);
      std::move(done)(std::move(answer));
    };
  };
  in_call = true;
  engine().Apply(kTag, 0, {}, expect_outside());
  engine().Apply(kTag, 0, Put({Table{0}, ""}, ""), expect_outside());  // refused
  engine().Drop(kTag, 7, expect_outside());
  in_call = false;
  for (auto& answer : answers) answer->Get();
}

TEST_P(EngineConformance, DoneMayQueueTheNextWrite) {
  Answer<Generation> second(under_test());
  engine().Apply(kTag, 0, Put({kTable, "n"}, "1"), [&](absl::StatusOr<Generation> first) {
    engine().Apply(kTag, *first, Put({kTable, "n"}, "2"), second.done());
  });
  EXPECT_EQ(*second.Get(), 2u);
}

TEST_P(EngineConformance, FullQueueRefusesWithoutBlockingAndRecovers) {
  constexpr size_t kRoom = 8;
  constexpr size_t kCalls = 12;
  Reopen(kRoom);
  // Within a callback no other can run, so nothing leaves the queue meanwhile.
  std::vector<std::unique_ptr<Answer<Generation>>> answers;
  for (size_t i = 0; i < kCalls; ++i) {
    answers.push_back(std::make_unique<Answer<Generation>>(under_test()));
  }
  engine().Apply(kTag, 0, {}, [&](absl::StatusOr<Generation> first) {
    for (size_t i = 0; i < kCalls; ++i) engine().Apply(kTag, *first + i, {}, answers[i]->done());
  });
  for (size_t i = 0; i < kCalls; ++i) {
    const absl::StatusCode expected =
        i < kRoom ? absl::StatusCode::kOk : absl::StatusCode::kResourceExhausted;
    EXPECT_EQ(answers[i]->Get().status().code(), expected) << i;
  }
  EXPECT_TRUE(engine().Writable().ok());
  EXPECT_EQ(GenerationOf(kTag), 1 + kRoom);
  EXPECT_EQ(*Apply(kTag, 1 + kRoom, {}), 2 + kRoom);
}

TEST_P(EngineConformance, WriteAfterARefusedOneDoesNotJumpTheGap) {
  Reopen(1);
  Answer<Generation> refused(under_test());
  Answer<Generation> after(under_test());
  absl::Notification queued;
  engine().Apply(kTag, 0, {}, [&](absl::StatusOr<Generation>) {
    engine().Apply(kTag, 1, {}, [&](absl::StatusOr<Generation>) {
      engine().Apply(kTag, 3, {}, after.done());
      queued.Notify();
    });
    engine().Apply(kTag, 2, {}, refused.done());
  });
  under_test().WaitFor(queued);
  EXPECT_EQ(refused.Get().status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(after.Get().status().code(), absl::StatusCode::kAborted);
}

}  // namespace
}  // namespace letterlock::engine
