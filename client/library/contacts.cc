// Whom one lets write: blocks, answers to first contacts, and what the server allows.
#include <utility>
#include <vector>

#include "client/correspondents.h"
#include "client/failure.h"
#include "client_impl.h"
#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/mail/v1/mail_service.pb.h"
#include "server/rpc/status.h"

namespace letterlock::client {
namespace {

Allowance AllowanceOf(const mail::v1::Allowance& allowance) {
  return {allowance.used(), allowance.limit()};
}

absl::Status ExplainAnswer(const absl::Status& status) {
  if (rpc::ReasonOf(status) == common::v1::ERROR_REASON_NOT_A_REQUEST) {
    return NotFound("there is no first contact of that member to answer");
  }
  return status;
}

}  // namespace

// A pinned member needs no look-up, which may be impossible by now: she may have been erased.
absl::StatusOr<crypto::MemberId> ClientImpl::MemberOf(const crypto::Handle& handle) {
  {
    auto transaction = state_file_.Begin();
    if (!transaction.ok()) return transaction.status();
    const absl::Status complete = CheckComplete(transaction->state());
    if (!complete.ok()) return complete;
    const auto pinned = FindPinned(transaction->state(), keys_.deployment, handle);
    if (pinned.has_value()) return pinned->IdIn(keys_.deployment);
  }
  const auto answer = Lookup(handle);
  if (!answer.ok()) return answer.status();
  if (!answer->correspondent.has_value()) return NotFound("the directory holds no such handle");
  return answer->correspondent->member;
}

absl::Status ClientImpl::Block(const crypto::Handle& handle) {
  if (handle == keys_.handle) return UsageProblem("one does not block oneself");
  const auto member = MemberOf(handle);
  if (!member.ok()) return member.status();
  mail::v1::BlockRequest request;
  request.set_member(std::string(member->bytes()));
  mail::v1::BlockResponse response;
  return mail_.Block(request, &response);
}

absl::Status ClientImpl::Unblock(const crypto::Handle& handle) {
  const auto member = MemberOf(handle);
  if (!member.ok()) return member.status();
  mail::v1::UnblockRequest request;
  request.set_member(std::string(member->bytes()));
  mail::v1::UnblockResponse response;
  return mail_.Unblock(request, &response);
}

absl::StatusOr<std::vector<BlockedMember>> ClientImpl::Blocks() {
  const absl::Status complete = CheckComplete();
  if (!complete.ok()) return complete;
  mail::v1::ListBlocksResponse response;
  const absl::Status status = mail_.ListBlocks({}, &response);
  if (!status.ok()) return status;
  auto transaction = state_file_.Begin();
  if (!transaction.ok()) return transaction.status();
  std::vector<BlockedMember> blocks;
  for (const mail::v1::Block& block : response.blocks()) {
    const auto member = crypto::MemberId::FromBytes(block.member());
    if (!member.ok()) return VerificationFailed("the mail server lists what is no member");
    blocks.push_back({*member, FindHandle(transaction->state(), keys_.deployment, *member),
                      block.since_unix_ms()});
  }
  return blocks;
}

absl::Status ClientImpl::Respond(const crypto::Handle& handle, bool accept) {
  const auto member = MemberOf(handle);
  if (!member.ok()) return member.status();
  mail::v1::RespondRequest request;
  request.set_member(std::string(member->bytes()));
  request.set_answer(accept ? mail::v1::ANSWER_ACCEPT : mail::v1::ANSWER_DECLINE);
  mail::v1::RespondResponse response;
  return ExplainAnswer(mail_.Respond(request, &response));
}

absl::StatusOr<Limits> ClientImpl::GetLimits() {
  const absl::Status complete = CheckComplete();
  if (!complete.ok()) return complete;
  mail::v1::GetLimitsResponse response;
  const absl::Status status = mail_.GetLimits({}, &response);
  if (!status.ok()) return status;
  return Limits{.messages = AllowanceOf(response.messages()),
                .bytes = AllowanceOf(response.bytes()),
                .sender_share_per_mille = response.sender_share_per_mille(),
                .credits = {response.credits().available(), response.credits().most()},
                .next_credit_unix_ms = response.credits().next_unix_ms(),
                .refund_days = response.credits().refund_days(),
                .sends_per_day = AllowanceOf(response.sends_per_day()),
                .reports_per_day = AllowanceOf(response.reports_per_day()),
                .max_unanswered = response.max_unanswered(),
                .first_contact_wait_ms = response.first_contact_wait_ms(),
                .max_attachment_bytes = response.max_attachment_bytes(),
                .max_attachments = response.max_attachments(),
                .change_retention_days = response.change_retention_days(),
                .report_desk = response.report_desk()};
}

}  // namespace letterlock::client
