#include "registry_impl.h"

#include <algorithm>
#include <utility>

#include "attest/sparse_map.h"
#include "letterlock/common/v1/errors.pb.h"
#include "recovery.h"
#include "server/log/reader.h"
#include "server/rpc/status.h"

namespace letterlock::directory {
namespace {

absl::Status Unavailable() {
  return rpc::Fail(absl::StatusCode::kUnavailable, common::v1::ERROR_REASON_STORE_UNAVAILABLE,
                   "the directory takes no changes; whether this one was taken is unknown");
}

crypto::Digest PositionOf(const std::variant<Publication, Erasure>& change) {
  return std::visit([](const auto& one) { return one.position; }, change);
}

}  // namespace

Registry::Impl::Impl(const Parts& given, const RegistryOptions& options)
    : parts(given), rules(given.genesis, given.clock), options_(options) {}

Registry::Impl::~Impl() {
  AnswerAll();
  for (Waiting& waiting : TakeWaiting()) std::move(waiting.done)(Unavailable());
}

absl::Status Registry::Impl::Start() {
  absl::StatusOr<std::optional<HeadRow>> head = Recover(parts);
  if (!head.ok()) return head.status();
  if (head->has_value()) return Show(**std::move(head));
  // A new deployment: the first head says that the directory is empty.
  StateReader state(parts.store);
  absl::Status staged = Stage(HeadBuilder(&state, parts.random), false);
  return staged.ok() ? PublishStaged() : staged;
}

void Registry::Impl::Submit(Change change, absl::Time deadline, Done done) {
  // Most refusals need no head: what is published decides them. The head's maker judges again.
  const std::shared_ptr<const PublishedHead> head = published();
  absl::StatusOr<Verdict> verdict =
      std::visit([&](const auto& one) { return rules.Judge(one, head->state()); }, change);
  if (!verdict.ok()) return std::move(done)(verdict.status());
  if (*verdict == Verdict::kAlreadySo) return std::move(done)(head->Prove(PositionOf(change)));

  absl::Status refused;
  {
    absl::MutexLock hold(&mu_);
    if (broken_) {
      refused = Unavailable();
    } else if (queue_.size() >= options_.max_waiting) {
      refused = rpc::Exhausted(options_.retry_after, "too many requests wait for a head");
    } else {
      queue_.push_back({std::move(change), deadline, std::move(done)});
      return;
    }
  }
  std::move(done)(refused);
}

absl::Status Registry::Impl::MakeHead(bool even_if_unchanged) {
  if (broken()) return absl::FailedPreconditionError("the directory is broken");
  if (staged_.has_value()) return PublishStaged();

  StateReader state(parts.store);
  HeadBuilder builder(&state, parts.random);
  std::deque<Waiting> deferred;
  bool erases = false;
  for (Waiting& waiting : TakeWaiting()) {
    erases |= std::holds_alternative<Erasure>(waiting.change);
    absl::Status admitted = Admit(std::move(waiting), &builder, &deferred);
    if (!admitted.ok()) return Break(admitted);
  }
  PutBack(std::move(deferred));
  if (builder.size() == 0 && !even_if_unchanged) {
    AnswerAll();
    return absl::OkStatus();
  }
  absl::Status staged = Stage(std::move(builder), erases);
  return staged.ok() ? PublishStaged() : staged;
}

// Judges a request against the newest state and takes it into the head. An error is the store's,
// not the request's.
absl::Status Registry::Impl::Admit(Waiting waiting, HeadBuilder* builder,
                                   std::deque<Waiting>* deferred) {
  const crypto::Digest position = PositionOf(waiting.change);
  if (parts.clock->Now() > waiting.deadline) {
    std::move(waiting.done)(rpc::Fail(absl::StatusCode::kDeadlineExceeded,
                                      common::v1::ERROR_REASON_DEADLINE,
                                      "the deadline has passed"));
    return absl::OkStatus();
  }
  if (builder->Touches(position)) {
    deferred->push_back(std::move(waiting));  // one step of version a head
    return absl::OkStatus();
  }
  const StateReader state(parts.store);
  absl::StatusOr<Verdict> verdict =
      std::visit([&](const auto& one) { return rules.Judge(one, state); }, waiting.change);
  if (!verdict.ok()) {
    std::move(waiting.done)(verdict.status());
    return absl::OkStatus();
  }
  answers_.push_back({position, std::move(waiting.done)});
  if (*verdict == Verdict::kAlreadySo) return absl::OkStatus();
  if (const auto* erasure = std::get_if<Erasure>(&waiting.change)) return builder->Add(*erasure);
  builder->Add(std::get<Publication>(waiting.change));
  return absl::OkStatus();
}

// What the next head says before its changes are counted.
absl::StatusOr<HeadRow> Registry::Impl::NextRow() const {
  HeadRow row;
  row.index = parts.log->tree()->size;
  absl::StatusOr<crypto::Digest> before = LeafHashAt(parts, row.index - 1);
  if (!before.ok()) return before.status();
  row.previous_leaf = *before;
  row.sequence = 1;
  row.time_unix_ms =
      static_cast<uint64_t>(std::max<int64_t>(1, absl::ToUnixMillis(parts.clock->Now())));
  if (const std::shared_ptr<const PublishedHead> last = published()) {
    row.sequence = last->row().sequence + 1;
    // A clock that was set back does not turn the log's time back.
    row.time_unix_ms = std::max(row.time_unix_ms, last->row().time_unix_ms);
  }
  return row;
}

absl::Status Registry::Impl::Stage(HeadBuilder builder, bool erases) {
  const std::shared_ptr<const PublishedHead> last = published();
  const crypto::Digest root = last ? last->row().directory_root : attest::kEmptyMapRoot;
  absl::StatusOr<HeadRow> row = NextRow();
  if (!row.ok()) return Break(row.status());
  absl::StatusOr<BuiltHead> head =
      std::move(builder).Build(parts.genesis->deployment, root, *std::move(row));
  if (!head.ok()) return Break(head.status());
  absl::Status written = parts.store->Write(head->batch, engine::OrderedStore::Sync::kDurable);
  if (!written.ok()) return Break(written);
  staged_ = Staged{std::move(head->row), erases};
  parts.points->Reached(kPointHeadStaged);
  return absl::OkStatus();
}

// Puts the staged head into the log, shows it and answers. Where the log says that it signed
// nothing, the head stays staged and the callers wait: the next call tries again with the same
// bytes.
absl::Status Registry::Impl::PublishStaged() {
  absl::Status appended = parts.log->Append({{staged_->row.leaf}}).status();
  if (!appended.ok()) return parts.log->closed() ? Break(appended) : appended;
  parts.points->Reached(kPointHeadPublished);
  absl::Status shown = Show(staged_->row);
  if (!shown.ok()) return Break(shown);
  const bool erased = staged_->erases;
  staged_.reset();
  AnswerAll();
  absl::MutexLock hold(&mu_);
  to_compact_ |= erased;
  return absl::OkStatus();
}

// REQUIRES: the head is the store's newest and the log's last leaf.
absl::Status Registry::Impl::Show(HeadRow row) {
  const std::shared_ptr<const log::SignedTree> tree = parts.log->tree();
  absl::StatusOr<std::shared_ptr<const PublishedHead>> head = PublishedHead::Create(
      parts.store->Snapshot(), std::move(row), log::LogReader(parts.log_storage, tree), *tree);
  if (!head.ok()) return head.status();
  absl::MutexLock hold(&mu_);
  std::erase_if(older_, [](const auto& one) { return one.expired(); });
  if (published_) older_.push_back(published_);
  published_ = *std::move(head);
  return absl::OkStatus();
}

void Registry::Impl::AnswerAll() {
  const std::shared_ptr<const PublishedHead> head = published();
  const bool unknown = broken() || staged_.has_value() || head == nullptr;
  for (Answer& answer : std::exchange(answers_, {})) {
    if (unknown) {
      std::move(answer.done)(Unavailable());
    } else {
      std::move(answer.done)(head->Prove(answer.position));
    }
  }
}

absl::Status Registry::Impl::Break(absl::Status cause) {
  {
    absl::MutexLock hold(&mu_);
    broken_ = true;
  }
  AnswerAll();
  for (Waiting& waiting : TakeWaiting()) std::move(waiting.done)(Unavailable());
  return cause;
}

absl::Status Registry::Impl::CompactErased() {
  {
    absl::MutexLock hold(&mu_);
    if (!to_compact_ || staged_.has_value()) return absl::OkStatus();
    // Whoever still reads an older head keeps the bytes alive in the store: later, then.
    std::erase_if(older_, [](const auto& one) { return one.expired(); });
    if (!older_.empty()) return absl::OkStatus();
    to_compact_ = false;
  }
  absl::StatusOr<engine::OrderedPage> rows =
      parts.store->Scan(ErasedKeysBegin(), ErasedKeysEnd(), engine::kMaxOrderedScanEntries);
  if (!rows.ok()) return rows.status();
  engine::OrderedBatch forgotten;
  for (const engine::OrderedEntry& row : rows->entries) {
    absl::StatusOr<crypto::Digest> position = PositionOfErasedKey(row.key);
    if (!position.ok()) return position.status();
    absl::Status compacted = parts.store->Compact(EntryKey(*position, 0), EntryKeysEnd(*position));
    if (!compacted.ok()) return compacted;
    forgotten.Delete(row.key);
  }
  if (rows->entries.empty()) return absl::OkStatus();
  absl::MutexLock hold(&mu_);
  to_compact_ |= rows->more;
  return parts.store->Write(forgotten, engine::OrderedStore::Sync::kBuffered);
}

std::deque<Registry::Impl::Waiting> Registry::Impl::TakeWaiting() {
  absl::MutexLock hold(&mu_);
  std::deque<Waiting> taken;
  while (!queue_.empty() && taken.size() < options_.max_changes_per_head) {
    taken.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return taken;
}

void Registry::Impl::PutBack(std::deque<Waiting> deferred) {
  absl::MutexLock hold(&mu_);
  while (!deferred.empty()) {
    queue_.push_front(std::move(deferred.back()));
    deferred.pop_back();
  }
}

std::shared_ptr<const PublishedHead> Registry::Impl::published() const {
  absl::MutexLock hold(&mu_);
  return published_;
}

bool Registry::Impl::broken() const {
  absl::MutexLock hold(&mu_);
  return broken_;
}

size_t Registry::Impl::waiting() const {
  absl::MutexLock hold(&mu_);
  return queue_.size();
}

bool Registry::Impl::WaitForWork(absl::Time until) {
  const auto has_work = [this] {
    mu_.AssertReaderHeld();
    return woken_ || !queue_.empty();
  };
  absl::MutexLock hold(&mu_);
  mu_.AwaitWithDeadline(absl::Condition(&has_work), until);
  woken_ = false;
  return !queue_.empty();
}

void Registry::Impl::WakeUp() {
  absl::MutexLock hold(&mu_);
  woken_ = true;
}

}  // namespace letterlock::directory
