// What the conformance suite needs of an engine that it tests. To test another one, derive from
// this and name it in engines.cc.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "engine/engine.h"
#include "engine/maintenance.h"

namespace letterlock::engine {

class EngineUnderTest {
 public:
  virtual ~EngineUnderTest() = default;

  // Opens the store with room for so many queued writes: at first, and again after Close. What the
  // store held is still there.
  virtual void Open(size_t max_queued_writes) = 0;
  // Destroys the engine.
  virtual void Close() = 0;

  virtual Engine& engine() = 0;
  virtual Maintenance& maintenance() = 0;

  // Returns when `done` was notified; drives the engine if that is needed.
  virtual void WaitFor(absl::Notification& done) = 0;
};

struct EngineName {
  std::string name;
  std::function<std::unique_ptr<EngineUnderTest>()> make;
};

// For gtest's messages.
inline void PrintTo(const EngineName& engine, std::ostream* out) { *out << engine.name; }

// The answer to one call: hand done() to the call, then Get the answer.
template <typename T>
class Answer {
 public:
  explicit Answer(EngineUnderTest& under_test) : under_test_(under_test) {}

  Done<T> done() {
    return [this](absl::StatusOr<T> answer) {
      answer_ = std::move(answer);
      notification_.Notify();  // aborts if it runs twice
    };
  }
  const absl::StatusOr<T>& Get() {
    under_test_.WaitFor(notification_);
    return *answer_;
  }
  bool ready() const { return notification_.HasBeenNotified(); }

 private:
  EngineUnderTest& under_test_;
  std::optional<absl::StatusOr<T>> answer_;
  absl::Notification notification_;
};

// The fixture of the suite, with calls that wait for their answer.
class EngineConformance : public ::testing::TestWithParam<EngineName> {
 protected:
  static constexpr size_t kDefaultQueue = 4096;

  EngineConformance() : under_test_(GetParam().make()) { under_test_->Open(kDefaultQueue); }

  Engine& engine() { return under_test_->engine(); }
  Maintenance& maintenance() { return under_test_->maintenance(); }
  EngineUnderTest& under_test() { return *under_test_; }
  void Reopen(size_t max_queued_writes = kDefaultQueue) {
    under_test_->Close();
    under_test_->Open(max_queued_writes);
  }

  absl::StatusOr<Generation> Apply(const MailboxTag& tag, Generation expected, Batch batch) {
    Answer<Generation> answer(*under_test_);
    engine().Apply(tag, expected, std::move(batch), answer.done());
    return answer.Get();
  }
  absl::StatusOr<std::vector<Generation>> ApplyTogether(std::vector<MailboxWrite> writes) {
    Answer<std::vector<Generation>> answer(*under_test_);
    engine().ApplyTogether(std::move(writes), answer.done());
    return answer.Get();
  }
  absl::StatusOr<Generation> Drop(const MailboxTag& tag, Generation expected) {
    Answer<Generation> answer(*under_test_);
    engine().Drop(tag, expected, answer.done());
    return answer.Get();
  }
  absl::StatusOr<Rows> Read(const MailboxTag& tag, const std::vector<RowKey>& keys) {
    Answer<Rows> answer(*under_test_);
    engine().Read(tag, keys, answer.done());
    return answer.Get();
  }
  absl::StatusOr<std::optional<std::string>> ReadRow(const MailboxTag& tag, const RowKey& key) {
    Answer<std::optional<std::string>> answer(*under_test_);
    engine().ReadRow(tag, key, answer.done());
    return answer.Get();
  }
  absl::StatusOr<Page> Scan(const MailboxTag& tag, Table table, Range range = {}) {
    Answer<Page> answer(*under_test_);
    engine().Scan(tag, table, std::move(range), answer.done());
    return answer.Get();
  }

  // The value, however one asks for it; fails the test on an error.
  std::optional<std::string> Value(const MailboxTag& tag, const RowKey& key) {
    const auto row = ReadRow(tag, key);
    EXPECT_TRUE(row.ok()) << row.status();
    const auto rows = Read(tag, {key});
    EXPECT_TRUE(rows.ok()) << rows.status();
    if (!row.ok() || !rows.ok()) return std::nullopt;
    EXPECT_EQ(rows->values.at(0), *row);
    return *row;
  }
  Generation GenerationOf(const MailboxTag& tag) {
    const auto rows = Read(tag, {});
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows.ok() ? rows->generation : ~Generation{0};
  }
  // All rows of one table, by paging.
  std::vector<Row> All(const MailboxTag& tag, Table table, Range range = {}) {
    std::vector<Row> rows;
    while (true) {
      auto page = Scan(tag, table, range);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) return rows;
      rows.insert(rows.end(), page->rows.begin(), page->rows.end());
      if (!page->more) return rows;
      range = Behind(range, *page);
    }
  }

 private:
  std::unique_ptr<EngineUnderTest> under_test_;
};

// A tag of this byte only.
inline MailboxTag TagOf(int byte) {
  MailboxTag::Bytes bytes;
  bytes.fill(static_cast<char>(byte));
  return MailboxTag(bytes);
}

inline Batch Put(RowKey key, std::string value) {
  Batch batch;
  batch.puts.push_back({std::move(key), std::move(value)});
  return batch;
}

}  // namespace letterlock::engine
