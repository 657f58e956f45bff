#include "server/mail/reports/reports.h"

#include <algorithm>
#include <utility>

#include "letterlock/common/v1/errors.pb.h"
#include "mailbox/contacts.h"
#include "mailbox/found_messages.h"
#include "mailbox/reservation.h"
#include "mailbox/sealing.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

constexpr int kMostAttempts = 8;

absl::Status NoDesk() {
  return rpc::Fail(absl::StatusCode::kUnimplemented, common::v1::ERROR_REASON_NOT_SERVED,
                   "this deployment has no abuse desk");
}

absl::Status NotReceived() {
  return rpc::FailField(absl::StatusCode::kNotFound, rpc::FieldPath("reference"),
                        common::v1::ERROR_REASON_NOT_FOUND, "was not received by this mailbox");
}

absl::Status DeskFull() {
  return rpc::Fail(absl::StatusCode::kResourceExhausted, common::v1::ERROR_REASON_MAILBOX_FULL,
                   "the abuse desk's mailbox is full");
}

// By whom and about what, both as keyed hashes: a report is there once.
engine::RowKey OncePlace(const vault::MailboxKeys& keys, const StoredReport& report) {
  return {table::kReported, keys.ContactRowKey(report.reporter) +
                                keys.MessageRowKey(report.message.sender, report.message.id)};
}

}  // namespace

std::uint64_t Reports::NowMs() const {
  return static_cast<std::uint64_t>(absl::ToUnixMillis(clock_.Now()));
}

absl::Status Reports::Report(const MemberGrant& grant, const MessageName& message,
                             const std::string& disclosure, const crypto::KeyId& desk_key,
                             absl::Time deadline) {
  if (!options_.desk) return NoDesk();
  auto mailbox = mailboxes_.Open(grant, deadline);
  if (!mailbox.ok()) return mailbox.status();
  const LanePtr& own = mailbox->lane_;
  if (message.sender == own->member()) return NotReceived();
  auto keys = KeysOf(*own, deadline);
  if (!keys.ok()) return keys.status();
  const std::string row_key = (*keys)->MessageRowKey(message.sender, message.id);
  // One report of a message at a time, beside whoever marks or deletes it.
  auto reserved = Reservation::Take(own, {row_key}, deadline);
  if (!reserved.ok()) return reserved.status();
  auto found = FindMessages(*own, {row_key}, deadline);
  if (!found.ok()) return found.status();
  if (!found->messages[0].known) return NotReceived();
  auto desk = OpenDesk(desk_key, disclosure.size(), deadline);
  if (!desk.ok()) return desk.status();

  auto marked = Mark(own, message, row_key, ReportMark::kTaken, deadline);
  if (!marked.ok()) return marked.status();
  Reached(point::kReportBegun);
  absl::Status put = PutBefore(*desk,
                               {.accepted_unix_ms = NowMs(),
                                .reporter = own->member(),
                                .message = message,
                                .disclosure = disclosure,
                                .desk_key = desk_key},
                               deadline);
  if (!put.ok()) return put;
  Reached(point::kReportBeforeDesk);
  auto done = Mark(own, message, row_key, ReportMark::kReported, deadline);
  if (done.ok()) Reached(point::kReportDone);
  return done.status();
}

absl::StatusOr<Reports::LanePtr> Reports::OpenDesk(const crypto::KeyId& desk_key, std::size_t size,
                                                   absl::Time deadline) {
  auto opened = mailboxes_.Open(ReportGrant(ReportGrant::Maker(), *options_.desk), deadline);
  if (absl::IsNotFound(opened.status())) return NoDesk();
  if (!opened.ok()) return opened.status();
  const LanePtr& desk = opened->lane_;
  while (true) {
    if (absl::Status loaded = desk->Load(deadline); !loaded.ok()) return loaded;
    absl::MutexLock lock(&desk->mu);
    const Lane::View* view = desk->view();
    if (view == nullptr) continue;
    if (view->profile.encryption_key_id != desk_key) {
      return rpc::FailField(
          absl::StatusCode::kFailedPrecondition, rpc::FieldPath("desk_encryption_key_id"),
          common::v1::ERROR_REASON_RECIPIENT_KEY, "is not of the abuse desk's current key");
    }
    const Account& account = view->counters.account;
    if (account.report_count >= options_.rules.most ||
        account.report_bytes + size > options_.rules.most_bytes) {
      return DeskFull();
    }
    return desk;
  }
}

absl::StatusOr<ReportMark> Reports::Mark(const LanePtr& own, const MessageName& message,
                                         const std::string& row_key, ReportMark mark,
                                         absl::Time deadline) {
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    auto found = FindMessages(*own, {row_key}, deadline);
    if (!found.ok()) return found.status();
    if (!found->messages[0].known) return NotReceived();
    Delivery delivery = found->messages[0].delivery;
    const ReportMark before = delivery.report;
    if (before == ReportMark::kReported && mark == ReportMark::kTaken) {
      return rpc::FailField(absl::StatusCode::kAlreadyExists, rpc::FieldPath("reference"),
                            common::v1::ERROR_REASON_ALREADY_REPORTED, "was reported before");
    }
    if (before >= mark) return before;
    delivery.report = mark;
    const std::uint32_t per_day = options_.rules.per_day;
    const auto write = [&](Lane::View& view, Contact&, engine::Batch& batch)
                           ABSL_EXCLUSIVE_LOCKS_REQUIRED(own->mu) -> absl::StatusOr<bool> {
      if (own->incarnation() != found->incarnation) return absl::AbortedError("read again");
      Bucket& bucket = view.counters.account.reports;
      if (before == ReportMark::kNone) {
        const absl::Duration wait = WaitFor(bucket, per_day, NowMs());
        if (wait > absl::ZeroDuration()) {
          return rpc::FailUntil(absl::StatusCode::kResourceExhausted, common::v1::ERROR_REASON_RATE,
                                wait, "as many reports as a day allows were made");
        }
        Take(per_day, NowMs(), &bucket);
      }
      batch.puts.push_back(
          SealRow(*view.keys, {table::kDeliveries, row_key}, EncodeDelivery(delivery)));
      return true;
    };
    auto written = EditContact(own, message.sender, deadline, write);
    if (written.ok()) return before;
    if (!absl::IsAborted(written.status())) return written.status();
  }
  return WriteError(absl::AbortedError("too many attempts"));
}

absl::Status Reports::PutBefore(const LanePtr& desk, const StoredReport& report,
                                absl::Time deadline) {
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    auto keys = KeysOf(*desk, deadline);
    if (!keys.ok()) return keys.status();
    std::uint64_t incarnation = 0;
    {
      absl::MutexLock lock(&desk->mu);
      incarnation = desk->incarnation();
    }
    const engine::RowKey once = OncePlace(**keys, report);
    auto there = ReadRow(desk->engine(), desk->tag(), once, deadline);
    if (!there.ok()) return there.status();
    if (*there) return absl::OkStatus();
    const auto put = [&](Lane::View& view, Contact&, engine::Batch& batch)
                         ABSL_EXCLUSIVE_LOCKS_REQUIRED(desk->mu) -> absl::StatusOr<bool> {
      if (desk->incarnation() != incarnation) return absl::AbortedError("read again");
      const std::uint64_t sequence = view.counters.next_sequence++;
      view.counters.account.report_count += 1;
      view.counters.account.report_bytes += report.disclosure.size();
      batch.puts.push_back(
          SealRow(*view.keys, {table::kReports, SequenceKey(sequence)}, EncodeReport(report)));
      batch.puts.push_back(SealRow(*view.keys, once, SequenceKey(sequence)));
      return true;
    };
    auto written = EditContact(desk, report.reporter, deadline, put);
    if (written.ok()) return absl::OkStatus();
    if (!absl::IsAborted(written.status())) return written.status();
  }
  return WriteError(absl::AbortedError("too many attempts"));
}

absl::StatusOr<Reports::Page> Reports::List(const MemberGrant& grant, std::uint64_t after,
                                            std::size_t page_size, absl::Time deadline) {
  auto mailbox = mailboxes_.Open(grant, deadline);
  if (!mailbox.ok()) return mailbox.status();
  Lane& lane = *mailbox->lane_;
  auto keys = KeysOf(lane, deadline);
  if (!keys.ok()) return keys.status();
  engine::Range range;
  // Just behind that key.
  if (after != 0) range.from = SequenceKey(after) + std::string(1, '\0');
  range.limit = page_size;
  auto rows = ScanRows(lane.engine(), lane.tag(), table::kReports, range, deadline);
  if (!rows.ok()) return rows.status();
  Page page;
  page.more = rows->more;
  for (const engine::Row& row : rows->rows) {
    auto opened = OpenRow(**keys, row.key, row.value);
    if (!opened.ok()) return opened.status();
    auto report = DecodeReport(*opened);
    if (!report.ok()) return report.status();
    auto sequence = ParseSequenceKey(row.key.key);
    if (!sequence.ok()) return sequence.status();
    page.reports.emplace_back(*sequence, *std::move(report));
  }
  return page;
}

absl::Status Reports::Delete(const MemberGrant& grant, std::uint64_t sequence,
                             absl::Time deadline) {
  auto mailbox = mailboxes_.Open(grant, deadline);
  if (!mailbox.ok()) return mailbox.status();
  const LanePtr& lane = mailbox->lane_;
  const engine::RowKey place{table::kReports, SequenceKey(sequence)};
  // No message's row key is as short.
  auto reserved = Reservation::Take(lane, {place.key}, deadline);
  if (!reserved.ok()) return reserved.status();
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    auto keys = KeysOf(*lane, deadline);
    if (!keys.ok()) return keys.status();
    std::uint64_t incarnation = 0;
    {
      absl::MutexLock lock(&lane->mu);
      incarnation = lane->incarnation();
    }
    auto stored = ReadRow(lane->engine(), lane->tag(), place, deadline);
    if (!stored.ok()) return stored.status();
    if (!*stored) return absl::OkStatus();
    auto opened = OpenRow(**keys, place, **stored);
    if (!opened.ok()) return opened.status();
    auto report = DecodeReport(*opened);
    if (!report.ok()) return report.status();
    const auto remove = [&](Lane::View& view, Contact&, engine::Batch& batch)
                            ABSL_EXCLUSIVE_LOCKS_REQUIRED(lane->mu) -> absl::StatusOr<bool> {
      if (lane->incarnation() != incarnation) return absl::AbortedError("read again");
      Account& account = view.counters.account;
      account.report_count -= std::min<std::uint64_t>(account.report_count, 1);
      account.report_bytes -=
          std::min<std::uint64_t>(account.report_bytes, report->disclosure.size());
      batch.deletes = {place, OncePlace(*view.keys, *report)};
      return true;
    };
    auto written = EditContact(lane, report->reporter, deadline, remove);
    if (written.ok()) return absl::OkStatus();
    if (!absl::IsAborted(written.status())) return written.status();
  }
  return WriteError(absl::AbortedError("too many attempts"));
}

}  // namespace letterlock::mail
