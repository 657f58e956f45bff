// The storage of the mail plane, one mailbox at a time (docs/engine.md). Every engine, embedded or
// distributed, keeps this contract and passes tests/conformance.
//
// A partition (one mailbox) is a set of rows and a generation. Writes of one mailbox are ordered
// and atomic; nothing orders writes of different mailboxes, except within one ApplyTogether.
//
// Pipelining. Write calls only enqueue, and those of one mailbox take effect in the order in which
// the calls returned. A write may expect the generation that an earlier one, still queued, will
// produce (its `expected` + 1): so a busy mailbox takes many writes for one sync. If the earlier is
// not applied, the later is not either: it answers ABORTED, or UNAVAILABLE when the same fault hit
// both. Hence a caller who sees a failure drops what it assumed, reads the generation and starts
// again.
//
// Readers see committed state only, never a write that is still queued, and they see every write
// whose Done ran before the read was called.
//
// Thread-safe. Each Done runs exactly once.
//  - Of a write: never inside the call, always on a thread of the engine; for one mailbox in the
//    order in which its writes were queued. It must not block: further completions wait behind it.
//    It may call the engine. The caller may hold locks that it takes.
//  - Of a read: an embedded engine may run it inside the call, on the caller's thread, which then
//    blocks on disk; so call from a pool, holding no lock that it takes.
// The destructor completes what is queued (an error is an answer, too) and returns when all Dones
// have; no call may come while it runs.
//
// Errors of writes:
//  - ABORTED: not applied; the generation is not the expected one.
//  - INVALID_ARGUMENT: not applied; a limit of engine/row.h.
//  - UNIMPLEMENTED: not applied; ApplyTogether where CommitsTogether() is false.
//  - RESOURCE_EXHAUSTED: not applied; the queue is full (retry later), or the store has become
//    read-only because its disk is full (Writable() tells them apart).
//  - UNAVAILABLE: UNKNOWN whether applied; storage failed or the answer was lost. Whoever wants to
//    know reads. An embedded engine is then read-only until it is reopened, and only what it reads
//    after that is final.
// Errors of reads: INVALID_ARGUMENT, UNAVAILABLE, DATA_LOSS (a checksum of the store does not fit).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/mailbox_tag.h"
#include "engine/row.h"

namespace letterlock::engine {

template <typename T>
using Done = absl::AnyInvocable<void(absl::StatusOr<T>) &&>;

class Engine {
 public:
  virtual ~Engine() = default;

  // Applies the batch, atomically and durably, if the mailbox's generation is `expected`. Answers
  // the new generation, expected + 1. The first write to a mailbox expects kNoPartition.
  virtual void Apply(MailboxTag tag, Generation expected, Batch batch, Done<Generation> done) = 0;

  // Applies all writes, of 1 to kMaxMailboxesTogether different mailboxes, or none, as one synced
  // batch; ABORTED unless every generation is the expected one. Answers the new generations in the
  // order given. Later pipelined writes to any of these mailboxes may build on it.
  virtual void ApplyTogether(std::vector<MailboxWrite> writes,
                             Done<std::vector<Generation>> done) = 0;

  // Whether ApplyTogether works here. Constant over an engine's life.
  virtual bool CommitsTogether() const = 0;

  // Erases the whole partition if its generation is `expected`, ordered and pipelined like Apply.
  // Answers kNoPartition: a write that follows makes a new partition. The bytes leave the disk
  // later (Maintenance::Purge).
  virtual void Drop(MailboxTag tag, Generation expected, Done<Generation> done) = 0;

  // Reads up to kMaxReadKeys rows and the generation, all of one state. `keys` is not kept after
  // the call returns. A partition that does not exist reads as generation kNoPartition without
  // rows: no error.
  virtual void Read(MailboxTag tag, absl::Span<const RowKey> keys, Done<Rows> done) = 0;

  // Reads one row, without the generation: for what nothing is built upon. Often a question whose
  // answer is that there is no such row; an embedded engine answers it at a fraction of a Read.
  virtual void ReadRow(MailboxTag tag, const RowKey& key, Done<std::optional<std::string>> done) {
    Read(tag, absl::MakeConstSpan(&key, 1),
         [done = std::move(done)](absl::StatusOr<Rows> rows) mutable {
           if (!rows.ok()) return std::move(done)(rows.status());
           std::move(done)(std::move(rows->values.front()));
         });
  }

  // Reads one page of one table, of one state. Rows of other tables or mailboxes are never in it.
  virtual void Scan(MailboxTag tag, Table table, Range range, Done<Page> done) = 0;

  // OK, or why the engine refuses writes until it is opened anew: RESOURCE_EXHAUSTED (disk full) or
  // UNAVAILABLE. For health checks; does not block.
  virtual absl::Status Writable() const = 0;
};

}  // namespace letterlock::engine
