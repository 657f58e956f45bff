// Bringing store and log to one state at start (docs/directory.md, "Start").
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "server/directory/registry.h"
#include "store_layout.h"

namespace letterlock::directory {

// Makes the genesis leaf and the store's deployment row where they are missing, and logs the head
// that was committed but not logged. Returns the newest head, which is then the log's last leaf;
// nothing where there is none yet. FAILED_PRECONDITION where store, log and genesis are not of one
// deployment at one time.
absl::StatusOr<std::optional<HeadRow>> Recover(const Registry::Parts& parts);

// SHA-256 over the leaf at `index` as the log's tree has it.
absl::StatusOr<crypto::Digest> LeafHashAt(const Registry::Parts& parts, uint64_t index);

}  // namespace letterlock::directory
