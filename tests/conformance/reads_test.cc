#include <algorithm>

#include "conformance/engine_under_test.h"

namespace letterlock::engine {
namespace {

constexpr Table kTable{7};
const MailboxTag kTag = TagOf(0x42);

std::vector<std::string> KeysOf(const std::vector<Row>& rows) {
  std::vector<std::string> keys;
  for (const Row& row : rows) keys.push_back(row.key.key);
  return keys;
}

Batch PutAll(Table table, const std::vector<std::string>& keys) {
  Batch batch;
  for (const std::string& key : keys) batch.puts.push_back({{table, key}, "value of " + key});
  return batch;
}

TEST_P(EngineConformance, ReadAnswersInTheOrderAskedAndSaysWhatIsMissing) {
  ASSERT_TRUE(Apply(kTag, 0, PutAll(kTable, {"a", "b"})).ok());
  const auto rows = Read(kTag, {{kTable, "b"}, {kTable, "x"}, {kTable, "a"}, {kTable, "b"}});
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(rows->generation, 1u);
  EXPECT_EQ(rows->values, (std::vector<std::optional<std::string>>{"value of b", std::nullopt,
                                                                   "value of a", "value of b"}));
}

TEST_P(EngineConformance, ReadOfMissingPartitionIsNoError) {
  const auto rows = Read(kTag, {{kTable, "a"}});
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(rows->generation, kNoPartition);
  EXPECT_EQ(rows->values, (std::vector<std::optional<std::string>>{std::nullopt}));
  const auto page = Scan(kTag, kTable);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->generation, kNoPartition);
  EXPECT_TRUE(page->rows.empty());
  EXPECT_FALSE(page->more);
}

TEST_P(EngineConformance, ReadOverALimitIsRefused) {
  EXPECT_TRUE(Read(kTag, std::vector<RowKey>(kMaxReadKeys, {kTable, "a"})).ok());
  for (const std::vector<RowKey>& keys :
       {std::vector<RowKey>(kMaxReadKeys + 1, {kTable, "a"}), std::vector<RowKey>{{Table{0}, ""}},
        std::vector<RowKey>{{kTable, std::string(kMaxKeySize + 1, 'a')}}}) {
    EXPECT_EQ(Read(kTag, keys).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST_P(EngineConformance, ReadOfOneRowIsOfThatRowAlone) {
  ASSERT_TRUE(Apply(kTag, 0, PutAll(kTable, {"", "a", "aa"})).ok());
  ASSERT_TRUE(Apply(kTag, 1, {.puts = {}, .deletes = {{kTable, "aa"}}}).ok());
  EXPECT_EQ(Value(kTag, {kTable, "a"}), "value of a");
  EXPECT_EQ(Value(kTag, {kTable, ""}), "value of ");
  EXPECT_EQ(Value(kTag, {kTable, "aa"}), std::nullopt);
  EXPECT_EQ(Value(kTag, {kTable, "b"}), std::nullopt);
  EXPECT_EQ(Value(kTag, {Table{8}, "a"}), std::nullopt);
  EXPECT_EQ(Value(TagOf(0x43), {kTable, "a"}), std::nullopt);
  Reopen();
  EXPECT_EQ(Value(kTag, {kTable, "a"}), "value of a");
  ASSERT_TRUE(Drop(kTag, 2).ok());
  EXPECT_EQ(Value(kTag, {kTable, "a"}), std::nullopt);
}

TEST_P(EngineConformance, ReadOfOneRowOverALimitIsRefused) {
  for (const RowKey& key : {RowKey{Table{0}, ""}, {kTable, std::string(kMaxKeySize + 1, 'a')}}) {
    EXPECT_EQ(ReadRow(kTag, key).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST_P(EngineConformance, ScanOverALimitIsRefused) {
  const std::string long_bound(kMaxKeySize + 2, 'a');
  for (const Range& range : {Range{.limit = 0}, Range{.limit = kMaxPageRows + 1},
                             Range{.from = long_bound}, Range{.to = long_bound}}) {
    EXPECT_EQ(Scan(kTag, kTable, range).status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(Scan(kTag, Table{0}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(EngineConformance, ScanIsInOrderOfUnsignedBytes) {
  std::vector<std::string> keys = {"",    std::string(1, '\0'), "a", "ab", "b", "\x7f", "\x80",
                                   "\xff"};
  std::vector<std::string> shuffled = {"b", "\xff", "ab", "", "\x80", "a", "\x7f", keys[1]};
  ASSERT_TRUE(Apply(kTag, 0, PutAll(kTable, shuffled)).ok());
  EXPECT_EQ(KeysOf(All(kTag, kTable)), keys);
  std::reverse(keys.begin(), keys.end());
  EXPECT_EQ(KeysOf(All(kTag, kTable, {.reverse = true})), keys);
}

TEST_P(EngineConformance, ScanTakesFromAndLeavesTo) {
  ASSERT_TRUE(Apply(kTag, 0, PutAll(kTable, {"a", "b", "c", "d"})).ok());
  using Keys = std::vector<std::string>;
  const auto scan = [&](Range range) { return KeysOf(All(kTag, kTable, std::move(range))); };
  EXPECT_EQ(scan({.from = "b", .to = "d"}), (Keys{"b", "c"}));
  EXPECT_EQ(scan({.from = "b", .to = "d", .reverse = true}), (Keys{"c", "b"}));
  EXPECT_EQ(scan({.from = "bb"}), (Keys{"c", "d"}));
  EXPECT_EQ(scan({.to = "b"}), (Keys{"a"}));
  EXPECT_EQ(scan({.to = std::string("b\0", 2)}), (Keys{"a", "b"}));
  EXPECT_EQ(scan({.from = "d", .to = "b"}), Keys{});
  EXPECT_EQ(scan({.from = "b", .to = "b", .reverse = true}), Keys{});
  EXPECT_EQ(scan({.from = "e"}), Keys{});
  EXPECT_EQ(scan({.from = "e", .reverse = true}), Keys{});
}

TEST_P(EngineConformance, PageEndsAtItsLimitAndSaysWhetherMoreFollow) {
  ASSERT_TRUE(Apply(kTag, 0, PutAll(kTable, {"a", "b", "c"})).ok());
  for (bool reverse : {false, true}) {
    const auto two = Scan(kTag, kTable, {.reverse = reverse, .limit = 2});
    EXPECT_EQ(two->rows.size(), 2u);
    EXPECT_TRUE(two->more);
    EXPECT_EQ(two->generation, 1u);
    const auto three = Scan(kTag, kTable, {.reverse = reverse, .limit = 3});
    EXPECT_EQ(three->rows.size(), 3u);
    EXPECT_FALSE(three->more);
  }
}

TEST_P(EngineConformance, PagesTogetherAreTheWholeRangeOnce) {
  std::vector<std::string> keys;
  Generation generation = 0;
  for (int batch = 0; batch < 5; ++batch) {
    std::vector<std::string> some;
    for (int i = 0; i < 60; ++i) {
      some.push_back(std::string(1, static_cast<char>('a' + batch)) + static_cast<char>(i * 4));
    }
    keys.insert(keys.end(), some.begin(), some.end());
    ASSERT_TRUE(Apply(kTag, generation++, PutAll(kTable, some)).ok());
  }
  std::sort(keys.begin(), keys.end());
  for (size_t limit : {1u, 7u, 60u, 299u, 300u, 301u}) {
    EXPECT_EQ(KeysOf(All(kTag, kTable, {.limit = limit})), keys);
    EXPECT_EQ(KeysOf(All(kTag, kTable, {.reverse = true, .limit = limit})),
              std::vector<std::string>(keys.rbegin(), keys.rend()));
  }
}

TEST_P(EngineConformance, PageStaysBelowItsBytesButHoldsOneRowAtLeast) {
  Generation generation = 0;
  for (const char* key : {"a", "b", "c"}) {
    const std::string value(kMaxPageBytes * 2 / 5, *key);
    ASSERT_TRUE(Apply(kTag, generation++, Put({kTable, key}, value)).ok());
  }
  const auto page = Scan(kTag, kTable);
  EXPECT_EQ(KeysOf(page->rows), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(page->more);
  EXPECT_EQ(All(kTag, kTable).size(), 3u);

  const std::string largest(kMaxBatchBytes - 1, 'z');
  ASSERT_TRUE(Apply(kTag, generation++, Put({kTable, "d"}, largest)).ok());
  EXPECT_EQ(All(kTag, kTable).size(), 4u);
  EXPECT_EQ(All(kTag, kTable, {.reverse = true}).size(), 4u);
}

TEST_P(EngineConformance, ScanNeverLeavesItsTableOrMailbox) {
  // Neighbours in every direction, at the ends of the key space above all: what an engine with one
  // ordered key space must not mix up.
  const auto neighbour = [](unsigned char fill, unsigned char last) {
    MailboxTag::Bytes bytes;
    bytes.fill(static_cast<char>(fill));
    bytes.back() = static_cast<char>(last);
    return MailboxTag(bytes);
  };
  const std::vector<MailboxTag> tags = {neighbour(0, 0),       neighbour(0, 1),
                                        neighbour(0x42, 0x42), neighbour(0x42, 0x43),
                                        neighbour(0xff, 0xfe), neighbour(0xff, 0xff)};
  const std::vector<Table> tables = {Table{1}, Table{2}, Table{0xfe}, Table{0xff}};
  const std::vector<std::string> keys = {"", std::string(kMaxKeySize, '\0'),
                                         std::string(kMaxKeySize, '\xff')};
  for (const MailboxTag& tag : tags) {
    Batch batch;
    for (Table table : tables) {
      for (const std::string& key : keys) {
        batch.puts.push_back({{table, key}, std::string(tag.bytes()) + static_cast<char>(table)});
      }
    }
    ASSERT_TRUE(Apply(tag, 0, std::move(batch)).ok());
  }
  for (const MailboxTag& tag : tags) {
    for (Table table : tables) {
      for (bool reverse : {false, true}) {
        for (size_t limit : {2u, 1000u}) {
          std::vector<Row> rows = All(tag, table, {.reverse = reverse, .limit = limit});
          if (reverse) std::reverse(rows.begin(), rows.end());
          EXPECT_EQ(KeysOf(rows), keys);
          for (const Row& row : rows) {
            EXPECT_EQ(row.key.table, table);
            EXPECT_EQ(row.value, std::string(tag.bytes()) + static_cast<char>(table));
          }
        }
      }
    }
    EXPECT_TRUE(All(tag, Table{3}).empty());
    EXPECT_TRUE(All(tag, Table{0xfd}, {.reverse = true}).empty());
  }
}

}  // namespace
}  // namespace letterlock::engine
