// Drop, ApplyTogether, reopening, closing, and the walks of Maintenance.

#include <map>

#include "conformance/engine_under_test.h"

namespace letterlock::engine {
namespace {

constexpr Table kTable{1};
const MailboxTag kTag = TagOf(0x42);

TEST_P(EngineConformance, DropErasesTheWholePartitionAndNoOther) {
  const std::vector<MailboxTag> all = {TagOf(0x41), kTag, TagOf(0x43), TagOf(0xff)};
  for (const MailboxTag& tag : all) {
    Batch batch = Put({Table{1}, ""}, "v");
    batch.puts.push_back({{Table{0xff}, std::string(kMaxKeySize, '\xff')}, "v"});
    ASSERT_TRUE(Apply(tag, 0, std::move(batch)).ok());
  }
  for (const MailboxTag& dropped : {kTag, TagOf(0xff)}) {
    EXPECT_EQ(*Drop(dropped, 1), kNoPartition);
    EXPECT_EQ(GenerationOf(dropped), kNoPartition);
    EXPECT_TRUE(All(dropped, Table{1}).empty());
    EXPECT_TRUE(All(dropped, Table{0xff}).empty());
  }
  for (const MailboxTag& kept : {TagOf(0x41), TagOf(0x43)}) {
    EXPECT_EQ(GenerationOf(kept), 1u);
    EXPECT_EQ(All(kept, Table{1}).size(), 1u);
    EXPECT_EQ(All(kept, Table{0xff}).size(), 1u);
  }
}

TEST_P(EngineConformance, DropOfAnotherGenerationAbortsAndErasesNothing) {
  ASSERT_TRUE(Apply(kTag, 0, Put({kTable, "a"}, "v")).ok());
  EXPECT_EQ(Drop(kTag, 0).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Drop(kTag, 2).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Value(kTag, {kTable, "a"}), "v");
  EXPECT_EQ(*Drop(TagOf(1), kNoPartition), kNoPartition);
}

TEST_P(EngineConformance, DroppedPartitionCanBeMadeAnewAndStartsEmpty) {
  ASSERT_TRUE(Apply(kTag, 0, Put({kTable, "old"}, "v")).ok());
  ASSERT_TRUE(Drop(kTag, 1).ok());
  EXPECT_EQ(Apply(kTag, 1, {}).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(*Apply(kTag, kNoPartition, Put({kTable, "new"}, "v")), 1u);
  EXPECT_EQ(All(kTag, kTable), (std::vector<Row>{{{kTable, "new"}, "v"}}));
}

TEST_P(EngineConformance, TogetherIsAllOrNothingOrUnimplemented) {
  const std::vector<MailboxTag> tags = {TagOf(1), TagOf(2), TagOf(3)};
  const auto writes = [&](std::vector<Generation> expected) {
    std::vector<MailboxWrite> out;
    for (size_t i = 0; i < tags.size(); ++i) {
      out.push_back({tags[i], expected[i], Put({kTable, std::to_string(expected[i])}, "v")});
    }
    return out;
  };
  const auto rows_of_all = [&] {
    size_t rows = 0;
    for (const MailboxTag& tag : tags) rows += All(tag, kTable).size();
    return rows;
  };
  if (!engine().CommitsTogether()) {
    EXPECT_EQ(ApplyTogether(writes({0, 0, 0})).status().code(), absl::StatusCode::kUnimplemented);
    EXPECT_EQ(rows_of_all(), 0u);
    return;
  }
  EXPECT_EQ(*ApplyTogether(writes({0, 0, 0})), (std::vector<Generation>{1, 1, 1}));
  ASSERT_TRUE(Apply(tags[1], 1, {}).ok());
  EXPECT_EQ(*ApplyTogether(writes({1, 2, 1})), (std::vector<Generation>{2, 3, 2}));
  EXPECT_EQ(rows_of_all(), 6u);
  for (const auto& wrong : {std::vector<Generation>{9, 3, 2}, {2, 9, 2}, {2, 3, 9}}) {
    EXPECT_EQ(ApplyTogether(writes(wrong)).status().code(), absl::StatusCode::kAborted);
  }
  EXPECT_EQ(rows_of_all(), 6u);
  EXPECT_EQ(GenerationOf(tags[0]), 2u);
  EXPECT_EQ(GenerationOf(tags[1]), 3u);
  EXPECT_EQ(GenerationOf(tags[2]), 2u);
}

TEST_P(EngineConformance, TogetherRefusesTwinsNoneAndTooMany) {
  std::vector<MailboxWrite> too_many;
  while (too_many.size() <= kMaxMailboxesTogether) {
    too_many.push_back({TagOf(static_cast<int>(too_many.size())), 0, {}});
  }
  const std::vector<std::vector<MailboxWrite>> refused = {
      {},
      too_many,
      {{kTag, 0, {}}, {kTag, 1, {}}},
      {{kTag, 0, {}}, {TagOf(1), 0, Put({Table{0}, ""}, "")}},
  };
  const absl::StatusCode code = engine().CommitsTogether() ? absl::StatusCode::kInvalidArgument
                                                           : absl::StatusCode::kUnimplemented;
  for (const auto& writes : refused) EXPECT_EQ(ApplyTogether(writes).status().code(), code);
  EXPECT_EQ(GenerationOf(kTag), kNoPartition);
}

TEST_P(EngineConformance, TogetherPipelinesWithSingleWrites) {
  if (!engine().CommitsTogether()) {
    EXPECT_EQ(ApplyTogether({{kTag, 0, {}}}).status().code(), absl::StatusCode::kUnimplemented);
    return;
  }
  const MailboxTag other = TagOf(9);
  Answer<Generation> first(under_test());
  Answer<std::vector<Generation>> both(under_test());
  Answer<std::vector<Generation>> broken(under_test());
  Answer<Generation> behind_broken(under_test());
  Answer<Generation> last(under_test());
  engine().Apply(kTag, 0, {}, first.done());
  engine().ApplyTogether({{kTag, 1, {}}, {other, 0, {}}}, both.done());
  engine().ApplyTogether({{kTag, 7, {}}, {other, 1, {}}}, broken.done());
  engine().Apply(other, 2, {}, behind_broken.done());
  engine().Apply(other, 1, {}, last.done());
  EXPECT_TRUE(first.Get().ok());
  EXPECT_EQ(*both.Get(), (std::vector<Generation>{2, 1}));
  EXPECT_EQ(broken.Get().status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(behind_broken.Get().status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(*last.Get(), 2u);
}

TEST_P(EngineConformance, AnsweredWritesAreThereAfterReopening) {
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(Apply(TagOf(i), 0, Put({kTable, "a"}, std::string(1, static_cast<char>(i)))).ok());
  }
  ASSERT_TRUE(Apply(TagOf(3), 1, Put({kTable, "a"}, "newer")).ok());
  ASSERT_TRUE(Drop(TagOf(4), 1).ok());
  for (int times = 0; times < 2; ++times) {
    Reopen();
    EXPECT_EQ(Value(TagOf(0), {kTable, "a"}), std::string(1, '\0'));
    EXPECT_EQ(Value(TagOf(3), {kTable, "a"}), "newer");
    EXPECT_EQ(GenerationOf(TagOf(3)), 2u);
    EXPECT_EQ(Value(TagOf(4), {kTable, "a"}), std::nullopt);
    EXPECT_EQ(GenerationOf(TagOf(4)), kNoPartition);
  }
  EXPECT_EQ(*Apply(TagOf(3), 2, {}), 3u);
}

TEST_P(EngineConformance, ClosingAnswersEverythingThatIsQueued) {
  constexpr Generation kWrites = 500;
  std::vector<int> answered(kWrites, 0);
  Generation applied = 0;
  for (Generation g = 0; g < kWrites; ++g) {
    engine().Apply(kTag, g, {}, [&, g](absl::StatusOr<Generation> answer) {
      ++answered[g];
      applied += answer.ok();
    });
  }
  Reopen();
  EXPECT_EQ(answered, std::vector<int>(kWrites, 1));
  EXPECT_EQ(GenerationOf(kTag), applied);
}

TEST_P(EngineConformance, WalkOfPartitionsMeetsEachOnce) {
  std::vector<Partition> expected;
  for (int i : {0x00, 0x01, 0x42, 0x43, 0x80, 0xfe, 0xff}) {
    Batch batch = Put({Table{1}, ""}, "v");
    batch.puts.push_back({{Table{0xff}, std::string(kMaxKeySize, '\xff')}, "v"});
    ASSERT_TRUE(Apply(TagOf(i), 0, std::move(batch)).ok());
    expected.push_back({TagOf(i), 1});
  }
  ASSERT_TRUE(Apply(TagOf(0x43), 1, {}).ok());
  expected[3].generation = 2;
  ASSERT_TRUE(Apply(TagOf(0x44), 0, {}).ok());
  ASSERT_TRUE(Drop(TagOf(0x44), 1).ok());

  for (size_t limit : {1u, 2u, 7u, 1000u}) {
    std::vector<Partition> seen;
    std::string cursor;
    do {
      const auto page = maintenance().Partitions(cursor, limit);
      ASSERT_TRUE(page.ok()) << page.status();
      EXPECT_LE(page->partitions.size(), limit);
      seen.insert(seen.end(), page->partitions.begin(), page->partitions.end());
      cursor = page->cursor;
    } while (!cursor.empty());
    EXPECT_EQ(seen, expected);
  }
}

TEST_P(EngineConformance, WalkOfATableMeetsItsRowsInAllMailboxesAndNoOthers) {
  std::map<std::pair<MailboxTag, std::string>, std::string> expected;
  const std::vector<std::string> keys = {"", "a", std::string(kMaxKeySize, '\xff')};
  for (int i : {0x00, 0x01, 0x42, 0xff}) {
    Batch batch;
    for (Table table : {Table{1}, Table{2}, Table{3}, Table{0xff}}) {
      if (i == 0x01 && table == Table{2}) continue;
      for (const std::string& key : keys) {
        const std::string value{static_cast<char>(i), static_cast<char>(table)};
        batch.puts.push_back({{table, key}, value});
        if (table == Table{2}) expected[{TagOf(i), key}] = value;
      }
    }
    ASSERT_TRUE(Apply(TagOf(i), 0, std::move(batch)).ok());
  }
  for (size_t limit : {1u, 2u, 3u, 1000u}) {
    std::map<std::pair<MailboxTag, std::string>, std::string> seen;
    size_t rows = 0;
    std::string cursor;
    do {
      const auto page = maintenance().RowsOf(Table{2}, cursor, limit);
      ASSERT_TRUE(page.ok()) << page.status();
      EXPECT_LE(page->rows.size(), limit);
      for (const SealedRow& sealed : page->rows) {
        EXPECT_EQ(sealed.row.key.table, Table{2});
        EXPECT_EQ(sealed.generation, 1u);
        seen[{sealed.tag, sealed.row.key.key}] = sealed.row.value;
        ++rows;
      }
      cursor = page->cursor;
    } while (!cursor.empty());
    EXPECT_EQ(seen, expected);
    EXPECT_EQ(rows, expected.size());
  }
}

TEST_P(EngineConformance, WalkGoesOnThoughThePartitionAtItsCursorIsDropped) {
  for (int i : {1, 2, 3}) {
    Batch batch = Put({kTable, "a"}, "v");
    batch.puts.push_back({{kTable, "b"}, "v"});
    ASSERT_TRUE(Apply(TagOf(i), 0, std::move(batch)).ok());
  }
  const auto partitions = maintenance().Partitions("", 1);
  const auto rows = maintenance().RowsOf(kTable, "", 3);
  ASSERT_TRUE(partitions.ok() && rows.ok());
  ASSERT_TRUE(Drop(TagOf(2), 1).ok());
  const auto rest = maintenance().Partitions(partitions->cursor, 10);
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_EQ(rest->partitions, (std::vector<Partition>{{TagOf(3), 1}}));
  const auto more = maintenance().RowsOf(kTable, rows->cursor, 10);
  ASSERT_TRUE(more.ok()) << more.status();
  ASSERT_EQ(more->rows.size(), 2u);
  EXPECT_EQ(more->rows[0].tag, TagOf(3));
  EXPECT_EQ(more->rows[0].generation, 1u);
}

TEST_P(EngineConformance, WalkRefusesLimitsAndCursorsThatItCannotHaveGiven) {
  for (size_t limit : {size_t{0}, kMaxPageRows + 1}) {
    EXPECT_EQ(maintenance().Partitions("", limit).status().code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(maintenance().RowsOf(kTable, "", limit).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  for (const std::string& cursor : {std::string("short"), std::string(100, 'x')}) {
    EXPECT_EQ(maintenance().Partitions(cursor, 1).status().code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(maintenance().RowsOf(kTable, cursor, 1).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(maintenance().RowsOf(Table{0}, "", 1).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace letterlock::engine
