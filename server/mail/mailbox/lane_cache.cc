#include "mailbox/lane_cache.h"

#include <utility>

namespace letterlock::mail {

LaneCache::LaneCache(std::size_t most)
    : most_per_shard_(std::max<std::size_t>(1, most / kShards)) {}

// Member ids are digests: any byte spreads them.
LaneCache::Shard& LaneCache::ShardOf(const crypto::MemberId& member) {
  return shards_[static_cast<unsigned char>(member.bytes().back()) % kShards];
}

std::shared_ptr<Lane> LaneCache::Find(const crypto::MemberId& member) {
  Shard& shard = ShardOf(member);
  absl::MutexLock lock(&shard.mu);
  return Touch(shard, member);
}

std::shared_ptr<Lane> LaneCache::FindOrAdd(const crypto::MemberId& member,
                                           const std::function<std::shared_ptr<Lane>()>& make) {
  Shard& shard = ShardOf(member);
  absl::MutexLock lock(&shard.mu);
  if (std::shared_ptr<Lane> found = Touch(shard, member)) return found;
  shard.by_use.push_front(make());
  shard.lanes[member] = shard.by_use.begin();
  std::shared_ptr<Lane> added = shard.by_use.front();
  Shrink(shard);
  return added;
}

std::shared_ptr<Lane> LaneCache::Touch(Shard& shard, const crypto::MemberId& member) {
  const auto found = shard.lanes.find(member);
  if (found == shard.lanes.end()) return nullptr;
  shard.by_use.splice(shard.by_use.begin(), shard.by_use, found->second);
  return *found->second;
}

void LaneCache::Shrink(Shard& shard) {
  auto oldest = shard.by_use.end();
  while (shard.by_use.size() > most_per_shard_ && oldest != shard.by_use.begin()) {
    --oldest;
    // Copies are made under this lock alone, so a count of one stays one. Who queues a write holds
    // one until it is answered.
    if (oldest->use_count() > 1) continue;
    shard.lanes.erase((*oldest)->member());
    oldest = shard.by_use.erase(oldest);
  }
}

}  // namespace letterlock::mail
