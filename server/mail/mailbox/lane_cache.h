// The lanes of the mailboxes in use, at most one for each member: two would not see each other's
// queued writes. Private to the mailbox part. Thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "crypto/base/ids.h"
#include "mailbox/lane.h"

namespace letterlock::mail {

class LaneCache {
 public:
  // Beyond `most` lanes those go that nobody holds, the longest unused first.
  explicit LaneCache(std::size_t most);

  // The lane, or nullptr.
  std::shared_ptr<Lane> Find(const crypto::MemberId& member);
  // The lane, made with `make` if there is none.
  std::shared_ptr<Lane> FindOrAdd(const crypto::MemberId& member,
                                  const std::function<std::shared_ptr<Lane>()>& make);

 private:
  struct Shard {
    absl::Mutex mu;
    std::list<std::shared_ptr<Lane>> by_use ABSL_GUARDED_BY(mu);  // latest first
    absl::flat_hash_map<crypto::MemberId, std::list<std::shared_ptr<Lane>>::iterator> lanes
        ABSL_GUARDED_BY(mu);
  };

  Shard& ShardOf(const crypto::MemberId& member);
  static std::shared_ptr<Lane> Touch(Shard& shard, const crypto::MemberId& member)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mu);
  void Shrink(Shard& shard) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mu);

  static constexpr std::size_t kShards = 16;
  const std::size_t most_per_shard_;
  std::array<Shard, kShards> shards_;
};

}  // namespace letterlock::mail
