// The memory that makes a log answer for its past: each checkpoint and head that the directory
// shows must continue what it showed to this account before. What is offered here has been verified
// by itself already (signatures, quorum, inclusion of the head); this compares it with the memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/state.h"
#include "crypto/base/hash.h"

namespace letterlock::client {

// Asks the log for the RFC 6962 consistency proof between two sizes.
using ConsistencySource = absl::FunctionRef<absl::StatusOr<std::vector<crypto::Digest>>(
    std::uint64_t old_size, std::uint64_t new_size)>;

// Replaces `*remembered` by `offered` if that continues it; otherwise leaves it alone.
//
// Alarm where it does not: a smaller tree; another root at the same size; a larger tree whose
// consistency proof is missing or wrong (the log forked); a head older than one seen before, or
// another one of the same sequence (the log contradicts itself, or old state is shown for new).
// Errors that pass (UNAVAILABLE, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED) while asking for
// the proof come back as they are: nothing was learnt. Pure but for `source`; thread-safe.
absl::Status Continue(RememberedLog* remembered, const RememberedLog& offered,
                      ConsistencySource source);

}  // namespace letterlock::client
