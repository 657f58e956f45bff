// Random histories against a model: whatever a single caller does, the engine answers as a map
// would; and whatever many callers do at once, no increment is lost.

#include <rapidcheck.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "conformance/engine_under_test.h"

namespace letterlock::engine {
namespace {

struct Model {
  Generation generation = kNoPartition;
  std::map<RowKey, std::string> rows;
};

// Few tables and keys, so that operations meet.
RowKey SomeKey() {
  const auto table = *rc::gen::element(Table{1}, Table{2});
  const auto key = *rc::gen::element<std::string>("", "a", "ab", "b", "\xff", "\xff\xff");
  return {table, key};
}

Batch SomeBatch() {
  std::map<RowKey, std::optional<std::string>> changes;
  const int size = *rc::gen::inRange(0, 5);
  for (int i = 0; i < size; ++i) {
    const bool put = *rc::gen::weightedElement<bool>({{3, true}, {1, false}});
    changes[SomeKey()] = put ? std::optional(*rc::gen::arbitrary<std::string>()) : std::nullopt;
  }
  Batch batch;
  for (const auto& [key, value] : changes) {
    if (value) {
      batch.puts.push_back({key, *value});
    } else {
      batch.deletes.push_back(key);
    }
  }
  return batch;
}

// What the model says, having done it.
absl::StatusOr<Generation> ApplyToModel(Model& model, Generation expected, const Batch* batch) {
  if (expected != model.generation) return absl::AbortedError("");
  if (batch == nullptr) {
    model = Model();
    return kNoPartition;
  }
  for (const Row& row : batch->puts) model.rows[row.key] = row.value;
  for (const RowKey& key : batch->deletes) model.rows.erase(key);
  return ++model.generation;
}

std::vector<Row> ScanModel(const Model& model, Table table, const Range& range) {
  std::vector<Row> rows;
  for (const auto& [key, value] : model.rows) {
    const bool in =
        key.table == table && key.key >= range.from && (range.to.empty() || key.key < range.to);
    if (in) rows.push_back({key, value});
  }
  if (range.reverse) std::reverse(rows.begin(), rows.end());
  return rows;
}

struct Asked {
  std::unique_ptr<Answer<Generation>> answer;
  absl::StatusOr<Generation> expected;
};

TEST_P(EngineConformance, AnyHistoryAnswersAsTheModelDoes) {
  int next_tag = 0;
  std::map<MailboxTag, Model> models;

  const auto write = [&](std::vector<Asked>& asked) {
    const MailboxTag tag = TagOf(next_tag + *rc::gen::inRange(0, 3));
    Model& model = models[tag];
    const bool right = *rc::gen::weightedElement<bool>({{6, true}, {1, false}});
    const Generation expected = right ? model.generation : *rc::gen::inRange<Generation>(0, 9);
    auto answer = std::make_unique<Answer<Generation>>(under_test());
    if (*rc::gen::weightedElement<bool>({{1, true}, {15, false}})) {
      engine().Drop(tag, expected, answer->done());
      asked.push_back({std::move(answer), ApplyToModel(model, expected, nullptr)});
    } else {
      const Batch batch = SomeBatch();
      engine().Apply(tag, expected, batch, answer->done());
      asked.push_back({std::move(answer), ApplyToModel(model, expected, &batch)});
    }
  };
  const auto check_state = [&] {
    for (const auto& [tag, model] : models) {
      Range range{.reverse = *rc::gen::arbitrary<bool>(), .limit = *rc::gen::inRange<size_t>(1, 6)};
      if (*rc::gen::arbitrary<bool>()) range.from = SomeKey().key;
      if (*rc::gen::arbitrary<bool>()) range.to = SomeKey().key;
      const Table table = SomeKey().table;
      RC_ASSERT(All(tag, table, range) == ScanModel(model, table, range));
      const RowKey key = SomeKey();
      const auto rows = Read(tag, {key});
      RC_ASSERT(rows.ok());
      RC_ASSERT(rows->generation == model.generation);
      const auto row = model.rows.find(key);
      RC_ASSERT(rows->values[0] ==
                (row == model.rows.end() ? std::nullopt : std::optional(row->second)));
    }
  };

  EXPECT_TRUE(rc::check(GetParam().name, [&] {
    next_tag = (next_tag + 3) % 250;
    models.clear();
    for (int rounds = *rc::gen::inRange(1, 15); rounds > 0; --rounds) {
      std::vector<Asked> asked;  // a pipeline of this length
      for (int writes = *rc::gen::inRange(1, 12); writes > 0; --writes) write(asked);
      for (Asked& one : asked) {
        const absl::StatusOr<Generation>& answer = one.answer->Get();
        RC_ASSERT(answer.status().code() == one.expected.status().code());
        if (answer.ok()) RC_ASSERT(*answer == *one.expected);
      }
      check_state();
    }
    // Leaves the mailboxes empty for whoever comes by again.
    for (const auto& [tag, model] : models) RC_ASSERT(Drop(tag, model.generation).ok());
  }));
}

TEST_P(EngineConformance, NoIncrementIsLostAmongManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kMailboxes = 3;
  constexpr int kTries = 150;
  const RowKey key{Table{1}, "counter"};
  std::atomic<int> applied{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kTries; ++i) {
        const MailboxTag tag = TagOf((t + i) % kMailboxes);
        const auto rows = Read(tag, {key});
        ASSERT_TRUE(rows.ok()) << rows.status();
        const int count = rows->values[0] ? std::stoi(*rows->values[0]) : 0;
        const auto answer = Apply(tag, rows->generation, Put(key, std::to_string(count + 1)));
        if (answer.ok()) {
          ++applied;
          EXPECT_EQ(*answer, rows->generation + 1);
        } else {
          EXPECT_EQ(answer.status().code(), absl::StatusCode::kAborted);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  int total = 0;
  Generation generations = 0;
  for (int i = 0; i < kMailboxes; ++i) {
    total += std::stoi(Value(TagOf(i), key).value_or("0"));
    generations += GenerationOf(TagOf(i));
  }
  EXPECT_EQ(total, applied);
  EXPECT_EQ(generations, static_cast<Generation>(applied));
  EXPECT_GE(applied, kTries);
}

}  // namespace
}  // namespace letterlock::engine
