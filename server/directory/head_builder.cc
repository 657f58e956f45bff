#include "head_builder.h"

#include <optional>
#include <string>
#include <utility>

#include "attest/canonical_proto.h"
#include "attest/leaf.h"
#include "attest/map_store.h"
#include "attest/map_value.h"
#include "crypto/base/strings.h"
#include "letterlock/tlog/v1/leaf.pb.h"

namespace letterlock::directory {

void HeadBuilder::Add(const Publication& publication) {
  crypto::Digest salt;
  random_->Fill(salt);
  const HandleState state{.version = publication.entry.version(),
                          .erased = false,
                          .commitment = attest::DirectoryCommitment(
                              crypto::AsView(salt), publication.signed_entry.entry())};
  batch_.Put(EntryKey(publication.position, state.version),
             Encode(EntryRow{salt, attest::SerializeCanonical(publication.signed_entry)}));
  changes_[publication.position] = state;
}

absl::Status HeadBuilder::Add(const Erasure& erasure) {
  absl::StatusOr<std::optional<HandleState>> stands = state_->Handle(erasure.position);
  if (!stands.ok()) return stands.status();
  if (!stands->has_value()) return absl::InternalError("an erasure of nothing");
  for (uint64_t version = 1; version <= (*stands)->version; ++version) {
    batch_.Delete(EntryKey(erasure.position, version));
  }
  // The rows stay in older files until these are compacted: the next start knows it, too.
  batch_.Put(ErasedKey(erasure.position), "");
  changes_[erasure.position] = {.version = erasure.statement.version(),
                                .erased = true,
                                .commitment = attest::kErasedCommitment};
  return absl::OkStatus();
}

absl::StatusOr<BuiltHead> HeadBuilder::Build(const crypto::DeploymentId& deployment,
                                             const crypto::Digest& root, HeadRow row) && {
  std::vector<attest::MapLeaf> leaves;
  leaves.reserve(changes_.size());
  for (const auto& [position, state] : changes_) {
    leaves.push_back({position, attest::MapValue(state.version, state.commitment)});
    batch_.Put(HandleKey(position), Encode(state));
    batch_.Put(DeltaKey(row.sequence, position), Encode(DeltaRow{state.version, state.commitment}));
  }
  absl::StatusOr<attest::MapUpdate> update = attest::UpdateMap(*state_, root, leaves);
  if (!update.ok()) return update.status();
  for (const attest::MapWrite& write : update->writes) {
    batch_.Put(NodeKey(write.path), attest::EncodeMapNode(write.node));
  }

  tlog::v1::Head head;
  head.set_deployment(std::string(deployment.bytes()));
  head.set_sequence(row.sequence);
  head.set_directory_root(crypto::ToString(update->root));
  head.set_publication_root(crypto::ToString(attest::kEmptyMapRoot));
  head.set_time_unix_ms(row.time_unix_ms);
  absl::StatusOr<std::string> leaf =
      attest::FrameLeaf(attest::LeafType::kHead, attest::SerializeCanonical(head));
  if (!leaf.ok()) return leaf.status();
  row.directory_root = update->root;
  row.leaf = *std::move(leaf);
  batch_.Put(HeadKey(), Encode(row));
  return BuiltHead{std::move(batch_), std::move(row)};
}

}  // namespace letterlock::directory
