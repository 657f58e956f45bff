#include "server/mail/rules/contact.h"

#include <algorithm>

#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

// The largest ciphertext: a share is never too small for one message.
constexpr std::uint64_t kLargestMessage = 32'768 + 16;

absl::Status Declined() {
  return rpc::Fail(absl::StatusCode::kFailedPrecondition, common::v1::ERROR_REASON_DECLINED,
                   "the recipient declined, and has not written since");
}

absl::Status AwaitingAnswer() {
  return rpc::Fail(absl::StatusCode::kFailedPrecondition, common::v1::ERROR_REASON_AWAITING_ANSWER,
                   "as many messages as may wait for a first answer do");
}

absl::Status CheckFirstContact(const Limits& limits, const Account& account, std::uint64_t now_ms) {
  const absl::Duration wait = FirstContactWait(limits.slow_down, account, now_ms);
  if (wait > absl::ZeroDuration()) {
    return rpc::FailUntil(absl::StatusCode::kResourceExhausted, common::v1::ERROR_REASON_SLOW_DOWN,
                          wait, "too many first contacts wait for an answer");
  }
  const CreditState credits = CreditsOf(limits.credits, account, now_ms);
  if (credits.available > 0) return absl::OkStatus();
  if (credits.next_ms == 0) {
    return rpc::Fail(absl::StatusCode::kResourceExhausted, common::v1::ERROR_REASON_NO_CREDITS,
                     "there are no credits for first contacts");
  }
  return rpc::FailUntil(absl::StatusCode::kResourceExhausted, common::v1::ERROR_REASON_NO_CREDITS,
                        absl::Milliseconds(credits.next_ms - now_ms),
                        "no credit is left for a first contact");
}

// The one whom the owner asked has answered, in whatever way.
void Answered(const Limits& limits, std::uint64_t now_ms, Contact* contact, Account* account) {
  const std::uint64_t refund_ms =
      static_cast<std::uint64_t>(absl::ToInt64Milliseconds(limits.credits.refund_within));
  const std::uint64_t since = contact->first_contact_ms;
  if (contact->credit_held && (now_ms <= since || now_ms - since <= refund_ms)) {
    ReturnCredit(limits.credits, now_ms, account);
  }
  CountAnswer(account);
  contact->credit_held = false;
  contact->unanswered = 0;
}

bool IsOpen(const Limits& limits) { return limits.correspondence == Correspondence::kOpen; }

}  // namespace

absl::Status CheckSending(const Limits& limits, const Contact& recipient, const Account& account,
                          std::uint64_t now_ms) {
  const absl::Duration wait = WaitFor(account.sends, limits.sends_per_day, now_ms);
  if (wait > absl::ZeroDuration()) {
    return rpc::FailUntil(absl::StatusCode::kResourceExhausted, common::v1::ERROR_REASON_RATE, wait,
                          "as many messages as a day allows were sent");
  }
  switch (recipient.standing) {
    case Standing::kDeclined:
      return Declined();
    case Standing::kAsked:
      if (IsOpen(limits) || recipient.unanswered < limits.max_unanswered) return absl::OkStatus();
      return AwaitingAnswer();
    case Standing::kNone:
      return IsOpen(limits) ? absl::OkStatus() : CheckFirstContact(limits, account, now_ms);
    case Standing::kRequested:
    case Standing::kOpen:
    case Standing::kDeclinedByOwner:
      return absl::OkStatus();
  }
  return absl::InternalError("a standing that is none");
}

bool CountSending(const Limits& limits, std::uint64_t now_ms, Contact* recipient,
                  Account* account) {
  Take(limits.sends_per_day, now_ms, &account->sends);
  switch (recipient->standing) {
    case Standing::kNone:
      if (IsOpen(limits)) return false;
      SpendCredit(limits.credits, now_ms, account);
      CountFirstContact(limits.slow_down, now_ms, account);
      recipient->standing = Standing::kAsked;
      recipient->first_contact_ms = now_ms;
      recipient->credit_held = true;
      recipient->unanswered = 1;
      return true;
    case Standing::kAsked:
      recipient->unanswered += 1;
      return true;
    case Standing::kRequested:
    case Standing::kDeclinedByOwner:
      recipient->standing = Standing::kOpen;
      return true;
    case Standing::kOpen:
    case Standing::kDeclined:
      return false;
  }
  return false;
}

void TakeBackSending(const Limits& limits, std::uint64_t now_ms, Contact* recipient,
                     Account* account) {
  if (recipient->standing != Standing::kAsked || recipient->unanswered == 0) return;
  recipient->unanswered -= 1;
  if (recipient->unanswered > 0) return;
  if (recipient->credit_held) ReturnCredit(limits.credits, now_ms, account);
  CountAnswer(account);
  recipient->standing = Standing::kNone;
  recipient->credit_held = false;
  recipient->first_contact_ms = 0;
}

absl::Status CheckReceiving(const Limits& limits, const Quota& quota, const Contact& sender,
                            std::uint64_t size) {
  if (sender.blocked_ms != 0) {
    return rpc::Fail(absl::StatusCode::kPermissionDenied,
                     common::v1::ERROR_REASON_RECIPIENT_REFUSES,
                     "the recipient takes nothing from this sender");
  }
  if (sender.standing == Standing::kDeclinedByOwner) return Declined();
  // The sender's own mailbox counts them, too: it lags behind, or was put back to an older state.
  if (!IsOpen(limits) && sender.standing == Standing::kRequested &&
      sender.requests.size() >= kMostUnanswered) {
    return AwaitingAnswer();
  }
  const std::uint64_t share = limits.sender_share_per_mille;
  // Divided first: the product of large quotas would not fit.
  const std::uint64_t messages = std::max<std::uint64_t>(
      1, quota.messages / 1000 * share + quota.messages % 1000 * share / 1000);
  const std::uint64_t bytes =
      std::max(kLargestMessage, quota.bytes / 1000 * share + quota.bytes % 1000 * share / 1000);
  if (sender.messages >= messages || sender.bytes + size > bytes) {
    return rpc::Fail(absl::StatusCode::kResourceExhausted, common::v1::ERROR_REASON_SENDER_SHARE,
                     "the sender has filled her share of the recipient's mailbox");
  }
  return absl::OkStatus();
}

bool CountReceiving(const Limits& limits, std::uint64_t now_ms, std::uint64_t sent_sequence,
                    std::string_view row_key, std::uint64_t size, Contact* sender,
                    Account* account) {
  sender->messages += 1;
  sender->bytes += size;
  switch (sender->standing) {
    case Standing::kAsked:
      Answered(limits, now_ms, sender, account);
      [[fallthrough]];
    case Standing::kDeclined:
      sender->standing = Standing::kOpen;
      sender->answered_sequence = std::max(sender->answered_sequence, sent_sequence);
      return false;
    case Standing::kNone:
      if (IsOpen(limits)) return false;
      sender->standing = Standing::kRequested;
      sender->first_contact_ms = now_ms;
      [[fallthrough]];
    case Standing::kRequested:
      if (IsOpen(limits)) return false;
      sender->requests.emplace_back(row_key);
      return true;
    case Standing::kOpen:
    case Standing::kDeclinedByOwner:
      return false;
  }
  return false;
}

absl::Status CheckAnswering(const Contact& requester, Decision decision) {
  switch (requester.standing) {
    case Standing::kRequested:
    case Standing::kDeclinedByOwner:
      return absl::OkStatus();
    case Standing::kOpen:
      if (decision == Decision::kAccept) return absl::OkStatus();
      break;
    case Standing::kNone:
    case Standing::kAsked:
    case Standing::kDeclined:
      break;
  }
  return rpc::Fail(absl::StatusCode::kFailedPrecondition, common::v1::ERROR_REASON_NOT_A_REQUEST,
                   "there is no first contact to answer");
}

bool CountAnswering(Decision decision, Contact* requester) {
  const Standing answered =
      decision == Decision::kAccept ? Standing::kOpen : Standing::kDeclinedByOwner;
  if (requester->standing == answered) return false;
  requester->standing = answered;
  return true;
}

bool CountAnswered(const Limits& limits, std::uint64_t now_ms, Decision decision,
                   std::uint64_t sequence, Contact* answerer, Account* account) {
  if (sequence <= answerer->answered_sequence) return false;
  switch (answerer->standing) {
    case Standing::kAsked:
      Answered(limits, now_ms, answerer, account);
      break;
    case Standing::kDeclined:
      break;
    // Both wrote first, or the owner's side knows nothing (any more).
    case Standing::kNone:
    case Standing::kRequested:
    case Standing::kOpen:
    case Standing::kDeclinedByOwner:
      return false;
  }
  answerer->standing = decision == Decision::kAccept ? Standing::kOpen : Standing::kDeclined;
  answerer->answered_sequence = sequence;
  return true;
}

}  // namespace letterlock::mail
