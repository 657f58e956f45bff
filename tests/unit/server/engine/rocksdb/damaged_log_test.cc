// What a crash, and what a broken disk, leave in the write-ahead log.

#include <algorithm>

#include "support/temporary_directory.h"
#include "unit/server/engine/rocksdb/store.h"

namespace letterlock::engine {
namespace {

constexpr int kWrites = 20;

class DamagedLog : public ::testing::Test {
 protected:
  DamagedLog() {
    auto engine = Open(store_);
    for (Generation g = 0; g < kWrites; ++g) {
      EXPECT_TRUE(Apply(**engine, TagOf(1), g, Put(std::to_string(g), std::string(500, 'v'))).ok());
    }
  }

  // The log that holds the writes.
  std::filesystem::path Log() const {
    std::filesystem::path largest;
    for (const auto& entry : std::filesystem::directory_iterator(store_ + "/db")) {
      if (entry.path().extension() != ".log") continue;
      if (largest.empty() || entry.file_size() > std::filesystem::file_size(largest)) {
        largest = entry.path();
      }
    }
    return largest;
  }
  void FlipAt(size_t offset) {
    std::string bytes = ReadFile(Log());
    bytes[offset] = static_cast<char>(bytes[offset] ^ 1);
    WriteFile(Log(), bytes);
  }
  // How many of the writes, from the first on, the store holds; the rest must not be there at all.
  Generation Held(RocksDbEngine& engine) {
    const Generation held = Read(engine, TagOf(1), "")->generation;
    for (Generation g = 0; g < kWrites; ++g) {
      EXPECT_EQ(Value(engine, TagOf(1), std::to_string(g)).has_value(), g < held) << g;
    }
    return held;
  }

  const test::TemporaryDirectory temporary_;
  const std::string store_ = temporary_ / "store";
};

TEST_F(DamagedLog, EndingWithinARecordLosesOnlyThatRecord) {
  std::filesystem::resize_file(Log(), std::filesystem::file_size(Log()) - 100);
  auto engine = Open(store_);
  ASSERT_TRUE(engine.ok()) << engine.status();
  EXPECT_EQ(Held(**engine), kWrites - 1u);
  EXPECT_TRUE(Apply(**engine, TagOf(1), kWrites - 1, Put("new", "v")).ok());
}

TEST_F(DamagedLog, FlippedBitBeforeTheEndIsRefusedRatherThanLosingWhatFollows) {
  FlipAt(ReadFile(Log()).size() / 2);
  EXPECT_EQ(Open(store_).status().code(), absl::StatusCode::kDataLoss);
  // Looking has not made it worse.
  EXPECT_EQ(Open(store_).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(DamagedLog, SalvageKeepsWhatPrecedesTheDamage) {
  FlipAt(ReadFile(Log()).size() / 2);
  RocksDbOptions options = OptionsFor(store_);
  options.salvage = true;
  {
    auto engine = RocksDbEngine::Open(options);
    ASSERT_TRUE(engine.ok()) << engine.status();
    const Generation held = Held(**engine);
    EXPECT_GT(held, 5u);
    EXPECT_LT(held, 15u);
  }
  EXPECT_TRUE(Open(store_).ok());
}

}  // namespace
}  // namespace letterlock::engine
