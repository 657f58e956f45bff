#include <string>
#include <utility>
#include <vector>

#include "attachment_files.h"
#include "client/correspondents.h"
#include "client/failure.h"
#include "client_impl.h"
#include "crypto/seal/content.h"
#include "crypto/seal/seal_envelope.h"
#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/mail/v1/mail_service.pb.h"
#include "server/rpc/status.h"
#include "wire.h"

namespace letterlock::client {
namespace {

using crypto::KeyAccess;
using crypto::SecretBuffer;

SecretBuffer Copy(const SecretBuffer& secret) {
  return SecretBuffer::Copy(secret.RevealView(KeyAccess{}));
}

absl::StatusOr<seal::Content> ContentOf(const Draft& draft, std::uint64_t now_unix_ms) {
  seal::Content content;
  content.subject = Copy(draft.subject);
  content.body = Copy(draft.body);
  content.body_format =
      draft.format == BodyFormat::kHtml ? seal::BodyFormat::kHtml : seal::BodyFormat::kPlain;
  content.sent_unix_ms = now_unix_ms;
  if (!seal::CheckContent(content).ok()) {
    return UsageProblem(
        "a subject has at most 200 characters, a body at most 2,000, both in UTF-8");
  }
  return content;
}

mail::v1::SendRequest RequestOf(seal::SealedEnvelope sealed,
                                const std::vector<std::string>& attachments) {
  mail::v1::SendRequest request;
  request.mutable_attachments()->Assign(attachments.begin(), attachments.end());
  mail::v1::Envelope& envelope = *request.mutable_envelope();
  envelope.set_header(std::move(sealed.header));
  envelope.set_recipient_wrap(std::move(sealed.recipient_wrap));
  envelope.set_sender_wrap(std::move(sealed.sender_wrap));
  envelope.set_ciphertext(std::move(sealed.ciphertext));
  return request;
}

absl::Status Explain(const absl::Status& status) {
  switch (rpc::ReasonOf(status).value_or(common::v1::ERROR_REASON_UNSPECIFIED)) {
    case common::v1::ERROR_REASON_UNKNOWN_RECIPIENT:
      return NotFound("the recipient is in the directory, but has no mailbox on this server");
    case common::v1::ERROR_REASON_RECIPIENT_KEY:
      return absl::FailedPreconditionError(
          "the recipient's mailbox does not take mail for the key that the directory shows: try "
          "again in a minute");
    case common::v1::ERROR_REASON_SENDER_KEY:
      return absl::FailedPreconditionError(
          "the mail server does not know this account's keys: run `letterlock account show`");
    case common::v1::ERROR_REASON_ATTACHMENT_MISSING:
      return absl::FailedPreconditionError(
          "the mail server dropped an attachment before the message came: send it again");
    case common::v1::ERROR_REASON_MAILBOX_FULL:
      return absl::ResourceExhaustedError("a mailbox is full: your own or the recipient's");
    case common::v1::ERROR_REASON_RECIPIENT_REFUSES:
      return absl::FailedPreconditionError("the recipient takes nothing from you");
    case common::v1::ERROR_REASON_DECLINED:
      return absl::FailedPreconditionError(
          "the recipient declined to hear from you: it is hers to write next");
    case common::v1::ERROR_REASON_AWAITING_ANSWER:
      return absl::FailedPreconditionError(
          "the recipient has not answered you yet: no more messages to her until she does");
    case common::v1::ERROR_REASON_NO_CREDITS:
      return absl::ResourceExhaustedError(
          "no credit is left for a first contact: see `letterlock limits`");
    case common::v1::ERROR_REASON_RATE:
      return absl::ResourceExhaustedError(
          "as many messages as one day allows were sent: see `letterlock limits`");
    case common::v1::ERROR_REASON_SLOW_DOWN:
      return absl::ResourceExhaustedError(
          "first contacts have to wait, because earlier ones went unanswered: see `letterlock "
          "limits`");
    case common::v1::ERROR_REASON_SENDER_SHARE:
      return absl::ResourceExhaustedError("one sender's share of the recipient's mailbox is full");
    default:
      return status;
  }
}

}  // namespace

absl::StatusOr<std::vector<seal::Attachment>> ClientImpl::UploadFiles(const Draft& draft) {
  std::vector<seal::Attachment> attachments;
  if (draft.files.empty()) return attachments;
  if (parts_.attachments == nullptr) return UsageProblem("this client sends no attachments");
  if (draft.files.size() > seal::kMaxAttachments) {
    return UsageProblem("a message has at most 16 attachments");
  }
  for (const std::string& path : draft.files) {
    auto uploaded =
        UploadFile({&mail_, parts_.attachments.get(), parts_.random.get()}, path, draft.progress);
    if (!uploaded.ok()) return uploaded.status();
    attachments.push_back(*std::move(uploaded));
  }
  return attachments;
}

absl::StatusOr<SendReceipt> ClientImpl::Send(const Draft& draft) {
  if (draft.to == keys_.handle) return UsageProblem("a letter goes to somebody else");
  auto content = ContentOf(draft, NowMs());
  if (!content.ok()) return content.status();
  const auto answer = Lookup(draft.to);
  if (!answer.ok()) return answer.status();
  if (!answer->correspondent.has_value()) {
    return NotFound(answer->tombstone_version != 0
                        ? "the directory shows a tombstone for the handle: it counts as erased"
                        : "the directory holds no such handle");
  }

  // The bytes go up before the message that opens them is sealed.
  auto attachments = UploadFiles(draft);
  if (!attachments.ok()) return attachments.status();
  std::vector<std::string> hashes;
  for (const seal::Attachment& a : *attachments) {
    hashes.push_back(crypto::ToString(a.ciphertext_hash));
  }
  content->attachments = *std::move(attachments);

  SendReceipt receipt;
  receipt.id = crypto::MessageId::Random(*parts_.random);
  receipt.thread = draft.thread.value_or(*crypto::ThreadId::FromBytes(receipt.id.bytes()));
  auto sealed = seal::SealEnvelope(
      keys_, ForSealing(*answer->correspondent),
      {.message_id = receipt.id, .thread_id = receipt.thread, .content = *std::move(content)},
      *parts_.random);
  if (!sealed.ok()) return sealed.status();

  // From here on the bytes stay the same: the server ties the message id to them.
  const mail::v1::SendRequest request = RequestOf(*std::move(sealed), hashes);
  mail::v1::SendResponse response;
  const absl::Status status = mail_.Send(request, &response);
  if (!status.ok()) {
    const absl::Status explained = Explain(status);
    return OutcomeUnknown(status) ? WithUnknownOutcome(explained) : explained;
  }
  receipt.delivery = DeliveryOf(response.state());
  receipt.accepted_unix_ms = response.accepted_unix_ms();
  return receipt;
}

}  // namespace letterlock::client
