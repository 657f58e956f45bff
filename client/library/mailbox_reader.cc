#include "mailbox_reader.h"

#include <utility>

#include "client/correspondents.h"
#include "client/failure.h"
#include "crypto/base/hash.h"

namespace letterlock::client {
namespace {

absl::Status Explain(const absl::Status& status) {
  if (absl::IsFailedPrecondition(status)) {
    return VerificationFailed("sealed for a key that this account does not hold");
  }
  return VerificationFailed("the message does not open, or its signature does not verify");
}

std::optional<Delivery> DeliveryOf(const mail::v1::MessageState& state) {
  if (state.folder() != mail::v1::FOLDER_SENT) return std::nullopt;
  switch (state.delivery()) {
    case mail::v1::DELIVERY_STATE_DELIVERED:
      return Delivery::kDelivered;
    case mail::v1::DELIVERY_STATE_REFUSED:
      return Delivery::kRefused;
    default:
      return Delivery::kPending;
  }
}

Message View(seal::VerifiedMessage verified, const mail::v1::MessageState& state) {
  const bool sent = state.folder() == mail::v1::FOLDER_SENT;
  const bool html = verified.content.body_format == seal::BodyFormat::kHtml;
  return {.folder = sent ? Folder::kSent : Folder::kInbox,
          .id = verified.header.message_id,
          .thread = verified.header.thread_id,
          .from = verified.sender,
          .to = verified.recipient,
          .sender = verified.header.sender,
          .subject = std::move(verified.content.subject),
          .body = std::move(verified.content.body),
          .format = html ? BodyFormat::kHtml : BodyFormat::kPlain,
          .attachments = verified.content.attachments.size(),
          .sent_unix_ms = verified.content.sent_unix_ms,
          .accepted_unix_ms = state.accepted_unix_ms(),
          .delivery = DeliveryOf(state)};
}

// What "the same message" means: header and ciphertext, which both copies share.
crypto::Digest DigestOf(const mail::v1::MailboxMessage& stored) {
  const crypto::Digest header = crypto::Sha256(stored.header());
  const crypto::Digest ciphertext = crypto::Sha256(stored.ciphertext());
  return crypto::Sha256Concat({crypto::ToString(header), crypto::ToString(ciphertext)});
}

}  // namespace

absl::StatusOr<Message> MailboxReader::Take(const mail::v1::MailboxMessage& stored,
                                            const mail::v1::MessageReference& asked) {
  const seal::MailboxCopy copy = {stored.header(), stored.wrap(), stored.ciphertext()};
  const bool sent = stored.state().folder() == mail::v1::FOLDER_SENT;
  auto verified = sent ? OpenSent(copy) : OpenReceived(copy);
  if (!verified.ok()) return verified.status();
  const seal::EnvelopeHeader& header = verified->header;
  if (header.sender.bytes() != asked.sender() || header.message_id.bytes() != asked.message_id()) {
    return VerificationFailed("the server gave another message than the one asked for");
  }
  if (state_.taken.Take(header.sender, header.message_id, DigestOf(stored)) ==
      TakenMessages::Verdict::kDifferent) {
    return VerificationFailed("another message of this sender was already taken under this id");
  }
  return View(*std::move(verified), stored.state());
}

absl::StatusOr<seal::VerifiedMessage> MailboxReader::OpenReceived(const seal::MailboxCopy& copy) {
  auto opened = seal::ReceivedMessage::Open(keys_, copy);
  if (!opened.ok()) return Explain(opened.status());
  const seal::EnvelopeHeader& header = opened->header();
  std::optional<seal::Correspondent> sender =
      FindSender(state_, keys_.deployment, header.sender, header.sender_identity_key_id);
  if (!sender.has_value()) {
    auto looked_up = LookUp(opened->claimed_sender());
    if (!looked_up.ok()) return looked_up.status();
    sender = *std::move(looked_up);
  }
  auto verified = std::move(*opened).Verify(*sender);
  if (!verified.ok()) return Explain(verified.status());
  return verified;
}

absl::StatusOr<seal::VerifiedMessage> MailboxReader::OpenSent(const seal::MailboxCopy& copy) {
  auto opened = seal::SentMessage::Open(keys_, copy);
  if (!opened.ok()) return Explain(opened.status());
  std::optional<seal::Correspondent> recipient =
      FindPinned(state_, keys_.deployment, opened->claimed_recipient());
  if (!recipient.has_value()) {
    auto looked_up = LookUp(opened->claimed_recipient());
    if (!looked_up.ok()) return looked_up.status();
    recipient = *std::move(looked_up);
  }
  auto verified = std::move(*opened).Verify(*recipient, keys_.identity.public_key());
  if (!verified.ok()) return Explain(verified.status());
  return verified;
}

absl::StatusOr<seal::Correspondent> MailboxReader::LookUp(const crypto::Handle& handle) {
  const auto answer = directory_.Lookup(handle, keys_.handle, &state_);
  if (!answer.ok()) {
    if (alarm_.ok() && ProblemOf(answer.status()) == Problem::kAlarm) alarm_ = answer.status();
    return answer.status();
  }
  if (!answer->correspondent.has_value()) {
    return VerificationFailed("the directory holds no entry for the correspondent it names");
  }
  return ForSealing(*answer->correspondent);
}

}  // namespace letterlock::client
