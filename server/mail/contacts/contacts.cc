#include "server/mail/contacts/contacts.h"

#include <utility>

#include "letterlock/common/v1/errors.pb.h"
#include "mailbox/contacts.h"
#include "mailbox/sealing.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/rpc/status.h"

namespace letterlock::mail {

std::uint64_t Contacts::NowMs() const {
  return static_cast<std::uint64_t>(absl::ToUnixMillis(clock_.Now()));
}

absl::Status Contacts::Block(const MemberGrant& grant, const crypto::MemberId& member,
                             absl::Time deadline) {
  auto mailbox = mailboxes_.Open(grant, deadline);
  if (!mailbox.ok()) return mailbox.status();
  const auto block = [&](Lane::View& view, Contact& contact,
                         engine::Batch& batch) -> absl::StatusOr<bool> {
    if (contact.blocked_ms != 0) return false;
    Account& account = view.counters.account;
    if (account.blocks >= kMaxBlocks) {
      return rpc::Fail(absl::StatusCode::kFailedPrecondition, common::v1::ERROR_REASON_TOO_MANY,
                       "1,000 members are blocked already");
    }
    account.blocks += 1;
    contact.blocked_ms = std::max<std::uint64_t>(1, NowMs());
    batch.puts.push_back(SealRow(*view.keys, {table::kBlocks, view.keys->ContactRowKey(member)},
                                 EncodeBlock({member, contact.blocked_ms})));
    return true;
  };
  return EditContact(mailbox->lane_, member, deadline, block).status();
}

absl::Status Contacts::Unblock(const MemberGrant& grant, const crypto::MemberId& member,
                               absl::Time deadline) {
  auto mailbox = mailboxes_.Open(grant, deadline);
  if (!mailbox.ok()) return mailbox.status();
  const auto unblock = [&](Lane::View& view, Contact& contact,
                           engine::Batch& batch) -> absl::StatusOr<bool> {
    if (contact.blocked_ms == 0) return false;
    view.counters.account.blocks -= 1;
    contact.blocked_ms = 0;
    batch.deletes.push_back({table::kBlocks, view.keys->ContactRowKey(member)});
    return true;
  };
  return EditContact(mailbox->lane_, member, deadline, unblock).status();
}

absl::StatusOr<std::vector<BlockedMember>> Contacts::ListBlocks(const MemberGrant& grant,
                                                                absl::Time deadline) {
  auto mailbox = mailboxes_.Open(grant, deadline);
  if (!mailbox.ok()) return mailbox.status();
  Lane& lane = *mailbox->lane_;
  KeyRing::Keys keys;
  while (keys == nullptr) {
    if (absl::Status loaded = lane.Load(deadline); !loaded.ok()) return loaded;
    keys = lane.keys();
  }
  std::vector<BlockedMember> blocks;
  engine::Range range;
  while (true) {
    auto page = ScanRows(lane.engine(), lane.tag(), table::kBlocks, range, deadline);
    if (!page.ok()) return page.status();
    for (const engine::Row& row : page->rows) {
      auto opened = OpenRow(*keys, row.key, row.value);
      if (!opened.ok()) return opened.status();
      auto block = DecodeBlock(*opened);
      if (!block.ok()) return block.status();
      blocks.push_back(*std::move(block));
    }
    if (!page->more) return blocks;
    range = engine::Behind(range, *page);
  }
}

absl::StatusOr<Contacts::Usage> Contacts::GetUsage(const MemberGrant& grant, absl::Time deadline) {
  auto mailbox = mailboxes_.Open(grant, deadline);
  if (!mailbox.ok()) return mailbox.status();
  Lane& lane = *mailbox->lane_;
  const std::uint64_t now = NowMs();
  while (true) {
    if (absl::Status loaded = lane.Load(deadline); !loaded.ok()) return loaded;
    absl::MutexLock lock(&lane.mu);
    const Lane::View* view = lane.view();
    if (view == nullptr) continue;
    const Limits& limits = options_.limits;
    const Account& account = view->counters.account;
    return Usage{.quota = options_.quota,
                 .limits = limits,
                 .report_desk = options_.report_desk,
                 .max_watches = options_.max_watches,
                 .change_retention = options_.change_retention,
                 .messages = view->counters.message_count,
                 .bytes = view->counters.byte_count,
                 .sends = UsedOf(account.sends, limits.sends_per_day, now),
                 .reports = UsedOf(account.reports, limits.reports.per_day, now),
                 .credits = CreditsOf(limits.credits, account, now),
                 .first_contact_wait = FirstContactWait(limits.slow_down, account, now)};
  }
}

}  // namespace letterlock::mail
