// What letterlock-maild tells its operator: the series and the status that only it has.
#pragma once

#include <cstdint>

#include "attest/trust.h"
#include "engine/rocksdb/rocksdb_engine.h"
#include "server/mail/keys/key_ring.h"
#include "server/mail/send/send_observer.h"
#include "server/metrics/metrics.h"

namespace letterlock::admin::v1 {
class GetStatusResponse;
}  // namespace letterlock::admin::v1

namespace letterlock::mail {

// What is told of the store, in numbers. `store` outlives the metrics' Forget().
void WatchStore(metrics::Metrics& metrics, const engine::RocksDbEngine& store);

// Thread-safe.
class SendTimes final : public SendObserver {
 public:
  // `metrics` outlives this.
  explicit SendTimes(metrics::Metrics& metrics);

  void Took(SendStage stage, absl::Duration time) override;

 private:
  metrics::Histogram& read_;
  metrics::Histogram& seal_;
  metrics::Histogram& commit_;
};

struct StatusParts {
  const attest::TrustFile& trust;
  std::uint32_t epoch;
  const engine::RocksDbEngine& store;
  const KeyRing& ring;
  bool confined;
};
void FillStatus(const StatusParts& parts, admin::v1::GetStatusResponse* response);

}  // namespace letterlock::mail
