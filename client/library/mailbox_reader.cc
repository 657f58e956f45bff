#include "mailbox_reader.h"

#include <utility>

#include "client/correspondents.h"
#include "client/failure.h"
#include "crypto/base/hash.h"
#include "wire.h"

namespace letterlock::client {
namespace {

absl::Status Explain(const absl::Status& status) {
  if (absl::IsFailedPrecondition(status)) {
    return VerificationFailed("sealed for a key that this account does not hold");
  }
  return VerificationFailed("the message does not open, or its signature does not verify");
}

// What "the same message" means: header and ciphertext, which both copies share.
crypto::Digest DigestOf(const mail::v1::MailboxMessage& stored) {
  const crypto::Digest header = crypto::Sha256(stored.header());
  const crypto::Digest ciphertext = crypto::Sha256(stored.ciphertext());
  return crypto::Sha256Concat({crypto::ToString(header), crypto::ToString(ciphertext)});
}

}  // namespace

Message ViewOf(seal::VerifiedMessage verified, bool key_replaced) {
  const bool html = verified.content.body_format == seal::BodyFormat::kHtml;
  return {.folder = Folder::kInbox,
          .id = verified.header.message_id,
          .thread = verified.header.thread_id,
          .from = verified.sender,
          .to = verified.recipient,
          .sender = verified.header.sender,
          .key_replaced = key_replaced,
          .subject = std::move(verified.content.subject),
          .body = std::move(verified.content.body),
          .format = html ? BodyFormat::kHtml : BodyFormat::kPlain,
          .attachments = verified.content.attachments.size(),
          .files = std::move(verified.content.attachments),
          .imported = std::move(verified.content.imported),
          .sent_unix_ms = verified.content.sent_unix_ms,
          .delivery = std::nullopt,
          .labels = {}};
}

absl::StatusOr<Message> MailboxReader::Take(const mail::v1::MailboxMessage& stored,
                                            const mail::v1::MessageReference& asked) {
  const seal::MailboxCopy copy = {stored.header(), stored.wrap(), stored.ciphertext()};
  const bool sent = stored.state().folder() == mail::v1::FOLDER_SENT;
  const bool imported = stored.state().folder() == mail::v1::FOLDER_IMPORTED;
  auto verified = imported ? OpenImported(copy) : sent ? OpenSent(copy) : OpenReceived(copy);
  if (!verified.ok()) return verified.status();
  const seal::EnvelopeHeader& header = verified->message.header;
  if (header.sender.bytes() != asked.sender() || header.message_id.bytes() != asked.message_id()) {
    return VerificationFailed("the server gave another message than the one asked for");
  }
  if (state_.taken.Take(header.sender, header.message_id, DigestOf(stored)) ==
      TakenMessages::Verdict::kDifferent) {
    return VerificationFailed("another message of this sender was already taken under this id");
  }
  if (verified->met.has_value()) Keep(&state_, *verified->met);
  Message message = ViewOf(std::move(verified->message), verified->key_replaced);
  SetState(stored.state(), &message);
  return message;
}

absl::StatusOr<MailboxReader::Verified> MailboxReader::OpenReceived(const seal::MailboxCopy& copy) {
  auto opened = seal::ReceivedMessage::Open(keys_, copy);
  if (!opened.ok()) return Explain(opened.status());
  const seal::EnvelopeHeader& header = opened->header();
  std::optional<KnownSender> sender =
      FindSender(state_, keys_.deployment, header.sender, header.sender_identity_key_id);
  std::optional<Meeting> met;
  if (!sender.has_value()) {
    auto looked_up = LookUp(opened->claimed_sender());
    if (!looked_up.ok()) return looked_up.status();
    met = *std::move(looked_up);
    // Verify says what is wrong where it is no key of theirs, or of another member.
    sender = SenderOf(*met, header.sender_identity_key_id)
                 .value_or(KnownSender{ForSealing(met->correspondent), /*key_replaced=*/false});
  }
  auto verified = std::move(*opened).Verify(sender->correspondent);
  if (!verified.ok()) return Explain(verified.status());
  return Verified{*std::move(verified), sender->key_replaced, std::move(met)};
}

absl::StatusOr<MailboxReader::Verified> MailboxReader::OpenSent(const seal::MailboxCopy& copy) {
  auto opened = seal::SentMessage::Open(keys_, copy);
  if (!opened.ok()) return Explain(opened.status());
  std::optional<seal::Correspondent> recipient =
      FindPinned(state_, keys_.deployment, opened->claimed_recipient());
  std::optional<Meeting> met;
  if (!recipient.has_value()) {
    auto looked_up = LookUp(opened->claimed_recipient());
    if (!looked_up.ok()) return looked_up.status();
    met = *std::move(looked_up);
    recipient = ForSealing(met->correspondent);
  }
  const auto own = OwnKeyOf(opened->header());
  if (!own.ok()) return own.status();
  const bool key_replaced = *own != keys_.identity.public_key();
  auto verified = std::move(*opened).Verify(*recipient, *own);
  if (!verified.ok()) return Explain(verified.status());
  return Verified{*std::move(verified), key_replaced, std::move(met)};
}

absl::StatusOr<MailboxReader::Verified> MailboxReader::OpenImported(const seal::MailboxCopy& copy) {
  auto opened = seal::ImportedMessage::Open(keys_, copy);
  if (!opened.ok()) return Explain(opened.status());
  const auto own = OwnKeyOf(opened->header());
  if (!own.ok()) return own.status();
  auto verified = std::move(*opened).Verify(*own);
  if (!verified.ok()) return Explain(verified.status());
  return Verified{*std::move(verified), /*key_replaced=*/false, std::nullopt};
}

absl::StatusOr<crypto::PublicKey> MailboxReader::OwnKeyOf(
    const seal::EnvelopeHeader& header) const {
  const crypto::SigningKey* key = keys_.IdentityOf(header.sender_identity_key_id);
  if (key == nullptr) return VerificationFailed("signed with a key that was never this account's");
  return key->public_key();
}

absl::StatusOr<Meeting> MailboxReader::LookUp(const crypto::Handle& handle) {
  const auto known = looked_up_.find(handle);
  if (known != looked_up_.end()) return known->second;
  if (directory_ == nullptr) return absl::UnavailableError("the correspondent is not pinned");
  auto finding = directory_->Find(handle, keys_.handle, &state_);
  absl::StatusOr<Meeting> meeting =
      VerificationFailed("the directory holds no entry for the correspondent it names");
  if (!finding.ok()) {
    meeting = finding.status();
    if (alarm_.ok() && ProblemOf(finding.status()) == Problem::kAlarm) alarm_ = finding.status();
  } else if (finding->meeting.has_value()) {
    meeting = *std::move(finding->meeting);
  }
  looked_up_.emplace(handle, meeting);
  return meeting;
}

}  // namespace letterlock::client
