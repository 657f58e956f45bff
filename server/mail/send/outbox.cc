#include "send/outbox.h"

#include "mailbox/lane.h"
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
      if (sequence.ok()) StepwiseSend::Resume(context, mailbox, *sequence, deadline);
    }
    if (!page->more) return;
    range = engine::Behind(range, *page);
  }
}

}  // namespace letterlock::mail
