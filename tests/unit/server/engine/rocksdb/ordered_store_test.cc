#include <rapidcheck.h>

#include <atomic>
#include <map>
#include <thread>

#include "engine/rocksdb/rocksdb_ordered_store.h"
#include "support/temporary_directory.h"
#include "unit/server/engine/rocksdb/store.h"

namespace letterlock::engine {
namespace {

using Entries = std::vector<OrderedEntry>;
using Sync = OrderedStore::Sync;

class RocksDbOrderedStore : public ::testing::Test {
 protected:
  RocksDbOrderedStore() { Reopen(); }
  void Reopen() {
    store_.reset();
    auto store = OpenRocksDbOrderedStore(OptionsFor(temporary_ / "store"));
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  void Put(const std::string& key, const std::string& value, Sync sync = Sync::kBuffered) {
    OrderedBatch batch;
    batch.Put(key, value);
    EXPECT_TRUE(store_->Write(batch, sync).ok());
  }

  const test::TemporaryDirectory temporary_;
  std::unique_ptr<OrderedStore> store_;
};

TEST_F(RocksDbOrderedStore, GetsWhatWasPutAndNothingElse) {
  EXPECT_EQ(*store_->Get("a"), std::nullopt);
  Put("a", "1");
  EXPECT_EQ(*store_->Get("a"), "1");
  EXPECT_EQ(*store_->Get("ab"), std::nullopt);
  EXPECT_EQ(*store_->Get(""), std::nullopt);
  const std::vector<std::string> keys = {"x", "a", "a"};
  EXPECT_EQ(*store_->GetMany(keys),
            (std::vector<std::optional<std::string>>{std::nullopt, "1", "1"}));
  EXPECT_TRUE(store_->GetMany({})->empty());
}

TEST_F(RocksDbOrderedStore, LaterChangeOfABatchCounts) {
  OrderedBatch batch;
  batch.Put("a", "1");
  batch.Put("a", "2");
  batch.Put("b", "1");
  batch.Delete("b");
  batch.Delete("c");
  batch.Put("c", "3");
  ASSERT_TRUE(store_->Write(batch, Sync::kDurable).ok());
  EXPECT_EQ(store_->Scan("", "", 10)->entries, (Entries{{"a", "2"}, {"c", "3"}}));
}

TEST_F(RocksDbOrderedStore, ScanTakesFromLeavesToAndSaysWhetherMoreFollow) {
  for (const char* key : {"a", "b", "c", "d"}) Put(key, key);
  EXPECT_EQ(store_->Scan("b", "d", 10)->entries, (Entries{{"b", "b"}, {"c", "c"}}));
  EXPECT_FALSE(store_->Scan("b", "d", 2)->more);
  EXPECT_TRUE(store_->Scan("b", "", 2)->more);
  EXPECT_EQ(store_->Scan("bb", "", 10)->entries.front().key, "c");
  EXPECT_TRUE(store_->Scan("d", "b", 10)->entries.empty());
  EXPECT_EQ(store_->Scan("", "", 0).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->Scan("", "", kMaxOrderedScanEntries + 1).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(RocksDbOrderedStore, ScanStaysBelowItsBytesButHoldsOneEntryAtLeast) {
  Put("a", std::string(kMaxOrderedScanBytes + 10, 'x'));
  Put("b", "small");
  const auto first = store_->Scan("", "", 10);
  EXPECT_EQ(first->entries.size(), 1u);
  EXPECT_TRUE(first->more);
  EXPECT_EQ(store_->Scan(first->entries.back().key + '\0', "", 10)->entries.size(), 1u);
}

TEST_F(RocksDbOrderedStore, BatchOverALimitIsRefusedWhole) {
  OrderedBatch long_key;
  long_key.Put("a", "1");
  long_key.Put(std::string(kMaxOrderedKeySize + 1, 'k'), "1");
  EXPECT_EQ(store_->Write(long_key, Sync::kDurable).code(), absl::StatusCode::kInvalidArgument);
  OrderedBatch large;
  large.Put("a", std::string(kMaxOrderedBatchBytes, 'x'));
  EXPECT_EQ(store_->Write(large, Sync::kDurable).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(*store_->Get("a"), std::nullopt);
  Put(std::string(kMaxOrderedKeySize, 'k'), "fits");
}

TEST_F(RocksDbOrderedStore, SnapshotStaysAsItWas) {
  Put("a", "1");
  Put("b", "1");
  const auto snapshot = store_->Snapshot();
  Put("a", "2");
  OrderedBatch batch;
  batch.Delete("b");
  batch.Put("c", "2");
  ASSERT_TRUE(store_->Write(batch, Sync::kDurable).ok());
  EXPECT_EQ(*snapshot->Get("a"), "1");
  const std::vector<std::string> keys = {"b", "c"};
  EXPECT_EQ(*snapshot->GetMany(keys), (std::vector<std::optional<std::string>>{"1", std::nullopt}));
  EXPECT_EQ(snapshot->Scan("", "", 10)->entries, (Entries{{"a", "1"}, {"b", "1"}}));
  EXPECT_EQ(store_->Scan("", "", 10)->entries, (Entries{{"a", "2"}, {"c", "2"}}));
}

TEST_F(RocksDbOrderedStore, DurableWriteIsThereAfterReopening) {
  Put("buffered before", "1");
  Put("a", "1", Sync::kDurable);
  Reopen();
  EXPECT_EQ(*store_->Get("a"), "1");
  EXPECT_EQ(*store_->Get("buffered before"), "1");
}

TEST_F(RocksDbOrderedStore, AnyHistoryAnswersAsAMapWould) {
  EXPECT_TRUE(rc::check("ordered store", [&] {
    OrderedBatch clear;
    const auto left = store_->Scan("", "", 10'000);
    for (const OrderedEntry& entry : left->entries) {
      clear.Delete(entry.key);
    }
    RC_ASSERT(store_->Write(clear, Sync::kBuffered).ok());
    std::map<std::string, std::string> model;
    const auto some_key = [] {
      return *rc::gen::element<std::string>("", "a", "ab", "b", "\x7f", "\x80", "\xff");
    };
    for (int batches = *rc::gen::inRange(1, 8); batches > 0; --batches) {
      OrderedBatch batch;
      for (int changes = *rc::gen::inRange(0, 6); changes > 0; --changes) {
        const std::string key = some_key();
        if (*rc::gen::arbitrary<bool>()) {
          model[key] = *rc::gen::arbitrary<std::string>();
          batch.Put(key, model[key]);
        } else {
          model.erase(key);
          batch.Delete(key);
        }
      }
      RC_ASSERT(store_->Write(batch, Sync::kBuffered).ok());
    }
    const std::string from = some_key();
    const std::string to = *rc::gen::arbitrary<bool>() ? some_key() : "";
    Entries expected;
    for (const auto& [key, value] : model) {
      if (key >= from && (to.empty() || key < to)) expected.push_back({key, value});
    }
    RC_ASSERT(store_->Scan(from, to, 100)->entries == expected);
    RC_ASSERT(store_->Snapshot()->Scan(from, to, 100)->entries == expected);
    const auto got = model.find(from);
    RC_ASSERT(*store_->Get(from) ==
              (got == model.end() ? std::nullopt : std::optional(got->second)));
  }));
}

TEST_F(RocksDbOrderedStore, ReadersAmongWritersNeverSeeHalfABatch) {
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        OrderedBatch batch;
        for (const char* key : {"x", "y", "z"}) batch.Put(key, std::to_string(t * 1000 + i));
        EXPECT_TRUE(store_->Write(batch, i % 50 == 0 ? Sync::kDurable : Sync::kBuffered).ok());
      }
      stop = true;
    });
  }
  threads.emplace_back([&] {
    const std::vector<std::string> keys = {"x", "y", "z"};
    do {
      const auto values = store_->GetMany(keys);
      EXPECT_EQ((*values)[0], (*values)[1]);
      EXPECT_EQ((*values)[0], (*values)[2]);
      const auto page = store_->Scan("", "", 10);
      for (const OrderedEntry& entry : page->entries) {
        EXPECT_EQ(entry.value, page->entries[0].value);
      }
      const auto snapshot = store_->Snapshot();
      EXPECT_EQ(*snapshot->Get("x"), *snapshot->Get("z"));
    } while (!stop);
  });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace letterlock::engine
