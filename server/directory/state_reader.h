// The directory's rows over one state of its store: the newest, or a snapshot.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "attest/map_store.h"
#include "engine/ordered_store.h"
#include "letterlock/directory/v1/entry.pb.h"
#include "store_layout.h"

namespace letterlock::directory {

struct StoredEntry {
  v1::SignedEntry signed_entry;
  crypto::Digest salt = {};
};

// As thread-safe as the reader below it. Errors: the store's, and DATA_LOSS for rows that do not
// parse.
class StateReader final : public attest::MapNodeReader {
 public:
  // Not owned; outlives this.
  explicit StateReader(const engine::OrderedReader* rows) : rows_(rows) {}

  // Nothing where the handle was never registered.
  absl::StatusOr<std::optional<HandleState>> Handle(const crypto::Digest& position) const;
  // Nothing where there is no such version, or it was erased.
  absl::StatusOr<std::optional<StoredEntry>> Entry(const crypto::Digest& position,
                                                   uint64_t version) const;
  // Nothing before the first head.
  absl::StatusOr<std::optional<HeadRow>> Head() const;

  absl::StatusOr<std::optional<attest::MapNode>> Read(const attest::MapPath& path) override;

  const engine::OrderedReader& rows() const { return *rows_; }

 private:
  const engine::OrderedReader* const rows_;
};

}  // namespace letterlock::directory
