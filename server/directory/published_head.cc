#include "published_head.h"

#include <optional>
#include <string_view>
#include <utility>

#include "attest/map_store.h"
#include "attest/sparse_map.h"
#include "crypto/base/bytes.h"
#include "crypto/base/encoding.h"
#include "crypto/base/strings.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::directory {
namespace {

constexpr uint8_t kTokenVersion = 1;

// Where a listing of deltas goes on: after this delta. base64url of u8 1 ‖ u64 after_head ‖ u64
// head ‖ position.
std::string PageToken(uint64_t after_head, const DeltaId& last) {
  return crypto::Base64UrlEncode(crypto::ByteWriter()
                                     .U8(kTokenVersion)
                                     .U64(after_head)
                                     .U64(last.head_sequence)
                                     .Bytes(crypto::AsView(last.position))
                                     .str());
}

absl::Status BadToken() {
  return rpc::InvalidField("page_token", common::v1::ERROR_REASON_PAGE_TOKEN,
                           "was not given for this listing");
}

absl::StatusOr<DeltaId> ParsePageToken(uint64_t after_head, std::string_view token) {
  absl::StatusOr<std::string> bytes = crypto::Base64UrlDecode(token);
  if (!bytes.ok()) return BadToken();
  crypto::ByteReader reader(*bytes);
  const uint8_t version = reader.U8();
  const uint64_t listing = reader.U64();
  DeltaId last;
  last.head_sequence = reader.U64();
  absl::StatusOr<crypto::Digest> position = crypto::DigestFromBytes(reader.Bytes(32));
  if (!reader.Finish().ok() || !position.ok() || version != kTokenVersion ||
      listing != after_head || last.head_sequence <= after_head) {
    return BadToken();
  }
  last.position = *position;
  return last;
}

// ProveInMap asks for a reader that it may change; a view costs nothing.
absl::StatusOr<std::string> MapProofOf(const StateReader& state, const crypto::Digest& root,
                                       const crypto::Digest& position) {
  StateReader view = state;
  absl::StatusOr<attest::MapProof> proof = attest::ProveInMap(view, root, position);
  if (!proof.ok()) return proof.status();
  return attest::EncodeMapProof(*proof);
}

}  // namespace

PublishedHead::PublishedHead(std::unique_ptr<const engine::OrderedReader> snapshot, HeadRow row,
                             v1::HeadProof proof)
    : snapshot_(std::move(snapshot)),
      row_(std::move(row)),
      proof_(std::move(proof)),
      state_(snapshot_.get()) {}

absl::StatusOr<std::shared_ptr<const PublishedHead>> PublishedHead::Create(
    std::unique_ptr<const engine::OrderedReader> snapshot, HeadRow row, const log::LogReader& log,
    const log::SignedTree& tree) {
  absl::StatusOr<std::vector<crypto::Digest>> inclusion = log.ProveInclusion(row.index, tree.size);
  if (!inclusion.ok()) return inclusion.status();
  v1::HeadProof proof;
  proof.set_head_leaf(row.leaf);
  proof.set_index(row.index);
  for (const crypto::Digest& hash : *inclusion) proof.add_inclusion(crypto::ToString(hash));
  proof.set_checkpoint(tree.note);
  return std::shared_ptr<const PublishedHead>(
      new PublishedHead(std::move(snapshot), std::move(row), std::move(proof)));
}

absl::StatusOr<v1::EntryProof> PublishedHead::Prove(const crypto::Digest& position) const {
  v1::EntryProof proof;
  *proof.mutable_head() = proof_;
  absl::StatusOr<std::string> map_proof = MapProofOf(state_, row_.directory_root, position);
  if (!map_proof.ok()) return map_proof.status();
  proof.set_map_proof(*std::move(map_proof));

  absl::StatusOr<std::optional<HandleState>> stands = state_.Handle(position);
  if (!stands.ok()) return stands.status();
  if (!stands->has_value()) return proof;
  if ((*stands)->erased) {
    proof.set_erased_version((*stands)->version);
    return proof;
  }
  absl::StatusOr<std::optional<StoredEntry>> entry = state_.Entry(position, (*stands)->version);
  if (!entry.ok()) return entry.status();
  if (!entry->has_value())
    return absl::DataLossError("the entry that a handle stands at is missing");
  *proof.mutable_signed_entry() = std::move((*entry)->signed_entry);
  proof.set_salt(crypto::ToString((*entry)->salt));
  return proof;
}

absl::StatusOr<std::vector<v1::SignedEntry>> PublishedHead::History(const crypto::Digest& position,
                                                                    uint64_t from) const {
  absl::StatusOr<std::optional<HandleState>> stands = state_.Handle(position);
  if (!stands.ok()) return stands.status();
  std::vector<v1::SignedEntry> history;
  if (!stands->has_value() || (*stands)->erased) return history;
  for (uint64_t version = from; version < (*stands)->version && history.size() < kMaxHistory;
       ++version) {
    absl::StatusOr<std::optional<StoredEntry>> entry = state_.Entry(position, version);
    if (!entry.ok()) return entry.status();
    if (!entry->has_value()) return absl::DataLossError("an earlier entry of a handle is missing");
    history.push_back(std::move((*entry)->signed_entry));
  }
  return history;
}

absl::StatusOr<DeltaPage> PublishedHead::ListDeltas(const DeltaQuery& query) const {
  std::string from = DeltaKeysEnd(query.after_head);
  if (!query.page_token.empty()) {
    absl::StatusOr<DeltaId> last = ParsePageToken(query.after_head, query.page_token);
    if (!last.ok()) return last.status();
    from = DeltaKey(last->head_sequence, last->position) + '\0';
  }
  absl::StatusOr<engine::OrderedPage> rows =
      snapshot_->Scan(from, DeltaKeysEnd(row_.sequence), query.page_size);
  if (!rows.ok()) return rows.status();
  DeltaPage page;
  DeltaId last;
  for (const engine::OrderedEntry& entry : rows->entries) {
    absl::StatusOr<DeltaId> id = ParseDeltaKey(entry.key);
    if (!id.ok()) return id.status();
    absl::StatusOr<DeltaRow> row = ParseDeltaRow(entry.value);
    if (!row.ok()) return row.status();
    page.deltas.push_back({id->head_sequence, id->position, row->version, row->commitment});
    last = *id;
  }
  if (rows->more) page.next_page_token = PageToken(query.after_head, last);
  return page;
}

}  // namespace letterlock::directory
