#include "disclosure.h"

#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "attest/canonical_proto.h"
#include "client/failure.h"
#include "crypto/base/secret_bytes.h"
#include "crypto/base/strings.h"
#include "crypto/base/utf8.h"
#include "letterlock/mail/v1/disclosure.pb.h"
#include "mailbox_reader.h"

namespace letterlock::client {
namespace {

using crypto::KeyAccess;
using crypto::SecretBuffer;

void WipeString(std::string* s) {
  crypto::Wipe({reinterpret_cast<std::uint8_t*>(s->data()), s->size()});
}

// A message whose secrets are wiped at the end of its scope: protobuf keeps them in strings of its
// own.
struct WipedDisclosure {
  ~WipedDisclosure() {
    WipeString(message.mutable_content_key());
    WipeString(message.mutable_note());
  }
  mail::v1::Disclosure message;
};

constexpr std::pair<ReportReason, mail::v1::ReportReason> kReasons[] = {
    {ReportReason::kSpam, mail::v1::REPORT_REASON_SPAM},
    {ReportReason::kHarassment, mail::v1::REPORT_REASON_HARASSMENT},
    {ReportReason::kFraud, mail::v1::REPORT_REASON_FRAUD},
    {ReportReason::kThreat, mail::v1::REPORT_REASON_THREAT},
    {ReportReason::kOther, mail::v1::REPORT_REASON_OTHER},
};

mail::v1::ReportReason WireReason(ReportReason reason) {
  for (const auto& [ours, wire] : kReasons) {
    if (ours == reason) return wire;
  }
  return mail::v1::REPORT_REASON_OTHER;
}

std::optional<ReportReason> ReasonOf(mail::v1::ReportReason reason) {
  for (const auto& [ours, wire] : kReasons) {
    if (wire == reason) return ours;
  }
  return std::nullopt;
}

absl::Status Refused(const std::string& what) {
  return StatusOf(absl::StatusCode::kUnauthenticated, Problem::kVerification, what);
}

absl::StatusOr<seal::DisclosedMessage> OpenMessage(const crypto::DeploymentId& deployment,
                                                   const mail::v1::Disclosure& disclosure) {
  const auto key = crypto::SecretBytes<32>::FromBytes(std::string_view(disclosure.content_key()));
  if (!key.ok()) return Refused("the report holds no content key");
  auto opened = seal::DisclosedMessage::Open(deployment, *key,
                                             {disclosure.header(), "", disclosure.ciphertext()});
  if (opened.ok()) return opened;
  return Refused("the disclosed message does not open: " + std::string(opened.status().message()));
}

absl::Status CheckNames(const seal::EnvelopeHeader& header, const seal::ReportName& name) {
  if (header.sender != name.sender || header.message_id != name.message_id) {
    return Refused("the report discloses another message than the one that it names");
  }
  if (header.recipient != name.reporter) {
    return Refused("the disclosed message was not written to the one who reports it");
  }
  return absl::OkStatus();
}

absl::StatusOr<attest::VerifiedEntry> CheckEntryProof(const mail::v1::Disclosure& disclosure,
                                                      const attest::TrustFile& trust,
                                                      const seal::EnvelopeHeader& header) {
  auto entry = attest::VerifyEntry(disclosure.sender_proof(), trust, std::nullopt);
  if (!entry.ok()) {
    return Refused("the report does not prove the sender's directory entry: " +
                   std::string(entry.status().message()));
  }
  if (entry->member() != header.sender) {
    return Refused("the report proves the directory entry of another member than the sender");
  }
  return entry;
}

// The entry whose key signed: the proved one, or one that leads to it step by step.
absl::StatusOr<attest::EntryContent> SigningEntry(const mail::v1::Disclosure& disclosure,
                                                  const attest::TrustFile& trust,
                                                  const attest::VerifiedEntry& newest,
                                                  const crypto::KeyId& signing_key) {
  const auto signs = [&](const attest::EntryContent& entry) {
    return crypto::KeyIdOf(entry.identity_key) == signing_key;
  };
  if (signs(newest.content()) == (disclosure.sender_history_size() > 0)) {
    return Refused("the report does not show the sender's entry whose key signed the message");
  }
  if (disclosure.sender_history_size() == 0) return newest.content();
  std::optional<attest::CheckedEntry> later = newest.checked();
  for (int i = disclosure.sender_history_size() - 1; i >= 0; --i) {
    auto entry = attest::CheckEntry(disclosure.sender_history(i), trust.entries());
    if (!entry.ok() || !attest::CheckTransition(entry->content(), *later).ok()) {
      return Refused("the sender's earlier entries do not lead to the proved one");
    }
    later = *std::move(entry);
  }
  if (!signs(later->content())) {
    return Refused("the report does not show the sender's entry whose key signed the message");
  }
  return later->content();
}

}  // namespace

SecretBuffer EncodeDisclosure(const seal::MailboxCopy& copy,
                              const crypto::SecretBytes<32>& content_key,
                              const SenderEvidence& sender, ReportReason reason,
                              std::string_view note) {
  WipedDisclosure out;
  out.message.set_header(std::string(copy.header));
  out.message.set_ciphertext(std::string(copy.ciphertext));
  out.message.mutable_content_key()->assign(crypto::AsView(content_key.Reveal(KeyAccess{})));
  *out.message.mutable_sender_proof() = sender.proof;
  for (const auto& entry : sender.history) *out.message.add_sender_history() = entry;
  // What a newer directory may say besides is nothing that an entry or a proof rests on.
  out.message.DiscardUnknownFields();
  out.message.set_reason(WireReason(reason));
  out.message.mutable_note()->assign(note);
  SecretBuffer bytes = SecretBuffer::OfSize(out.message.ByteSizeLong());
  const std::span<std::uint8_t> to = bytes.RevealMutable(KeyAccess{});
  out.message.SerializeToArray(to.data(), static_cast<int>(to.size()));  // canonical: no maps
  return bytes;
}

absl::StatusOr<JudgedDisclosure> JudgeDisclosure(const attest::TrustFile& trust,
                                                 const seal::ReportName& name,
                                                 const SecretBuffer& disclosure,
                                                 std::size_t* held) {
  WipedDisclosure in;
  *held = 1;  // it opened
  if (!attest::ParseCanonical(disclosure.RevealView(KeyAccess{}), &in.message).ok()) {
    return Refused("the report holds no canonical disclosure");
  }
  const auto reason = ReasonOf(in.message.reason());
  const auto note = crypto::CountCharacters(in.message.note());
  if (!reason.has_value() || note.value_or(kMaxNoteCharacters + 1) > kMaxNoteCharacters) {
    return Refused("the report's reason or note is none");
  }
  auto opened = OpenMessage(trust.deployment(), in.message);
  if (!opened.ok()) return opened.status();
  const seal::EnvelopeHeader header = opened->header();
  *held = 2;
  if (absl::Status names = CheckNames(header, name); !names.ok()) return names;
  *held = 3;
  auto newest = CheckEntryProof(in.message, trust, header);
  if (!newest.ok()) return newest.status();
  *held = 4;
  const auto entry = SigningEntry(in.message, trust, *newest, header.sender_identity_key_id);
  if (!entry.ok()) return entry.status();
  auto verified =
      (*std::move(opened))
          .Verify({entry->handle, entry->genesis_key, entry->identity_key, entry->encryption_key});
  if (!verified.ok()) return Refused("the " + std::string(verified.status().message()));
  *held = std::size(kDisclosureClaims);
  const bool replaced = in.message.sender_history_size() > 0;
  return JudgedDisclosure{.report = {.message = ViewOf(*std::move(verified), replaced),
                                     .reason = *reason,
                                     .note = SecretBuffer::Copy(in.message.note()),
                                     .entry_version = newest->content().version,
                                     .head_sequence = newest->head().sequence(),
                                     .head_unix_ms = static_cast<std::uint64_t>(
                                         absl::ToUnixMillis(newest->head().time()))},
                          .sender = *std::move(newest),
                          .signing_key = entry->identity_key};
}

}  // namespace letterlock::client
