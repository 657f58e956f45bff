#include "generations.h"

#include <string>

#include "database.h"
#include "row_layout.h"

namespace letterlock::engine {
namespace {

constexpr size_t kMaxKnown = 1u << 16;

absl::StatusOr<Generation> FromLookup(const rocksdb::Status& status, const std::string& value) {
  if (status.IsNotFound()) return kNoPartition;
  if (!status.ok()) return FromRocksDb(status);
  return ParseGeneration(value);
}

}  // namespace

void Generations::Load(const std::vector<PendingWrite>& group) {
  if (known_.size() > kMaxKnown) known_.clear();
  std::vector<MailboxTag> tags;
  std::vector<std::string> keys;
  for (const PendingWrite& pending : group) {
    for (const MailboxWrite& write : pending.writes) {
      const auto [it, fresh] = known_.try_emplace(write.tag, kNoPartition);
      if (!fresh && it->second.ok()) continue;
      // A placeholder, so that no mailbox is asked for twice; what failed last time is asked again.
      it->second = kNoPartition;
      tags.push_back(write.tag);
      keys.push_back(GenerationKey(write.tag));
    }
  }
  if (tags.empty()) return;

  std::vector<std::string> values;
  const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  const std::vector<rocksdb::Status> found = db_.MultiGet(rocksdb::ReadOptions(), slices, &values);
  for (size_t i = 0; i < tags.size(); ++i) known_[tags[i]] = FromLookup(found[i], values[i]);
}

absl::Status Generations::Advance(const PendingWrite& pending) {
  for (const MailboxWrite& write : pending.writes) {
    const absl::StatusOr<Generation>& current = known_.at(write.tag);
    if (!current.ok()) return current.status();
    if (*current != write.expected) return absl::AbortedError("generation");
  }
  for (const MailboxWrite& write : pending.writes) known_[write.tag] = pending.After(write);
  return absl::OkStatus();
}

}  // namespace letterlock::engine
