#include "recovery.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "attest/merkle.h"
#include "server/log/reader.h"
#include "state_reader.h"

namespace letterlock::directory {
namespace {

absl::Status Mismatch(const std::string& what) { return absl::FailedPreconditionError(what); }

absl::StatusOr<std::string> LeafAt(const Registry::Parts& parts, uint64_t index) {
  const log::LogReader reader(parts.log_storage, parts.log->tree());
  absl::StatusOr<std::vector<std::string>> leaves = reader.ReadEntries(index, 1);
  if (!leaves.ok()) return leaves.status();
  return std::move(leaves->front());
}

absl::Status CheckStoreDeployment(const Registry::Parts& parts, bool has_head) {
  const std::string deployment(parts.genesis->deployment.bytes());
  absl::StatusOr<std::optional<std::string>> stored = parts.store->Get(DeploymentKey());
  if (!stored.ok()) return stored.status();
  if (stored->has_value()) {
    if (**stored == deployment) return absl::OkStatus();
    return Mismatch("the directory's store is of another deployment than the genesis statement");
  }
  if (has_head) return absl::DataLossError("the directory's store has heads, but no deployment");
  engine::OrderedBatch batch;
  batch.Put(DeploymentKey(), deployment);
  return parts.store->Write(batch, engine::OrderedStore::Sync::kDurable);
}

absl::Status CheckGenesisLeaf(const Registry::Parts& parts, bool has_head) {
  if (parts.log->tree()->size == 0) {
    if (has_head) return Mismatch("the directory's store has heads, but the log is empty");
    return parts.log->Append({{parts.genesis->leaf}}).status();
  }
  absl::StatusOr<std::string> leaf = LeafAt(parts, 0);
  if (!leaf.ok()) return leaf.status();
  if (*leaf == parts.genesis->leaf) return absl::OkStatus();
  return Mismatch("the log's first leaf is another genesis statement");
}

// The store holds head N at index i. Its leaf is the log's last; or the log ends right before it,
// with the leaf that it was made after: then the process was ended in between, and the leaf is
// appended now, byte for byte.
absl::Status RollForward(const Registry::Parts& parts, const HeadRow& head) {
  const uint64_t size = parts.log->tree()->size;
  if (size == head.index + 1) {
    absl::StatusOr<std::string> leaf = LeafAt(parts, head.index);
    if (!leaf.ok()) return leaf.status();
    if (*leaf == head.leaf) return absl::OkStatus();
    return Mismatch("the log's last leaf is not the store's newest head");
  }
  if (size != head.index) {
    return Mismatch(absl::StrCat("the store's newest head is leaf ", head.index,
                                 ", but the log has ", size,
                                 " leaves: one of them was restored from a backup"));
  }
  absl::StatusOr<crypto::Digest> before = LeafHashAt(parts, size - 1);
  if (!before.ok()) return before.status();
  if (*before != head.previous_leaf) {
    return Mismatch("the log's last leaf is not the one before the store's newest head");
  }
  return parts.log->Append({{head.leaf}}).status();
}

}  // namespace

absl::StatusOr<crypto::Digest> LeafHashAt(const Registry::Parts& parts, uint64_t index) {
  absl::StatusOr<std::string> leaf = LeafAt(parts, index);
  if (!leaf.ok()) return leaf.status();
  return attest::LeafHash(*leaf);
}

absl::StatusOr<std::optional<HeadRow>> Recover(const Registry::Parts& parts) {
  absl::StatusOr<std::optional<HeadRow>> head = StateReader(parts.store).Head();
  if (!head.ok()) return head.status();
  absl::Status good = CheckStoreDeployment(parts, head->has_value());
  if (good.ok()) good = CheckGenesisLeaf(parts, head->has_value());
  if (good.ok() && head->has_value()) good = RollForward(parts, **head);
  if (!good.ok()) return good;
  if (!head->has_value() && parts.log->tree()->size != 1) {
    return Mismatch("the log has heads, but the directory's store has none");
  }
  return head;
}

}  // namespace letterlock::directory
