#include "mailbox/reservation.h"

#include <algorithm>

#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::mail {

absl::StatusOr<std::shared_ptr<const Reservation>> Reservation::Take(
    std::shared_ptr<Lane> lane, std::vector<std::string> row_keys, absl::Time deadline) {
  Lane& held = *lane;
  absl::MutexLock lock(&held.mu);
  const auto free = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(held.mu) {
    return std::none_of(row_keys.begin(), row_keys.end(),
                        [&](const std::string& key)
                            ABSL_NO_THREAD_SAFETY_ANALYSIS { return held.reserved.contains(key); });
  };
  if (!held.mu.AwaitWithDeadline(absl::Condition(&free), deadline)) {
    return rpc::Fail(absl::StatusCode::kDeadlineExceeded, common::v1::ERROR_REASON_DEADLINE,
                     "the deadline passed");
  }
  held.reserved.insert(row_keys.begin(), row_keys.end());
  return std::shared_ptr<const Reservation>(new Reservation(std::move(lane), std::move(row_keys)));
}

Reservation::~Reservation() {
  absl::MutexLock lock(&lane_->mu);
  for (const std::string& key : row_keys_) lane_->reserved.erase(key);
}

}  // namespace letterlock::mail
