#include "api/contact_methods.h"

#include <string>

#include "attachments/attachment_rows.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/mail/attachments/attachments.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

using rpc::InvalidField;

// Somebody else, known here or not: whom a member blocks is hers to say.
absl::StatusOr<crypto::MemberId> ReadOther(const MemberGrant& grant, const std::string& bytes) {
  if (bytes.empty()) {
    return InvalidField("member", common::v1::ERROR_REASON_FIELD_MISSING, "must be set");
  }
  const auto member = crypto::MemberId::FromBytes(bytes);
  if (!member.ok()) {
    return InvalidField("member", common::v1::ERROR_REASON_FIELD_SIZE, "is not 16 bytes");
  }
  if (*member == grant.member()) {
    return InvalidField("member", common::v1::ERROR_REASON_FIELD_RANGE, "is the caller herself");
  }
  return *member;
}

void SetAllowance(std::uint64_t used, std::uint64_t limit, v1::Allowance* allowance) {
  allowance->set_used(used);
  allowance->set_limit(limit);
}

std::uint32_t Days(absl::Duration duration) {
  return static_cast<std::uint32_t>(duration / absl::Hours(24));
}

}  // namespace

absl::Status Respond(Sender& sender, const MemberGrant& grant, rpc::CallContext& call,
                     const v1::RespondRequest& request) {
  const auto member = ReadOther(grant, request.member());
  if (!member.ok()) return member.status();
  switch (request.answer()) {
    case v1::ANSWER_ACCEPT:
      return sender.Respond(grant, *member, Decision::kAccept, call.deadline());
    case v1::ANSWER_DECLINE:
      return sender.Respond(grant, *member, Decision::kDecline, call.deadline());
    case v1::ANSWER_UNSPECIFIED:
      return InvalidField("answer", common::v1::ERROR_REASON_FIELD_MISSING, "must be set");
    default:
      return InvalidField("answer", common::v1::ERROR_REASON_FIELD_RANGE, "is no answer");
  }
}

absl::Status Block(Contacts& contacts, const MemberGrant& grant, rpc::CallContext& call,
                   const v1::BlockRequest& request) {
  const auto member = ReadOther(grant, request.member());
  if (!member.ok()) return member.status();
  return contacts.Block(grant, *member, call.deadline());
}

absl::Status Unblock(Contacts& contacts, const MemberGrant& grant, rpc::CallContext& call,
                     const v1::UnblockRequest& request) {
  const auto member = ReadOther(grant, request.member());
  if (!member.ok()) return member.status();
  return contacts.Unblock(grant, *member, call.deadline());
}

absl::Status ListBlocks(Contacts& contacts, const MemberGrant& grant, rpc::CallContext& call,
                        v1::ListBlocksResponse* response) {
  auto blocks = contacts.ListBlocks(grant, call.deadline());
  if (!blocks.ok()) return blocks.status();
  for (const BlockedMember& blocked : *blocks) {
    v1::Block* block = response->add_blocks();
    block->set_member(std::string(blocked.member.bytes()));
    block->set_since_unix_ms(blocked.since_unix_ms);
  }
  return absl::OkStatus();
}

absl::Status GetLimits(Contacts& contacts, const MemberGrant& grant, rpc::CallContext& call,
                       v1::GetLimitsResponse* response) {
  auto usage = contacts.GetUsage(grant, call.deadline());
  if (!usage.ok()) return usage.status();
  const Limits& limits = usage->limits;
  SetAllowance(usage->messages, usage->quota.messages, response->mutable_messages());
  SetAllowance(usage->bytes, usage->quota.bytes, response->mutable_bytes());
  response->set_sender_share_per_mille(limits.sender_share_per_mille);
  SetAllowance(usage->sends, limits.sends_per_day, response->mutable_sends_per_day());
  SetAllowance(usage->reports, limits.reports.per_day, response->mutable_reports_per_day());
  if (limits.correspondence == Correspondence::kByRequest) {
    v1::CreditLimits* credits = response->mutable_credits();
    credits->set_available(usage->credits.available);
    credits->set_most(limits.credits.most);
    credits->set_next_unix_ms(usage->credits.next_ms);
    credits->set_refund_days(Days(limits.credits.refund_within));
    response->set_max_unanswered(limits.max_unanswered);
    response->set_first_contact_wait_ms(
        static_cast<std::uint64_t>(absl::ToInt64Milliseconds(usage->first_contact_wait)));
  }
  response->set_max_attachment_bytes(kMaxAttachmentFile);
  response->set_max_attachments(kMaxMessageAttachments);
  response->set_max_watches(usage->max_watches);
  response->set_change_retention_days(Days(usage->change_retention));
  response->set_report_desk(usage->report_desk);
  return absl::OkStatus();
}

}  // namespace letterlock::mail
