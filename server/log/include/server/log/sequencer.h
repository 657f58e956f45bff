// Appends leaves to the log and signs the tree that they make: tiles, read-back, lock, checkpoint
// (docs/log.md).
//
// One Sequencer writes a log; the CheckpointLock it is given sees to that across processes. Append
// is for one thread at a time; tree() and closed() are thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "attest/tile_edge.h"
#include "server/log/checkpoint_lock.h"
#include "server/log/fault_points.h"
#include "server/log/storage.h"
#include "server/log/tree_signer.h"

namespace letterlock::log {

// How much of a log is hashed before the first append.
enum class StartCheck {
  kAll,   // each stored leaf and hash; linear in the log's size
  kEdge,  // the partial tiles and the last bundle; constant
};

class Sequencer {
 public:
  // Finishes what a kill interrupted, and refuses what it must not build upon:
  //   DATA_LOSS            the disk does not hold what was signed: a changed bit, a missing tile
  //   FAILED_PRECONDITION  `checkpoint` is ahead of the lock, or of another tree
  //   UNAVAILABLE          the disk
  // None of the objects is owned; all outlive the sequencer.
  static absl::StatusOr<std::unique_ptr<Sequencer>> Open(LogStorage* storage, CheckpointLock* lock,
                                                         const TreeSigner* signer,
                                                         FaultPoints* points, StartCheck check);

  // Appends the leaves, in order, and publishes one checkpoint that covers them. Returns the newly
  // signed tree, of which everything is durable. Each leaf has 1 to attest::kMaxLeafSize bytes; 1
  // to 1,024 leaves.
  //
  // INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNAVAILABLE, DATA_LOSS while closed() is false: nothing
  // was signed, the same call may be made again. While closed() is true: it is UNKNOWN whether it
  // was signed, and nothing works but to open the log anew.
  absl::StatusOr<std::shared_ptr<const SignedTree>> Append(absl::Span<const std::string> leaves);

  // The tree that was signed and published last. Never null.
  std::shared_ptr<const SignedTree> tree() const;

  // Whether an error has made this object useless.
  bool closed() const;

 private:
  // The right edge of a tree: its unfinished tiles, and the leaves of its unfinished bundle.
  struct Edge {
    attest::TileEdge tiles;
    std::vector<std::string> leaves;
  };

  Sequencer(LogStorage* storage, CheckpointLock* lock, const TreeSigner* signer,
            FaultPoints* points, SignedTree tree, Edge edge);

  static absl::StatusOr<Edge> LoadEdge(const LogStorage& storage, const SignedTree& tree);

  // Step 1 of docs/log.md: writes what `leaves` add to the signed tree, and makes `edge` the edge
  // of the new one.
  absl::Status StoreLeaves(absl::Span<const std::string> leaves, Edge* edge);
  // Steps 4 and 5.
  absl::Status MoveLock(const SignedTree& from, const SignedTree& to);
  absl::Status Publish(const SignedTree& to);
  void RemovePartials(uint64_t old_size, uint64_t new_size);

  // Not owned, constant after construction.
  LogStorage* const storage_;
  CheckpointLock* const lock_;
  const TreeSigner* const signer_;
  FaultPoints* const points_;

  Edge edge_;  // of the signed tree; Append's thread alone

  mutable absl::Mutex mu_;
  std::shared_ptr<const SignedTree> tree_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace letterlock::log
