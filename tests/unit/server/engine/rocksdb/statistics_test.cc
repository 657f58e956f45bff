// What both stores tell of themselves, for `status` and metrics: each number moves when its cause
// does.

#include <rocksdb/db.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <thread>

#include "crypto/base/random.h"
#include "crypto/base/strings.h"
#include "database.h"
#include "engine/rocksdb/rocksdb_ordered_store.h"
#include "support/failing_disk.h"
#include "support/temporary_directory.h"
#include "unit/server/engine/rocksdb/store.h"

namespace letterlock::engine {
namespace {

constexpr std::size_t kRow = 64u << 10;

// Bytes that no cache or file makes smaller.
std::string RandomRow() {
  std::vector<std::uint8_t> bytes(kRow);
  crypto::SystemRandom().Fill(bytes);
  return std::string(crypto::AsView(bytes));
}

// Either store, as far as its statistics go.
class Mailboxes {
 public:
  explicit Mailboxes(const std::string& directory) : engine_(*Open(directory)) {}
  bool Write(const std::string& key) {
    const Generation now = Read(*engine_, TagOf(1), "")->generation;
    return Apply(*engine_, TagOf(1), now, Put(key, RandomRow())).ok();
  }
  StoreStatistics statistics() const { return engine_->statistics(); }

 private:
  const std::unique_ptr<RocksDbEngine> engine_;
};

class Ordered {
 public:
  explicit Ordered(const std::string& directory)
      : store_(*OpenRocksDbOrderedStore(OptionsFor(directory))) {}
  bool Write(const std::string& key) {
    OrderedBatch batch;
    batch.Put(key, RandomRow());
    return store_->Write(batch, OrderedStore::Sync::kDurable).ok();
  }
  StoreStatistics statistics() const { return store_->statistics(); }

 private:
  const std::unique_ptr<OrderedStore> store_;
};

template <class Store>
class StatisticsOf : public ::testing::Test {
 protected:
  StatisticsOf() { Reopen(); }
  void Reopen() {
    store_.reset();
    disk_.Heal();
    store_ = std::make_unique<Store>(path_);
  }
  StoreStatistics now() const { return store_->statistics(); }

  const test::TemporaryDirectory temporary_;
  const std::string path_ = temporary_ / "store";
  test::FailingDisk disk_{path_};
  std::unique_ptr<Store> store_;
};

using Stores = ::testing::Types<Mailboxes, Ordered>;
TYPED_TEST_SUITE(StatisticsOf, Stores);

TYPED_TEST(StatisticsOf, ANewStoreSaysThatItTakesWritesAndHoldsNothing) {
  const StoreStatistics now = this->now();
  EXPECT_TRUE(now.writable);
  EXPECT_FALSE(now.stalled);
  EXPECT_EQ(now.stalls, 0u);
  EXPECT_EQ(now.bytes_on_disk, 0u);
  EXPECT_LT(now.bytes_in_memory, kRow);
  EXPECT_EQ(now.bytes_to_merge, 0u);
}

TYPED_TEST(StatisticsOf, RowsAreInMemoryUntilTheyAreInFiles) {
  constexpr std::size_t kRows = 16;
  for (std::size_t i = 0; i < kRows; ++i) ASSERT_TRUE(this->store_->Write(std::to_string(i)));
  EXPECT_GE(this->now().bytes_in_memory, kRows * kRow);
  EXPECT_EQ(this->now().bytes_on_disk, 0u);
  this->Reopen();  // the write-ahead log becomes files
  EXPECT_GE(this->now().bytes_on_disk, kRows * kRow);
  EXPECT_LT(this->now().bytes_in_memory, kRows * kRow);
}

TYPED_TEST(StatisticsOf, AFailedWriteEndsWritableUntilTheStoreIsReopened) {
  ASSERT_TRUE(this->store_->Write("before"));
  this->disk_.FailSyncs(EIO);
  EXPECT_FALSE(this->store_->Write("a"));
  EXPECT_FALSE(this->now().writable);
  this->disk_.Heal();
  EXPECT_FALSE(this->now().writable);
  this->Reopen();
  EXPECT_TRUE(this->now().writable);
  EXPECT_TRUE(this->store_->Write("b"));
}

// Neither store can be held still from outside: these ask the function that both ask.
class ReadStatisticsTest : public ::testing::Test {
 protected:
  ReadStatisticsTest() {
    RocksDbOptions options = OptionsFor(temporary_ / "store");
    options.write_buffer_bytes = 64u << 10;
    database_ = *OpenDatabase(options, "mailboxes");
  }
  rocksdb::DB& db() { return *database_.db; }
  bool Write(int key) {
    return db().Put(rocksdb::WriteOptions(), std::to_string(key), RandomRow()).ok();
  }
  static bool Eventually(const std::function<bool()>& holds) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!holds()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::yield();
    }
    return true;
  }

 private:
  const test::TemporaryDirectory temporary_;
  Database database_;
};

TEST_F(ReadStatisticsTest, WritesThatAreHeldBackAreSeenAndCounted) {
  ASSERT_TRUE(db().PauseBackgroundWork().ok());
  std::thread writer([this] {
    for (int i = 0; i < 16; ++i) EXPECT_TRUE(Write(i));
  });
  EXPECT_TRUE(Eventually([this] { return ReadStatistics(db()).stalled; }));
  EXPECT_GE(ReadStatistics(db()).stalls, 1u);
  ASSERT_TRUE(db().ContinueBackgroundWork().ok());
  writer.join();
  EXPECT_TRUE(Eventually([this] { return !ReadStatistics(db()).stalled; }));
  EXPECT_GE(ReadStatistics(db()).stalls, 1u);
}

TEST_F(ReadStatisticsTest, FilesThatWaitForTheirMergeAreCounted) {
  ASSERT_TRUE(db().SetOptions({{"disable_auto_compactions", "true"}}).ok());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(Write(i));
    ASSERT_TRUE(db().Flush(rocksdb::FlushOptions()).ok());
  }
  EXPECT_GE(ReadStatistics(db()).bytes_to_merge, 16 * kRow);
}

}  // namespace
}  // namespace letterlock::engine
