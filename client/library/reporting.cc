// Putting a message before the abuse desk (docs/client.md, "Report").
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "attest/directory_proof.h"
#include "client/failure.h"
#include "client_impl.h"
#include "crypto/base/key_access.h"
#include "crypto/base/utf8.h"
#include "crypto/seal/envelope_header.h"
#include "crypto/seal/open_envelope.h"
#include "crypto/seal/report.h"
#include "disclosure.h"
#include "letterlock/common/v1/errors.pb.h"
#include "letterlock/mail/v1/mail_service.pb.h"
#include "letterlock/mail/v1/mailbox.pb.h"
#include "server/rpc/status.h"

namespace letterlock::client {
namespace {

using crypto::KeyAccess;

absl::Status NoDesk() {
  return absl::UnimplementedError(
      "this deployment has no abuse desk: its operator takes no reports");
}

absl::Status Explain(const absl::Status& status) {
  switch (rpc::ReasonOf(status).value_or(common::v1::ERROR_REASON_UNSPECIFIED)) {
    case common::v1::ERROR_REASON_NOT_SERVED:
      return NoDesk();
    case common::v1::ERROR_REASON_NOT_FOUND:
      return NotFound("the mail server knows of no such message in your mailbox");
    case common::v1::ERROR_REASON_ALREADY_REPORTED:
      return absl::AlreadyExistsError("you have reported this message before");
    case common::v1::ERROR_REASON_RATE:
      return absl::ResourceExhaustedError(
          "as many reports as one day allows were made: see `letterlock limits`");
    case common::v1::ERROR_REASON_MAILBOX_FULL:
      return absl::ResourceExhaustedError(
          "so many reports lie before the abuse desk that it takes no more: tell the operator");
    case common::v1::ERROR_REASON_RECIPIENT_KEY:
      return absl::FailedPreconditionError(
          "the mail server does not take reports for the key that the directory shows for the "
          "abuse desk: try again in a minute");
    default:
      return status;
  }
}

// What can't be shown to be the sender's is nothing to accuse anybody by.
absl::Status ProvesNothing(const absl::Status& why) {
  if (ProblemOf(why) != Problem::kVerification) return why;
  return StatusOf(why.code(), Problem::kVerification,
                  "the message proves nothing about anybody, so it can't be reported: " +
                      std::string(why.message()));
}

// The entries from the last one on whose key has this id.
absl::StatusOr<std::vector<directory::v1::SignedEntry>> From(
    std::vector<directory::v1::SignedEntry> history, const crypto::KeyId& signer,
    const crypto::DeploymentId& deployment) {
  for (std::size_t i = history.size(); i > 0; --i) {
    const auto entry = attest::ParseEntry(history[i - 1].entry(), deployment);
    if (!entry.ok() || crypto::KeyIdOf(entry->identity_key) != signer) continue;
    history.erase(history.begin(), history.begin() + static_cast<std::ptrdiff_t>(i - 1));
    return history;
  }
  return VerificationFailed("the directory shows no entry of the sender with the key that signed");
}

}  // namespace

absl::StatusOr<SenderEvidence> ClientImpl::ProveSender(const Message& message,
                                                       const crypto::KeyId& signer) {
  return AskDirectory([&](State* state) -> absl::StatusOr<SenderEvidence> {
    SenderEvidence evidence;
    const auto lookup = directory_.Fetch(message.from, state, &evidence.proof);
    if (!lookup.ok()) return lookup.status();
    const absl::Status own = directory_.CheckOwn(keys_.handle, state);
    if (!own.ok()) return own;
    const auto* entry = std::get_if<attest::VerifiedEntry>(&*lookup);
    if (entry == nullptr || entry->member() != message.sender) {
      return VerificationFailed(
          "the directory no longer shows the sender's entry, by which the desk could tell that "
          "she wrote this");
    }
    if (crypto::KeyIdOf(entry->content().identity_key) == signer) return evidence;
    auto history = directory_.FetchHistory(entry->checked());
    if (!history.ok()) return history.status();
    auto shown = From(*std::move(history), signer, keys_.deployment);
    if (!shown.ok()) return shown.status();
    evidence.history = *std::move(shown);
    return evidence;
  });
}

absl::StatusOr<ReportQuestion> ClientImpl::AskReport(const ReportDraft& draft) {
  const std::string_view note = draft.note.RevealView(KeyAccess{});
  if (crypto::CountCharacters(note).value_or(kMaxNoteCharacters + 1) > kMaxNoteCharacters) {
    return UsageProblem("a note has at most 2,000 characters, in UTF-8");
  }
  auto message = Read(draft.id_prefix);
  if (!message.ok()) return ProvesNothing(message.status());
  if (message->sender == keys_.member) return UsageProblem("one does not report oneself");

  mail::v1::GetLimitsResponse limits;
  const absl::Status asked = mail_.GetLimits({}, &limits);
  if (!asked.ok()) return asked;
  if (limits.report_desk().empty()) return NoDesk();
  const auto handle = crypto::Handle::Parse(limits.report_desk());
  if (!handle.ok()) return VerificationFailed("the mail server names a desk that is no handle");
  if (*handle == keys_.handle) return UsageProblem("this account is the abuse desk itself");
  const auto desk = Lookup(*handle);
  if (!desk.ok()) return desk.status();
  if (!desk->correspondent.has_value()) {
    return NotFound("the directory holds no entry for the abuse desk that the mail server names");
  }

  auto cache = OpenCache();
  if (!cache.ok()) return cache.status();
  const MessageKey key{message->sender, message->id};
  if (!cache->table().messages.contains(key)) return NotFound("the message was deleted meanwhile");
  const auto stored = StoredCopy(*cache, key);
  if (!stored.ok()) return stored.status();
  const seal::MailboxCopy copy = {stored->header(), stored->wrap(), stored->ciphertext()};
  const auto header = seal::EnvelopeHeader::Parse(copy.header);
  if (!header.ok()) return header.status();
  const auto evidence = ProveSender(*message, header->sender_identity_key_id);
  if (!evidence.ok()) return evidence.status();
  const auto content_key = seal::ContentKeyOf(keys_, copy);
  if (!content_key.ok()) return content_key.status();
  auto sealed = seal::SealDisclosure(
      desk->correspondent->encryption_key,
      {keys_.deployment, keys_.member, message->sender, message->id},
      EncodeDisclosure(copy, *content_key, *evidence, draft.reason, note), *parts_.random);
  if (!sealed.ok()) return sealed.status();

  mail::v1::ReportRequest request;
  request.mutable_reference()->set_sender(std::string(message->sender.bytes()));
  request.mutable_reference()->set_message_id(std::string(message->id.bytes()));
  request.set_sealed_disclosure(*std::move(sealed));
  request.set_desk_encryption_key_id(
      std::string(crypto::KeyIdOf(desk->correspondent->encryption_key).bytes()));
  return ReportQuestion{.message = *std::move(message),
                        .desk = *handle,
                        .desk_member = desk->correspondent->member,
                        .desk_pinned_now = desk->correspondent->pin == PinVerdict::kFirst,
                        .desk_changed = desk->correspondent->pin == PinVerdict::kChanged,
                        .request = request.SerializeAsString()};
}

absl::Status ClientImpl::Report(const ReportQuestion& question) {
  mail::v1::ReportRequest request;
  if (!request.ParseFromString(question.request)) return UsageProblem("there is no report to send");
  mail::v1::ReportResponse response;
  return Explain(mail_.Report(request, &response));
}

}  // namespace letterlock::client
