#include "mailbox/lane.h"

#include <utility>

#include "crypto/base/random.h"
#include "letterlock/common/v1/errors.pb.h"
#include "mailbox/sealing.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/rpc/status.h"

namespace letterlock::mail {

namespace {

const engine::RowKey kKeyPlace{table::kMailboxKey, ""};
const engine::RowKey kProfilePlace{table::kProfile, ""};
const engine::RowKey kCountersPlace{table::kCounters, ""};

}  // namespace

absl::StatusOr<engine::Rows> ReadViewRows(engine::Engine& engine, const engine::MailboxTag& tag,
                                          absl::Time deadline) {
  return ReadRows(engine, tag, {kKeyPlace, kProfilePlace, kCountersPlace}, deadline);
}

absl::StatusOr<Lane::View> OpenView(const KeyRing& ring, const crypto::MemberId& member,
                                    const engine::MailboxTag& tag, const engine::Rows& rows) {
  if (rows.generation == engine::kNoPartition) return absl::NotFoundError("mailbox");
  for (const auto& value : rows.values) {
    if (!value) return absl::DataLossError("a mailbox lacks a row");
  }

  Lane::View view;
  view.next = rows.generation;
  auto mailbox_keys = ring.Unwrap(tag, *rows.values[0]);
  if (!mailbox_keys.ok()) return mailbox_keys.status();
  view.keys = *std::move(mailbox_keys);

  auto profile_row = OpenRow(*view.keys, kProfilePlace, *rows.values[1]);
  if (!profile_row.ok()) return profile_row.status();
  auto profile = DecodeProfile(*profile_row);
  if (!profile.ok()) return profile.status();
  if (profile->member != member) return absl::DataLossError("a mailbox is another member's");
  view.profile = *std::move(profile);

  auto counters_row = OpenRow(*view.keys, kCountersPlace, *rows.values[2]);
  if (!counters_row.ok()) return counters_row.status();
  auto counters = DecodeCounters(*counters_row);
  if (!counters.ok()) return counters.status();
  view.counters = *counters;
  return view;
}

absl::Status Lane::Load(absl::Time deadline) {
  {
    absl::MutexLock lock(&mu);
    if (loaded_) return absl::OkStatus();
    const auto settled = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) { return Settled(); };
    if (!mu.AwaitWithDeadline(absl::Condition(&settled), deadline)) {
      return rpc::Fail(absl::StatusCode::kDeadlineExceeded, common::v1::ERROR_REASON_DEADLINE,
                       "the deadline passed");
    }
    if (loaded_) return absl::OkStatus();
    loading_ = true;
  }
  // Without a view nobody queues a write here, so what is read now is what the next write finds,
  // unless another server writes: then the engine says so.
  absl::StatusOr<engine::Rows> rows = ReadViewRows(engine_, tag_, deadline);
  absl::StatusOr<View> view =
      rows.ok() ? OpenView(ring_, member_, tag_, *rows) : absl::StatusOr<View>(rows.status());
  absl::MutexLock lock(&mu);
  loading_ = false;
  if (!view.ok()) return view.status();
  view_ = *std::move(view);
  loaded_ = true;
  return absl::OkStatus();
}

engine::MailboxTag RandomMailboxTag() {
  crypto::SystemRandom random;
  const auto bytes = crypto::FixedId<struct FreshTag, 16>::Random(random);
  return *engine::MailboxTag::FromBytes(bytes.bytes());
}

KeyRing::Keys Lane::keys() {
  absl::MutexLock lock(&mu);
  return loaded_ ? view_.keys : nullptr;
}

std::uint64_t Lane::Queue() {
  ++view_.next;
  ++queued_;
  return incarnation_;
}

void Lane::Answer(std::uint64_t incarnation, const absl::Status& status) {
  std::vector<std::shared_ptr<LaneWatcher>> told;
  {
    absl::MutexLock lock(&mu);
    --queued_;
    // What failed may be on disk nevertheless; a notice too many does no harm.
    if (status.ok() || absl::IsUnavailable(status)) told = watchers;
    if (!status.ok() && incarnation == incarnation_) {
      ++incarnation_;
      loaded_ = false;
      view_ = View();
    }
  }
  for (const auto& watcher : told) watcher->Notice();
}

TwoLanes::TwoLanes(Lane& a, Lane& b) ABSL_NO_THREAD_SAFETY_ANALYSIS : a_(a), b_(b) {
  Lane& first = std::less<Lane*>()(&a, &b) ? a : b;
  first.mu.Lock();
  (&first == &a ? b : a).mu.Lock();
}

TwoLanes::~TwoLanes() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  a_.mu.Unlock();
  b_.mu.Unlock();
}

}  // namespace letterlock::mail
