#include "mailbox/contact_rows.h"

#include <algorithm>

#include "canonical.h"
#include "crypto/vault/mailbox_keys.h"
#include "server/mail/mailbox/rows.h"

namespace letterlock::mail {
namespace {

absl::Status Damaged() { return absl::DataLossError("a row does not hold what its table holds"); }

bool IsRowKeyList(const std::vector<std::string>& keys) {
  return keys.size() <= kMostUnanswered &&
         std::all_of(keys.begin(), keys.end(),
                     [](const auto& key) { return key.size() == vault::kMessageRowKeySize; });
}

}  // namespace

v1::AccountRow AccountRowOf(const Account& account) {
  v1::AccountRow row;
  row.set_credits(account.credits);
  row.set_credits_since_unix_ms(account.credits_since_ms);
  row.set_unanswered_contacts(account.unanswered_contacts);
  row.set_last_contact_unix_ms(account.last_contact_ms);
  row.set_sends_level(account.sends.level);
  row.set_sends_as_of_unix_ms(account.sends.as_of_ms);
  row.set_reports_level(account.reports.level);
  row.set_reports_as_of_unix_ms(account.reports.as_of_ms);
  row.set_blocks(account.blocks);
  row.set_report_count(account.report_count);
  row.set_report_bytes(account.report_bytes);
  return row;
}

Account AccountOf(const v1::AccountRow& row) {
  return {.credits = row.credits(),
          .credits_since_ms = row.credits_since_unix_ms(),
          .unanswered_contacts = row.unanswered_contacts(),
          .last_contact_ms = row.last_contact_unix_ms(),
          .sends = {row.sends_level(), row.sends_as_of_unix_ms()},
          .reports = {row.reports_level(), row.reports_as_of_unix_ms()},
          .blocks = row.blocks(),
          .report_count = row.report_count(),
          .report_bytes = row.report_bytes()};
}

std::string EncodeContact(const Contact& contact) {
  v1::ContactRow row;
  row.set_member(std::string(contact.member.bytes()));
  row.set_standing(static_cast<v1::Standing>(contact.standing));
  row.set_first_contact_unix_ms(contact.first_contact_ms);
  row.set_credit_held(contact.credit_held);
  row.set_unanswered(contact.unanswered);
  row.set_blocked_unix_ms(contact.blocked_ms);
  for (const std::string& key : contact.requests) row.add_requests(key);
  row.set_message_count(contact.messages);
  row.set_byte_count(contact.bytes);
  row.set_answered_sequence(contact.answered_sequence);
  return row.SerializeAsString();
}

absl::StatusOr<Contact> DecodeContact(std::string_view bytes) {
  v1::ContactRow row;
  if (!ParseCanonical(bytes, &row) || !v1::Standing_IsValid(row.standing())) return Damaged();
  auto member = crypto::MemberId::FromBytes(row.member());
  if (!member.ok()) return Damaged();
  Contact contact{.member = *member,
                  .standing = static_cast<Standing>(row.standing()),
                  .first_contact_ms = row.first_contact_unix_ms(),
                  .credit_held = row.credit_held(),
                  .unanswered = row.unanswered(),
                  .blocked_ms = row.blocked_unix_ms(),
                  .requests = {row.requests().begin(), row.requests().end()},
                  .messages = row.message_count(),
                  .bytes = row.byte_count(),
                  .answered_sequence = row.answered_sequence()};
  if (!IsRowKeyList(contact.requests)) return Damaged();
  return contact;
}

std::string EncodeBlock(const BlockedMember& block) {
  v1::BlockRow row;
  row.set_member(std::string(block.member.bytes()));
  row.set_since_unix_ms(block.since_unix_ms);
  return row.SerializeAsString();
}

absl::StatusOr<BlockedMember> DecodeBlock(std::string_view bytes) {
  v1::BlockRow row;
  if (!ParseCanonical(bytes, &row) || row.since_unix_ms() == 0) return Damaged();
  auto member = crypto::MemberId::FromBytes(row.member());
  if (!member.ok()) return Damaged();
  return BlockedMember{*member, row.since_unix_ms()};
}

std::string EncodeAnswerToTell(const AnswerToTell& answer) {
  v1::OutboxRow row;
  row.mutable_answer()->set_requester(std::string(answer.requester.bytes()));
  row.mutable_answer()->set_accepted(answer.decision == Decision::kAccept);
  return row.SerializeAsString();
}

absl::StatusOr<std::optional<AnswerToTell>> DecodeAnswerToTell(std::string_view bytes) {
  v1::OutboxRow row;
  if (!ParseCanonical(bytes, &row)) return Damaged();
  if (!row.has_answer()) return std::optional<AnswerToTell>();
  auto requester = crypto::MemberId::FromBytes(row.answer().requester());
  const v1::AnswerToTell answer = row.answer();
  row.clear_answer();
  if (!requester.ok() || row.ByteSizeLong() != 0) return Damaged();
  return std::optional<AnswerToTell>(
      AnswerToTell{*requester, answer.accepted() ? Decision::kAccept : Decision::kDecline});
}

std::string EncodeReport(const StoredReport& report) {
  v1::ReportRow row;
  row.set_accepted_unix_ms(report.accepted_unix_ms);
  row.set_reporter(std::string(report.reporter.bytes()));
  row.mutable_reference()->set_sender(std::string(report.message.sender.bytes()));
  row.mutable_reference()->set_message_id(std::string(report.message.id.bytes()));
  row.set_sealed_disclosure(report.disclosure);
  row.set_desk_encryption_key_id(std::string(report.desk_key.bytes()));
  return row.SerializeAsString();
}

absl::StatusOr<StoredReport> DecodeReport(std::string_view bytes) {
  v1::ReportRow row;
  if (!ParseCanonical(bytes, &row)) return Damaged();
  auto reporter = crypto::MemberId::FromBytes(row.reporter());
  auto sender = crypto::MemberId::FromBytes(row.reference().sender());
  auto id = crypto::MessageId::FromBytes(row.reference().message_id());
  auto key = crypto::KeyId::FromBytes(row.desk_encryption_key_id());
  if (!reporter.ok() || !sender.ok() || !id.ok() || !key.ok()) return Damaged();
  return StoredReport{.accepted_unix_ms = row.accepted_unix_ms(),
                      .reporter = *reporter,
                      .message = {*sender, *id},
                      .disclosure = std::move(*row.mutable_sealed_disclosure()),
                      .desk_key = *key};
}

}  // namespace letterlock::mail
