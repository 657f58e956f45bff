// The directory of one deployment: entries, the map over them, and the heads that put its root into
// the log (docs/directory.md).
//
// Requests are checked when they come and wait for the next head; MakeHead takes them in, commits
// them and the map in one durable batch, puts the head into the log, and only then answers. Lookups
// show the newest published head, never what is committed but not published.
//
// Thread-safe; MakeHead for one thread at a time. Callbacks run on MakeHead's thread, or inside the
// call. Errors for callers are rpc::Fail... (server/rpc/status.h), so with reason and field; any
// other is internal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/base/clock.h"
#include "crypto/base/hash.h"
#include "crypto/base/ids.h"
#include "crypto/base/random.h"
#include "engine/ordered_store.h"
#include "server/directory/genesis.h"
#include "server/log/fault_points.h"
#include "server/log/sequencer.h"
#include "server/log/storage.h"

namespace letterlock::directory::v1 {
class EntryProof;
class SignedEntry;
}  // namespace letterlock::directory::v1

namespace letterlock::directory {

// One changed position of the map in one head.
struct MapDelta {
  uint64_t head_sequence = 0;
  crypto::Digest position = {};
  uint64_t version = 0;
  crypto::Digest commitment = {};
};

struct DeltaQuery {
  uint64_t after_head = 0;
  size_t page_size = 1000;   // 1 to 1,000
  std::string page_token{};  // of the page before; empty for the first
};

struct DeltaPage {
  std::vector<MapDelta> deltas;
  std::string next_page_token;  // empty on the last page
};

struct ErasureRequest {
  std::string statement;
  std::string signature;
  std::string recovery_key;
};

inline constexpr size_t kMaxHistory = 64;  // earlier entries that one look-up shows

struct RegistryOptions {
  size_t max_waiting = 4096;  // requests that wait for a head
  size_t max_changes_per_head = 4096;
  absl::Duration retry_after = absl::Seconds(1);  // what a refused caller is told
};

// The moments of a head, for --crash-at; the log's own points come between the two.
inline constexpr std::string_view kPointHeadStaged = "head-staged";  // committed, not in the log
inline constexpr std::string_view kPointHeadPublished =
    "head-published";  // in the log, nobody answered

class Registry {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<v1::EntryProof>) &&>;

  // What the registry works with; not owned, outlives it.
  struct Parts {
    const Genesis* genesis = nullptr;
    engine::OrderedStore* store = nullptr;
    log::Sequencer* log = nullptr;
    const log::LogStorage* log_storage = nullptr;
    const crypto::Clock* clock = nullptr;
    crypto::RandomSource* random = nullptr;
    log::FaultPoints* points = nullptr;
  };

  // Starts a new deployment (genesis leaf, first head), or goes on with an old one: a head that was
  // committed but not logged is logged. FAILED_PRECONDITION where store, log and genesis do not
  // belong together.
  static absl::StatusOr<std::unique_ptr<Registry>> Open(const Parts& parts,
                                                        const RegistryOptions& options);
  // Answers what still waits with UNAVAILABLE.
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Answers with the proof of the entry under the head that took it in; at once where it was taken
  // in before. A request whose `deadline` passes while it waits is not taken in.
  void Publish(const v1::SignedEntry& request, absl::Time deadline, Done done);
  // The same for an erasure; the proof is of the tombstone.
  void Erase(const ErasureRequest& request, absl::Time deadline, Done done);

  // What the newest published head says of the handle, that it has none included.
  absl::StatusOr<v1::EntryProof> Lookup(const crypto::Handle& handle) const;
  // The same with the entries before it, from version `history_from` on (0: none), at most
  // kMaxHistory.
  absl::StatusOr<v1::EntryProof> Lookup(const crypto::Handle& handle, uint64_t history_from,
                                        std::vector<v1::SignedEntry>* history) const;

  // Deltas of the published heads after `after_head`, by head and position.
  absl::StatusOr<DeltaPage> ListDeltas(const DeltaQuery& query) const;

  // Makes a head of what waits. Without changes it makes one only if `even_if_unchanged`. An error
  // leaves callers waiting where the next call may still succeed; broken() says that none will.
  absl::Status MakeHead(bool even_if_unchanged);

  // Whether storage or log has failed in a way that only a new start resolves. Lookups still work.
  bool broken() const;
  // Requests that wait for a head. Grows to RegistryOptions::max_waiting.
  size_t waiting() const;
  // Blocks until something waits, the time has come or WakeUp was called. Whether something waits.
  bool WaitForWork(absl::Time until);
  void WakeUp();
  // When the published head was made (its own time), and its sequence.
  absl::Time head_time() const;
  uint64_t head_sequence() const;

  // Has the store forget the bytes of erased entries that are committed and published. Blocks on
  // disk.
  absl::Status CompactErased();

 private:
  class Impl;
  explicit Registry(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace letterlock::directory
