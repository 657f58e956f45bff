#include "send/outbox.h"

#include "mailbox/contact_rows.h"
#include "mailbox/lane.h"
#include "mailbox/sealing.h"
#include "send/answering.h"
#include "send/send_steps.h"
#include "server/mail/mailbox/engine_calls.h"

namespace letterlock::mail {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(10);

}  // namespace

void Outbox::Settle(Sender::Context& context, const Mailbox& mailbox) {
  Lane& lane = *mailbox.lane_;
  {
    absl::MutexLock lock(&lane.mu);
    if (lane.outbox_checked) return;
    lane.outbox_checked = true;
  }
  const bool queued = context.background.TrySubmit(
      absl::InfiniteFuture(),
      [&context, mailbox](const absl::Status&) { SettleAll(context, mailbox); });
  if (queued) return;
  absl::MutexLock lock(&lane.mu);
  lane.outbox_checked = false;
}

void Outbox::SettleOne(Sender::Context& context, const Mailbox& mailbox, std::uint64_t sequence,
                       const engine::Row& row, absl::Time deadline) {
  const KeyRing::Keys keys = mailbox.lane_->keys();
  if (keys == nullptr) return;
  // What does not open stays where it is: reading the mailbox says so, too.
  auto opened = OpenRow(*keys, row.key, row.value);
  if (!opened.ok()) return;
  auto answer = DecodeAnswerToTell(*opened);
  if (!answer.ok()) return;
  if (!*answer) return StepwiseSend::Resume(context, mailbox, sequence, deadline);
  if (Answering::Tell(context, mailbox, sequence, **answer, deadline).ok()) return;
  absl::MutexLock lock(&mailbox.lane_->mu);
  mailbox.lane_->outbox_checked = false;
}

void Outbox::SettleAll(Sender::Context& context, const Mailbox& mailbox) {
  Lane& lane = *mailbox.lane_;
  const absl::Time deadline = absl::Now() + kPatience;
  engine::Range range;
  range.limit = 100;
  while (true) {
    auto page = ScanRows(context.engine, lane.tag(), table::kOutbox, range, deadline);
    if (!page.ok()) {
      absl::MutexLock lock(&lane.mu);
      lane.outbox_checked = false;
      return;
    }
    for (const engine::Row& row : page->rows) {
      auto sequence = ParseSequenceKey(row.key.key);
      if (sequence.ok()) SettleOne(context, mailbox, *sequence, row, deadline);
    }
    if (!page->more) return;
    range = engine::Behind(range, *page);
  }
}

}  // namespace letterlock::mail
