// Comparing what a log's storage holds with the trees that are or will be signed (docs/log.md,
// "Append", "Start").
//
// Every function reads from the storage alone, never from what the sequencer remembers. DATA_LOSS
// where the two differ; else what the storage says.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/base/hash.h"
#include "server/log/storage.h"

namespace letterlock::log {

struct TreeHead {
  uint64_t size = 0;
  crypto::Digest root = {};
};

// Whether the storage holds all that an append from `before` to `after` had to write, and `after`
// extends `before`.
absl::Status CheckGrowth(const LogStorage& storage, const TreeHead& before, const TreeHead& after);

// Whether the partial tiles fold to the root and the last bundle belongs to them.
absl::Status CheckEdge(const LogStorage& storage, const TreeHead& tree);

// Whether every leaf and every tile is what the root covers. Streams; linear in the size.
absl::Status CheckAll(const LogStorage& storage, const TreeHead& tree);

// The root of the first `size` leaves of a stored tree.
absl::StatusOr<crypto::Digest> RootAt(const LogStorage& storage, const TreeHead& tree,
                                      uint64_t size);

}  // namespace letterlock::log
