// What the abuse desk makes of the reports that lie before it (docs/client.md, "Desk").
#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "attest/directory_proof.h"
#include "client/correspondents.h"
#include "client/failure.h"
#include "client_impl.h"
#include "crypto/seal/report.h"
#include "disclosure.h"
#include "letterlock/mail/v1/mail_service.pb.h"

namespace letterlock::client {
namespace {

using attest::VerifiedEntry;
using attest::VerifiedErasure;
using attest::VerifiedLookup;

constexpr std::size_t kMostOnAPage = 15;  // letterlock.mail.v1.ListReportsRequest

const VerifiedEntry* EntryOf(const VerifiedLookup& lookup) {
  return std::get_if<VerifiedEntry>(&lookup);
}

// The reporter's handle is in the message, in the sender's words; whose it is the directory says.
CheckedClaim RecipientToday(const absl::StatusOr<VerifiedLookup>& lookup,
                            const crypto::MemberId& reporter) {
  CheckedClaim claim{"the handle that the message is addressed to is the reporter's",
                     lookup.status()};
  if (!lookup.ok()) return claim;
  const VerifiedEntry* entry = EntryOf(*lookup);
  if (std::holds_alternative<VerifiedErasure>(*lookup)) {
    claim.remark = "it was erased since: whose it was is the sender's word";
  } else if (entry == nullptr || entry->member() != reporter) {
    claim.status = VerificationFailed("it is another member's, or nobody's");
  }
  return claim;
}

absl::StatusOr<DisclosedReport> ReportOf(absl::StatusOr<JudgedDisclosure> judged) {
  if (!judged.ok()) return judged.status();
  return std::move(judged->report);
}

}  // namespace

absl::StatusOr<JudgedDisclosure> ClientImpl::Judge(const mail::v1::Report& report,
                                                   std::size_t* held) const {
  *held = 0;
  const auto reporter = crypto::MemberId::FromBytes(report.reporter());
  const auto sender = crypto::MemberId::FromBytes(report.reference().sender());
  const auto id = crypto::MessageId::FromBytes(report.reference().message_id());
  const auto key_id = crypto::KeyId::FromBytes(report.desk_encryption_key_id());
  if (!reporter.ok() || !sender.ok() || !id.ok() || !key_id.ok()) {
    return VerificationFailed("the mail server gives a report that names nobody");
  }
  const crypto::X25519PrivateKey* key = keys_.EncryptionOf(*key_id);
  if (key == nullptr) {
    return VerificationFailed("it is sealed for a key that this account does not hold");
  }
  const seal::ReportName name = {keys_.deployment, *reporter, *sender, *id};
  const auto disclosure = seal::OpenDisclosure(*key, name, report.sealed_disclosure());
  if (!disclosure.ok()) {
    return VerificationFailed(
        "it was not sealed to this desk by this reporter for this message, or was altered since");
  }
  return JudgeDisclosure(parts_.trust, name, *disclosure, held);
}

ReceivedReport ClientImpl::Received(const mail::v1::Report& report,
                                    absl::StatusOr<DisclosedReport> disclosed,
                                    const State& state) const {
  const auto reporter = crypto::MemberId::FromBytes(report.reporter());
  const auto sender = crypto::MemberId::FromBytes(report.reference().sender());
  const auto id = crypto::MessageId::FromBytes(report.reference().message_id());
  ReceivedReport received{.sequence = report.sequence(),
                          .accepted_unix_ms = report.accepted_unix_ms(),
                          .reporter = reporter.value_or(crypto::MemberId()),
                          .sender = sender.value_or(crypto::MemberId()),
                          .message = id.value_or(crypto::MessageId()),
                          .reporter_handle = std::nullopt,
                          .disclosed = std::move(disclosed)};
  received.reporter_handle = FindHandle(state, keys_.deployment, received.reporter);
  return received;
}

absl::StatusOr<ReportPage> ClientImpl::Reports(std::uint64_t after, std::size_t most) {
  const absl::Status complete = CheckComplete();
  if (!complete.ok()) return complete;
  ReportPage page;
  do {
    mail::v1::ListReportsRequest request;
    request.set_after_sequence(after);
    request.set_page_size(
        static_cast<std::uint32_t>(std::min(kMostOnAPage, most - page.reports.size())));
    mail::v1::ListReportsResponse response;
    const absl::Status status = mail_.ListReports(request, &response);
    if (!status.ok()) return status;
    auto transaction = state_file_.Begin();
    if (!transaction.ok()) return transaction.status();
    for (const mail::v1::Report& report : response.reports()) {
      if (report.sequence() <= after || page.reports.size() == most) {
        return VerificationFailed("the mail server gives other reports than were asked for");
      }
      after = report.sequence();
      std::size_t held = 0;
      page.reports.push_back(
          Received(report, ReportOf(Judge(report, &held)), transaction->state()));
    }
    page.more = response.more() && response.reports_size() > 0;
  } while (page.more && page.reports.size() < most);
  if (page.reports.empty()) {
    mail::v1::GetLimitsResponse limits;
    const absl::Status status = mail_.GetLimits({}, &limits);
    if (!status.ok()) return status;
    page.is_desk = limits.report_desk() == keys_.handle.str();
  }
  return page;
}

absl::StatusOr<mail::v1::Report> ClientImpl::FetchReport(std::uint64_t sequence) {
  const absl::Status complete = CheckComplete();
  if (!complete.ok()) return complete;
  mail::v1::ListReportsRequest request;
  request.set_after_sequence(sequence - std::min<std::uint64_t>(sequence, 1));
  request.set_page_size(1);
  mail::v1::ListReportsResponse response;
  const absl::Status status = mail_.ListReports(request, &response);
  if (!status.ok()) return status;
  if (sequence == 0 || response.reports_size() == 0 || response.reports(0).sequence() != sequence) {
    return NotFound("no report of that number lies before this account");
  }
  return std::move(*response.mutable_reports(0));
}

absl::StatusOr<ReceivedReport> ClientImpl::ReadReport(std::uint64_t sequence) {
  const auto report = FetchReport(sequence);
  if (!report.ok()) return report.status();
  std::size_t held = 0;
  auto disclosed = ReportOf(Judge(*report, &held));
  auto transaction = state_file_.Begin();
  if (!transaction.ok()) return transaction.status();
  ReceivedReport received = Received(*report, std::move(disclosed), transaction->state());
  if (received.reporter_handle.has_value() || !received.disclosed.ok()) return received;
  // A handle in somebody else's words: it is looked up and not pinned.
  const crypto::Handle& claimed = received.disclosed->message.to;
  const auto lookup = impatient_directory_.Fetch(claimed, &transaction->state());
  const absl::Status kept = transaction->Commit();
  if (!kept.ok()) return kept;
  if (ProblemOf(lookup.status()) == Problem::kAlarm) {
    absl::MutexLock lock(&mutex_);
    if (alarm_.ok()) alarm_ = lookup.status();
  }
  const VerifiedEntry* entry = lookup.ok() ? EntryOf(*lookup) : nullptr;
  if (entry != nullptr && entry->member() == received.reporter) received.reporter_handle = claimed;
  return received;
}

absl::StatusOr<ReportCheck> ClientImpl::CheckReport(std::uint64_t sequence) {
  const auto report = FetchReport(sequence);
  if (!report.ok()) return report.status();
  std::size_t held = 0;
  auto judged = Judge(*report, &held);
  std::vector<CheckedClaim> claims;
  for (std::size_t i = 0; i < held; ++i) {
    claims.push_back({kDisclosureClaims[i], absl::OkStatus()});
  }
  if (judged.ok()) {
    const auto reporter = crypto::MemberId::FromBytes(report->reporter());
    const absl::Status asked = AddPresentClaims(*judged, *reporter, &claims);
    if (!asked.ok()) return asked;
  } else {
    claims.push_back({kDisclosureClaims[held], judged.status()});
  }
  auto transaction = state_file_.Begin();
  if (!transaction.ok()) return transaction.status();
  return ReportCheck{Received(*report, ReportOf(std::move(judged)), transaction->state()),
                     std::move(claims)};
}

absl::Status ClientImpl::AddPresentClaims(const JudgedDisclosure& judged,
                                          const crypto::MemberId& reporter,
                                          std::vector<CheckedClaim>* claims) {
  const auto add = [&](CheckedClaim claim) {
    claims->push_back(std::move(claim));
    return claims->back().status.ok();
  };
  return AskDirectory([&](State* state) -> absl::Status {
    const auto lookup = directory_.Fetch(judged.report.message.from, state);
    absl::Status known = lookup.status();
    if (known.ok()) known = directory_.CheckOwn(keys_.handle, state);
    if (known.ok()) known = directory_.CheckShown(judged.sender.head(), *state);
    if (!add({"that log is the one that this account knows", known})) return absl::OkStatus();

    CheckedClaim today{"the directory of now holds that entry, or what followed it", {}};
    today.status = SenderToday(judged, *lookup, &today.remark);
    if (!add(std::move(today))) return absl::OkStatus();

    const auto addressed = directory_.Fetch(judged.report.message.to, state);
    add(RecipientToday(addressed, reporter));
    return absl::OkStatus();
  });
}

absl::Status ClientImpl::SenderToday(const JudgedDisclosure& judged, const VerifiedLookup& lookup,
                                     const char** remark) const {
  const attest::EntryContent& then = judged.sender.content();
  if (std::holds_alternative<VerifiedErasure>(lookup)) {
    *remark = "it was erased since";
    return absl::OkStatus();
  }
  const VerifiedEntry* entry = EntryOf(lookup);
  if (entry == nullptr || entry->member() != judged.sender.member()) {
    return VerificationFailed("the directory no longer shows the sender under her handle");
  }
  const attest::EntryContent& now = entry->content();
  const bool signs = now.identity_key == judged.signing_key;
  if (now.bytes != then.bytes) {
    const auto history = directory_.FetchHistory(entry->checked(), then.version);
    if (!history.ok()) return history.status();
    if (now.version <= then.version || history->front().entry() != then.bytes) {
      return VerificationFailed("the directory shows another entry in its place");
    }
  }
  *remark = signs ? "" : "the key that signed was replaced: whoever has it could write such mail";
  return absl::OkStatus();
}

absl::Status ClientImpl::DeleteReport(std::uint64_t sequence) {
  const auto report = FetchReport(sequence);
  if (!report.ok()) return report.status();
  mail::v1::DeleteReportRequest request;
  request.set_sequence(sequence);
  mail::v1::DeleteReportResponse response;
  return mail_.DeleteReport(request, &response);
}

}  // namespace letterlock::client
