// The engines that the suite runs on.

#include <memory>

#include "conformance/engine_under_test.h"
#include "engine/rocksdb/rocksdb_engine.h"
#include "support/fake_engine.h"
#include "support/fake_maintenance.h"
#include "support/temporary_directory.h"

namespace letterlock::engine {
namespace {

class RocksDbUnderTest final : public EngineUnderTest {
 public:
  void Open(size_t max_queued_writes) override {
    RocksDbOptions options;
    options.directory = directory_ / "store";
    options.max_queued_writes = max_queued_writes;
    options.block_cache_bytes = 1u << 20;
    options.write_buffer_bytes = 256u << 10;  // so that tests see flushes and compactions
    auto engine = RocksDbEngine::Open(options);
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
  }
  void Close() override { engine_.reset(); }
  Engine& engine() override { return *engine_; }
  Maintenance& maintenance() override { return engine_->maintenance(); }
  void WaitFor(absl::Notification& done) override { done.WaitForNotification(); }

 private:
  test::TemporaryDirectory directory_;
  std::unique_ptr<RocksDbEngine> engine_;
};

// Without faults: those are the business of who tests against the fake. It still delays and
// reorders.
class FakeUnderTest final : public EngineUnderTest {
 public:
  void Open(size_t max_queued_writes) override {
    testing::FakeEngineOptions options;
    options.seed = ++seed_;
    options.max_queued_writes = max_queued_writes;
    engine_ = std::make_unique<testing::FakeEngine>(storage_, options);
  }
  void Close() override { engine_.reset(); }
  Engine& engine() override { return *engine_; }
  Maintenance& maintenance() override { return maintenance_; }
  void WaitFor(absl::Notification& done) override {
    while (!done.HasBeenNotified()) engine_->Step();
  }

 private:
  uint64_t seed_ = 0;
  const std::shared_ptr<testing::FakeStorage> storage_ = std::make_shared<testing::FakeStorage>();
  testing::FakeMaintenance maintenance_{storage_};
  std::unique_ptr<testing::FakeEngine> engine_;
};

std::string NameOf(const ::testing::TestParamInfo<EngineName>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Engines, EngineConformance,
    ::testing::Values(EngineName{"RocksDb", [] { return std::make_unique<RocksDbUnderTest>(); }},
                      EngineName{"Fake", [] { return std::make_unique<FakeUnderTest>(); }}),
    NameOf);

}  // namespace
}  // namespace letterlock::engine
