// What the server remembers of one mailbox in use: its keys, profile and counters, and the
// generation that the next write will expect (docs/mail-server.md, "A lane for each mailbox in
// use"). Private to the mailbox and send parts: whoever holds a lane can read and write the
// mailbox; outsiders hold a Mailbox or a Dropbox.
//
// Everything in a view is a guess that the engine checks with the generation: a write that fails
// drops the view, and the next user loads it anew.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "crypto/base/ids.h"
#include "engine/engine.h"
#include "server/mail/keys/key_ring.h"
#include "server/mail/mailbox/contact_cache.h"
#include "server/mail/mailbox/rows.h"

namespace letterlock::mail {

class SendOperation;

// Told of each write of a mailbox that is on disk, or may be. On a thread of the engine: must not
// block, and holds no lock then.
class LaneWatcher {
 public:
  virtual ~LaneWatcher() = default;
  virtual void Notice() = 0;
};

class Lane {
 public:
  // `engine` and `ring` outlive the lane.
  Lane(engine::Engine& engine, const KeyRing& ring, const crypto::MemberId& member,
       const engine::MailboxTag& tag)
      : member_(member), tag_(tag), engine_(engine), ring_(ring) {}

  const crypto::MemberId& member() const { return member_; }
  const engine::MailboxTag& tag() const { return tag_; }
  engine::Engine& engine() const { return engine_; }

  // The mailbox as it will be when all queued writes are done.
  struct View {
    engine::Generation next = engine::kNoPartition;  // what the next write expects
    Profile profile;
    Counters counters;
    KeyRing::Keys keys;
    ContactCache contacts;
  };

  // Makes sure that there is a view. Blocks on disk, and after a failed write until the engine has
  // answered all that was queued. NOT_FOUND (plain) where the mailbox does not exist;
  // DEADLINE_EXCEEDED.
  absl::Status Load(absl::Time deadline) ABSL_LOCKS_EXCLUDED(mu);

  // The keys; Load first. nullptr if the view was dropped meanwhile.
  KeyRing::Keys keys() ABSL_LOCKS_EXCLUDED(mu);

  absl::Mutex mu;

  // nullptr unless loaded.
  View* view() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) { return loaded_ ? &view_ : nullptr; }
  // Changes whenever a view is dropped: what was read before then may be outdated.
  std::uint64_t incarnation() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) { return incarnation_; }

  // The generation behind which reads see all that was written. REQUIRES: view().
  engine::Generation committed() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    return view_.next - static_cast<engine::Generation>(queued_);
  }

  // A write that expects view()->next is being queued (under this very lock, so that the engine's
  // order is the view's). Returns the incarnation to answer with. REQUIRES: view().
  std::uint64_t Queue() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // The engine answered it.
  void Answer(std::uint64_t incarnation, const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu);

  // Sends from this mailbox that have not ended, by message row key: one at a time for each.
  absl::flat_hash_map<std::string, std::weak_ptr<SendOperation>> sending ABSL_GUARDED_BY(mu);

  // Messages, by row key, whose rows somebody is changing (reservation.h).
  absl::flat_hash_set<std::string> reserved ABSL_GUARDED_BY(mu);

  // When deletions may be there that are old enough to be forgotten.
  absl::Time forget_at ABSL_GUARDED_BY(mu) = absl::InfinitePast();
  // Row keys of attachments that somebody reads in order to change (attachments/hold.h).
  absl::flat_hash_set<std::string> attachments_held ABSL_GUARDED_BY(mu);
  // Which of the open calls goes on with an upload, by row key (attachments/upload.h).
  absl::flat_hash_map<std::string, std::uint64_t> uploading ABSL_GUARDED_BY(mu);

  std::vector<std::shared_ptr<LaneWatcher>> watchers ABSL_GUARDED_BY(mu);
  // Streams that read the mailbox.
  std::size_t fetches ABSL_GUARDED_BY(mu) = 0;

  // Whether the outbox that an earlier process left was looked at.
  bool outbox_checked ABSL_GUARDED_BY(mu) = false;

 private:
  bool Settled() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    return loaded_ || (!loading_ && queued_ == 0);
  }

  const crypto::MemberId member_;
  const engine::MailboxTag tag_;
  engine::Engine& engine_;
  const KeyRing& ring_;

  View view_ ABSL_GUARDED_BY(mu);
  bool loaded_ ABSL_GUARDED_BY(mu) = false;
  bool loading_ ABSL_GUARDED_BY(mu) = false;
  std::uint64_t incarnation_ ABSL_GUARDED_BY(mu) = 1;
  int queued_ ABSL_GUARDED_BY(mu) = 0;  // writes that the engine has not answered
};

// The rows of a view, all of one state.
absl::StatusOr<engine::Rows> ReadViewRows(engine::Engine& engine, const engine::MailboxTag& tag,
                                          absl::Time deadline);
// Opens them. NOT_FOUND (plain) where there is no mailbox; DATA_LOSS where it is not the member's.
absl::StatusOr<Lane::View> OpenView(const KeyRing& ring, const crypto::MemberId& member,
                                    const engine::MailboxTag& tag, const engine::Rows& rows);

// The tag of a new mailbox: 16 random bytes.
engine::MailboxTag RandomMailboxTag();

// Locks two lanes, whichever order other threads name them in. REQUIRES: &a != &b.
class ABSL_SCOPED_LOCKABLE TwoLanes {
 public:
  TwoLanes(Lane& a, Lane& b) ABSL_EXCLUSIVE_LOCK_FUNCTION(a.mu, b.mu);
  ~TwoLanes() ABSL_UNLOCK_FUNCTION();
  TwoLanes(const TwoLanes&) = delete;
  TwoLanes& operator=(const TwoLanes&) = delete;

 private:
  Lane& a_;
  Lane& b_;
};

}  // namespace letterlock::mail
