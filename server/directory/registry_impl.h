// The inside of a Registry: the queue, the head in the making, the published one.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "entry_rules.h"
#include "head_builder.h"
#include "published_head.h"
#include "server/directory/registry.h"

namespace letterlock::directory {

class Registry::Impl {
 public:
  using Change = std::variant<Publication, Erasure>;

  Impl(const Parts& parts, const RegistryOptions& options);
  ~Impl();

  absl::Status Start();
  void Submit(Change change, absl::Time deadline, Done done) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status MakeHead(bool even_if_unchanged) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status CompactErased() ABSL_LOCKS_EXCLUDED(mu_);

  std::shared_ptr<const PublishedHead> published() const ABSL_LOCKS_EXCLUDED(mu_);
  bool broken() const ABSL_LOCKS_EXCLUDED(mu_);
  size_t waiting() const ABSL_LOCKS_EXCLUDED(mu_);
  bool WaitForWork(absl::Time until) ABSL_LOCKS_EXCLUDED(mu_);
  void WakeUp() ABSL_LOCKS_EXCLUDED(mu_);

  const Parts parts;
  const EntryRules rules;

 private:
  // A request that waits for a head.
  struct Waiting {
    Change change;
    absl::Time deadline;
    Done done;
  };
  // A request that the head in the making decides.
  struct Answer {
    crypto::Digest position;
    Done done;
  };
  // A head that is committed to the store and not in the log yet.
  struct Staged {
    HeadRow row;
    bool erases = false;
  };

  std::deque<Waiting> TakeWaiting() ABSL_LOCKS_EXCLUDED(mu_);
  void PutBack(std::deque<Waiting> deferred) ABSL_LOCKS_EXCLUDED(mu_);

  // The steps of MakeHead. Each that fails for good says so through Break.
  absl::Status Admit(Waiting waiting, HeadBuilder* builder, std::deque<Waiting>* deferred);
  absl::Status Stage(HeadBuilder builder, bool erases);
  absl::Status PublishStaged();
  absl::Status Show(HeadRow row);
  void AnswerAll();
  absl::Status Break(absl::Status cause) ABSL_LOCKS_EXCLUDED(mu_);

  absl::StatusOr<HeadRow> NextRow() const;

  const RegistryOptions options_;

  // MakeHead's thread alone.
  std::optional<Staged> staged_;
  std::vector<Answer> answers_;
  std::vector<std::weak_ptr<const PublishedHead>> older_;  // published before; may still be read

  mutable absl::Mutex mu_;
  std::deque<Waiting> queue_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<const PublishedHead> published_ ABSL_GUARDED_BY(mu_);
  bool woken_ ABSL_GUARDED_BY(mu_) = false;
  bool broken_ ABSL_GUARDED_BY(mu_) = false;
  bool to_compact_ ABSL_GUARDED_BY(mu_) = true;  // a start may find what a kill left
};

}  // namespace letterlock::directory
