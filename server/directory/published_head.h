// A head as its readers see it: the store frozen at it, and the proof that it is in the log.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/base/hash.h"
#include "engine/ordered_store.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "server/directory/registry.h"
#include "server/log/reader.h"
#include "server/log/tree_signer.h"
#include "state_reader.h"
#include "store_layout.h"

namespace letterlock::directory {

// Immutable; thread-safe. Keeps its snapshot while it lives.
class PublishedHead {
 public:
  // `row` is in the log that `tree` signs, and in `snapshot`.
  static absl::StatusOr<std::shared_ptr<const PublishedHead>> Create(
      std::unique_ptr<const engine::OrderedReader> snapshot, HeadRow row, const log::LogReader& log,
      const log::SignedTree& tree);

  const HeadRow& row() const { return row_; }
  const StateReader& state() const { return state_; }

  absl::StatusOr<v1::EntryProof> Prove(const crypto::Digest& position) const;
  // The entries before the one that stands, from version `from` on, oldest first, at most
  // kMaxHistory. None of a handle that was erased.
  absl::StatusOr<std::vector<v1::SignedEntry>> History(const crypto::Digest& position,
                                                       uint64_t from) const;
  absl::StatusOr<DeltaPage> ListDeltas(const DeltaQuery& query) const;

 private:
  PublishedHead(std::unique_ptr<const engine::OrderedReader> snapshot, HeadRow row,
                v1::HeadProof proof);

  const std::unique_ptr<const engine::OrderedReader> snapshot_;
  const HeadRow row_;
  const v1::HeadProof proof_;
  const StateReader state_;
};

}  // namespace letterlock::directory
