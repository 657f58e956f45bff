// The disk fails while the engine writes. Faults come in pairs: the bytes are there, or they are
// not; the engine can't tell which and must be right in both cases.

#include <cerrno>

#include "engine/rocksdb/rocksdb_ordered_store.h"
#include "support/failing_disk.h"
#include "support/temporary_directory.h"
#include "unit/server/engine/rocksdb/store.h"

namespace letterlock::engine {
namespace {

using absl::StatusCode;

class DiskFault : public ::testing::Test {
 protected:
  DiskFault() {
    Reopen();
    EXPECT_TRUE(Apply(*engine_, TagOf(1), 0, Put("before", "v")).ok());
  }
  void Reopen() {
    engine_.reset();
    disk_.Heal();
    auto engine = Open(store_);
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
  }

  const test::TemporaryDirectory temporary_;
  const std::string store_ = temporary_ / "store";
  test::FailingDisk disk_{store_};
  std::unique_ptr<RocksDbEngine> engine_;
};

TEST_F(DiskFault, FailedSyncThatPersistedIsUnknownAndThereAfterReopening) {
  disk_.FailSyncs(EIO);
  Batch batch = Put("a", "v");
  batch.puts.push_back({{Table{1}, "b"}, "v"});
  EXPECT_EQ(Apply(*engine_, TagOf(1), 1, std::move(batch)).status().code(),
            StatusCode::kUnavailable);
  Reopen();
  EXPECT_EQ(Read(*engine_, TagOf(1), "")->generation, 2u);
  EXPECT_EQ(Value(*engine_, TagOf(1), "a"), "v");
  EXPECT_EQ(Value(*engine_, TagOf(1), "b"), "v");
}

TEST_F(DiskFault, FailedWriteThatDidNotPersistIsUnknownAndNotThereAfterReopening) {
  disk_.FailWrites(EIO);
  EXPECT_EQ(Apply(*engine_, TagOf(1), 1, Put("a", "v")).status().code(), StatusCode::kUnavailable);
  Reopen();
  EXPECT_EQ(Read(*engine_, TagOf(1), "")->generation, 1u);
  EXPECT_EQ(Value(*engine_, TagOf(1), "a"), std::nullopt);
  EXPECT_EQ(Value(*engine_, TagOf(1), "before"), "v");
}

TEST_F(DiskFault, AfterAFailureNothingIsWrittenUntilReopenedThoughTheDiskHeals) {
  EXPECT_TRUE(engine_->Writable().ok());
  disk_.FailSyncs(EIO);
  EXPECT_FALSE(Apply(*engine_, TagOf(1), 1, Put("a", "v")).ok());
  disk_.Heal();
  EXPECT_EQ(engine_->Writable().code(), StatusCode::kUnavailable);
  const int syncs = disk_.syncs();
  EXPECT_EQ(Apply(*engine_, TagOf(2), 0, Put("b", "v")).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(disk_.syncs(), syncs);
  EXPECT_EQ(Value(*engine_, TagOf(1), "before"), "v");  // reads go on
  Reopen();
  EXPECT_TRUE(engine_->Writable().ok());
  EXPECT_EQ(Value(*engine_, TagOf(2), "b"), std::nullopt);
  EXPECT_TRUE(Apply(*engine_, TagOf(2), 0, Put("b", "v")).ok());
}

TEST_F(DiskFault, FullDiskRefusesLaterWritesAsResourceExhausted) {
  disk_.FailWrites(ENOSPC);
  EXPECT_EQ(Apply(*engine_, TagOf(1), 1, Put("a", "v")).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(engine_->Writable().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(Apply(*engine_, TagOf(2), 0, Put("b", "v")).status().code(),
            StatusCode::kResourceExhausted);
  Reopen();
  EXPECT_EQ(Read(*engine_, TagOf(1), "")->generation, 1u);
  EXPECT_TRUE(Apply(*engine_, TagOf(2), 0, Put("b", "v")).ok());
}

TEST_F(DiskFault, FailureAbortsWhatWasBuiltOnItAndRefusesTheRest) {
  disk_.HoldSyncs();
  Writing failing(*engine_, TagOf(1), 1, Put("a", "v"));
  disk_.AwaitHeldSync();
  Writing built_on_it(*engine_, TagOf(1), 2, Put("b", "v"));
  Writing built_on_that(*engine_, TagOf(1), 3, Put("c", "v"));
  Writing elsewhere(*engine_, TagOf(2), 0, Put("d", "v"));
  disk_.FailSyncs(EIO);
  disk_.Release();
  EXPECT_EQ(failing.Code(), StatusCode::kUnavailable);
  EXPECT_EQ(built_on_it.Code(), StatusCode::kAborted);
  EXPECT_EQ(built_on_that.Code(), StatusCode::kAborted);
  EXPECT_EQ(elsewhere.Code(), StatusCode::kUnavailable);
  Reopen();
  EXPECT_EQ(Read(*engine_, TagOf(1), "")->generation, 2u);
  EXPECT_EQ(Read(*engine_, TagOf(2), "")->generation, kNoPartition);
}

TEST_F(DiskFault, WritesThatSharedTheFailedSyncAreUnknownUnlessTheyHadLostAnyway) {
  disk_.HoldSyncs();
  Writing before(*engine_, TagOf(1), 1, Put("a", "v"));
  disk_.AwaitHeldSync();
  // All of these go into the next group.
  Writing first(*engine_, TagOf(2), 0, Put("b", "v"));
  Writing second(*engine_, TagOf(2), 1, Put("c", "v"));
  Writing wrong(*engine_, TagOf(2), 7, Put("d", "v"));
  disk_.FailSyncs(EIO, /*after=*/1);
  disk_.Release();
  EXPECT_TRUE(before.Get().ok());
  EXPECT_EQ(first.Code(), StatusCode::kUnavailable);
  EXPECT_EQ(second.Code(), StatusCode::kUnavailable);
  EXPECT_EQ(wrong.Code(), StatusCode::kAborted);
  Reopen();
  EXPECT_EQ(Read(*engine_, TagOf(1), "")->generation, 2u);
  EXPECT_EQ(Read(*engine_, TagOf(2), "")->generation, 2u);
  EXPECT_EQ(Value(*engine_, TagOf(2), "d"), std::nullopt);
}

TEST_F(DiskFault, QueuedWritesShareOneSync) {
  disk_.HoldSyncs();
  Writing first(*engine_, TagOf(1), 1, Put("a", "v"));
  disk_.AwaitHeldSync();
  const int syncs = disk_.syncs();
  std::vector<std::unique_ptr<Writing>> queued;
  for (int i = 0; i < 100; ++i) {
    queued.push_back(std::make_unique<Writing>(*engine_, TagOf(10 + i), 0, Put("a", "v")));
  }
  disk_.Release();
  for (auto& write : queued) EXPECT_TRUE(write->Get().ok());
  EXPECT_EQ(disk_.syncs(), syncs + 1);
}

TEST_F(DiskFault, ReaderDoesNotSeeAWriteBeforeItsSync) {
  disk_.HoldSyncs();
  Writing unsynced(*engine_, TagOf(1), 1, Put("a", "v"));
  disk_.AwaitHeldSync();
  EXPECT_EQ(Read(*engine_, TagOf(1), "a")->generation, 1u);
  EXPECT_EQ(Value(*engine_, TagOf(1), "a"), std::nullopt);
  disk_.Release();
  EXPECT_TRUE(unsynced.Get().ok());
  EXPECT_EQ(Value(*engine_, TagOf(1), "a"), "v");
}

class OrderedDiskFault : public ::testing::Test {
 protected:
  OrderedDiskFault() {
    Reopen();
    EXPECT_TRUE(Write("before").ok());
  }
  void Reopen() {
    store_.reset();
    disk_.Heal();
    auto store = OpenRocksDbOrderedStore(OptionsFor(directory_));
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  absl::Status Write(const std::string& key) {
    OrderedBatch batch;
    batch.Put(key, "v");
    batch.Put(key + " too", "v");
    return store_->Write(batch, OrderedStore::Sync::kDurable);
  }
  bool Has(const std::string& key) { return store_->Get(key)->has_value(); }

  const test::TemporaryDirectory temporary_;
  const std::string directory_ = temporary_ / "store";
  test::FailingDisk disk_{directory_};
  std::unique_ptr<OrderedStore> store_;
};

TEST_F(OrderedDiskFault, FailedSyncThatPersistedIsThereAfterReopening) {
  disk_.FailSyncs(EIO);
  EXPECT_EQ(Write("a").code(), StatusCode::kUnavailable);
  disk_.Heal();
  EXPECT_EQ(Write("b").code(), StatusCode::kUnavailable);
  Reopen();
  EXPECT_TRUE(Has("before") && Has("a") && Has("a too"));
  EXPECT_FALSE(Has("b"));
}

TEST_F(OrderedDiskFault, FailedWriteThatDidNotPersistIsNotThereAfterReopening) {
  disk_.FailWrites(ENOSPC);
  EXPECT_EQ(Write("a").code(), StatusCode::kResourceExhausted);
  disk_.Heal();
  EXPECT_EQ(Write("b").code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(Has("before"));
  Reopen();
  EXPECT_TRUE(Has("before"));
  EXPECT_FALSE(Has("a") || Has("a too") || Has("b"));
  EXPECT_TRUE(Write("b").ok());
}

}  // namespace
}  // namespace letterlock::engine
