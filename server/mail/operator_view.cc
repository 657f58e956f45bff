#include "operator_view.h"

#include "crypto/base/encoding.h"
#include "letterlock/admin/v1/admin_service.pb.h"
#include "server/metrics/server_series.h"

namespace letterlock::mail {
namespace {

metrics::Histogram& Stage(metrics::Metrics& metrics, rpc::Literal name) {
  return metrics.AddHistogram(
      "letterlock_send_stage_seconds",
      "Where the time of a Send goes; waiting for a worker is letterlock_call_queue_seconds.",
      {{"stage", name}});
}

}  // namespace

void WatchStore(metrics::Metrics& metrics, const engine::RocksDbEngine& store) {
  metrics::AddStoreSeries(metrics, [&store] {
    const engine::StoreStatistics now = store.statistics();
    return metrics::StoreNumbers{now.writable,      now.stalled,         now.stalls,
                                 now.bytes_on_disk, now.bytes_in_memory, now.bytes_to_merge};
  });
}

SendTimes::SendTimes(metrics::Metrics& metrics)
    : read_(Stage(metrics, "read")),
      seal_(Stage(metrics, "seal")),
      commit_(Stage(metrics, "commit")) {}

void SendTimes::Took(SendStage stage, absl::Duration time) {
  switch (stage) {
    case SendStage::kRead:
      return read_.Observe(time);
    case SendStage::kSeal:
      return seal_.Observe(time);
    case SendStage::kCommit:
      return commit_.Observe(time);
  }
}

void FillStatus(const StatusParts& parts, admin::v1::GetStatusResponse* response) {
  response->set_deployment(crypto::HexEncode(parts.trust.deployment().bytes()));
  if (parts.trust.witness_policy().unwitnessed()) response->add_labels("UNWITNESSED");
  if (parts.trust.development()) response->add_labels("SELF-REGISTERED");
  if (!parts.confined) response->add_labels("UNCONFINED");
  if (!parts.ring.locked()) response->add_labels("UNLOCKED");
  const engine::StoreStatistics store = parts.store.statistics();
  response->mutable_store()->set_writable(store.writable);
  response->mutable_store()->set_stalled(store.stalled);
  response->mutable_store()->set_stalls(store.stalls);
  response->mutable_store()->set_bytes(store.bytes_on_disk);
  response->mutable_keys()->set_epoch(parts.epoch);
  response->mutable_keys()->set_mailboxes_in_memory(parts.ring.keys_held());
}

}  // namespace letterlock::mail
