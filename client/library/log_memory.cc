#include "client/log_memory.h"

#include <utility>

#include "attest/checkpoint_memory.h"
#include "client/failure.h"

namespace letterlock::client {
namespace {

// Whether the log itself says that there is no such proof. Any other failure (a disk that can't be
// read, a server that stops) shows no fork: the state is refused, without an alarm that cries wolf.
bool SaysThereIsNone(const absl::Status& status) {
  return absl::IsNotFound(status) || absl::IsInvalidArgument(status) || absl::IsOutOfRange(status);
}

attest::Checkpoint CheckpointOf(const RememberedLog& log) {
  return {log.origin, log.size, log.root};
}

absl::Status TreeContinues(const RememberedLog& remembered, const RememberedLog& offered,
                           ConsistencySource source) {
  std::vector<crypto::Digest> proof;
  if (offered.size > remembered.size) {
    auto hashes = source(remembered.size, offered.size);
    if (!hashes.ok() && !SaysThereIsNone(hashes.status())) return hashes.status();
    // Such an answer leaves the proof empty, which proves nothing.
    if (hashes.ok()) proof = *std::move(hashes);
  }
  switch (attest::Compare(CheckpointOf(remembered), CheckpointOf(offered), proof)) {
    case attest::Continuation::kSame:
    case attest::Continuation::kGrew:
      return absl::OkStatus();
    case attest::Continuation::kShrank:
      return Alarm("the log shrank: the directory shows fewer entries than it showed before");
    case attest::Continuation::kForked:
      return Alarm("the log forked: two different histories of the same length");
    case attest::Continuation::kUnproven:
      return Alarm("the log forked: it does not prove that it continues what it showed before");
    case attest::Continuation::kOtherLog:
      return Alarm("the directory shows another log than before");
  }
  return Alarm("the log does not continue what it showed before");
}

absl::Status HeadContinues(const RememberedLog& remembered, const RememberedLog& offered) {
  const bool older = offered.head_sequence < remembered.head_sequence;
  const bool same = offered.head_sequence == remembered.head_sequence;
  if (older) return Alarm("the directory shows an older state than it showed before");
  if (same && offered.head_leaf != remembered.head_leaf) {
    return Alarm("the log contradicts itself: two different heads with one number");
  }
  if (!same && offered.head_index <= remembered.head_index) {
    return Alarm("the log contradicts itself: a newer head stands before an older one");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Continue(RememberedLog* remembered, const RememberedLog& offered,
                      ConsistencySource source) {
  if (remembered->size > 0) {
    absl::Status status = TreeContinues(*remembered, offered, source);
    if (status.ok()) status = HeadContinues(*remembered, offered);
    if (!status.ok()) return status;
  }
  *remembered = offered;
  return absl::OkStatus();
}

}  // namespace letterlock::client
