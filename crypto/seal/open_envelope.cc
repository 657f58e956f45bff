#include "crypto/seal/open_envelope.h"

#include "content_codec.h"
#include "crypto/base/aead.h"
#include "crypto/base/context.h"
#include "crypto/base/secret_buffer.h"
#include "crypto/base/strings.h"
#include "wrap.h"

namespace letterlock::seal {
namespace {

using crypto::AsView;
using crypto::KeyAccess;
using crypto::KeyIdOf;
using crypto::SecretBuffer;
using crypto::SecretBytes;
using Aead = crypto::XChaCha20Poly1305;

absl::Status Refused(const char* why) { return absl::InvalidArgumentError(why); }

}  // namespace

absl::StatusOr<OpenedMessage::State> OpenedMessage::OpenCopy(const MemberKeys& self,
                                                             const crypto::KeyId& own_key_id,
                                                             const EnvelopeHeader& header,
                                                             const MailboxCopy& copy) {
  const crypto::X25519PrivateKey* key = self.EncryptionOf(own_key_id);
  if (key == nullptr) {
    return absl::FailedPreconditionError("message is sealed for another key");
  }
  const absl::StatusOr<SecretBytes<32>> content_key =
      internal::UnwrapContentKey(*key, crypto::Sha256(copy.header), copy.wrap);
  if (!content_key.ok()) return content_key.status();
  return OpenContent(*content_key, header, copy);
}

absl::StatusOr<OpenedMessage::State> OpenedMessage::OpenContent(const SecretBytes<32>& content_key,
                                                                const EnvelopeHeader& header,
                                                                const MailboxCopy& copy) {
  if (copy.ciphertext.size() != header.padded_length + Aead::kTagSize) {
    return Refused("ciphertext has the wrong length");
  }
  if (internal::Commitment(content_key) != header.commitment) {
    return Refused("content key is not the one that the header commits to");
  }
  const absl::StatusOr<SecretBuffer> padded =
      Aead::Open(internal::EncryptionKey(content_key), header.nonce, copy.header, copy.ciphertext);
  if (!padded.ok()) return Refused("ciphertext was changed");

  absl::StatusOr<internal::SignedContent> parts =
      internal::ParsePadded(padded->RevealView(KeyAccess{}));
  if (!parts.ok()) return parts.status();
  const std::string_view content_bytes = parts->content.RevealView(KeyAccess{});
  absl::StatusOr<internal::AddressedContent> addressed = internal::DecodeContent(content_bytes);
  if (!addressed.ok()) return addressed.status();
  return State{.header = header,
               .header_hash = crypto::Sha256(copy.header),
               .content_hash = crypto::Sha256(content_bytes),
               .signature = std::move(parts->signature),
               .sender = std::move(addressed->sender),
               .recipient = std::move(addressed->recipient),
               .content = std::move(addressed->content)};
}

absl::Status OpenedMessage::CheckSignature(const crypto::PublicKey& identity_key) const {
  if (KeyIdOf(identity_key) != state_.header.sender_identity_key_id ||
      !identity_key.Verify(context::kMessage,
                           {AsView(state_.header_hash), AsView(state_.content_hash)},
                           state_.signature)) {
    return Refused("signature is not the sender's");
  }
  return absl::OkStatus();
}

absl::Status OpenedMessage::CheckSender(const Correspondent& sender) const {
  // The entry decides who a handle is: a claimed handle with another member's id is refused.
  if (sender.handle != state_.sender ||
      sender.IdIn(state_.header.deployment) != state_.header.sender) {
    return Refused("sender is not the member that the header names");
  }
  return CheckSignature(sender.identity_key);
}

VerifiedMessage OpenedMessage::TakeVerified() {
  return {.header = state_.header,
          .sender = std::move(state_.sender),
          .recipient = std::move(state_.recipient),
          .content = std::move(state_.content)};
}

absl::StatusOr<ReceivedMessage> ReceivedMessage::Open(const MemberKeys& self,
                                                      const MailboxCopy& copy) {
  const absl::StatusOr<EnvelopeHeader> header = EnvelopeHeader::Parse(copy.header);
  if (!header.ok()) return header.status();
  if (header->deployment != self.deployment || header->recipient != self.member) {
    return Refused("message is not for this member");
  }
  absl::StatusOr<State> state = OpenCopy(self, header->recipient_encryption_key_id, *header, copy);
  if (!state.ok()) return state.status();
  if (state->recipient != self.handle) return Refused("message is for another handle");
  if (state->content.imported) return Refused("an imported message is no received one");
  return ReceivedMessage(*std::move(state));
}

absl::StatusOr<VerifiedMessage> ReceivedMessage::Verify(const Correspondent& sender) && {
  if (absl::Status s = CheckSender(sender); !s.ok()) return s;
  return TakeVerified();
}

absl::StatusOr<SentMessage> SentMessage::Open(const MemberKeys& self, const MailboxCopy& copy) {
  const absl::StatusOr<EnvelopeHeader> header = EnvelopeHeader::Parse(copy.header);
  if (!header.ok()) return header.status();
  if (header->deployment != self.deployment || header->sender != self.member) {
    return Refused("message is not from this member");
  }
  absl::StatusOr<State> state = OpenCopy(self, header->sender_encryption_key_id, *header, copy);
  if (!state.ok()) return state.status();
  if (state->sender != self.handle) return Refused("message is from another handle");
  if (state->content.imported) return Refused("an imported message is no sent one");
  return SentMessage(*std::move(state));
}

absl::StatusOr<VerifiedMessage> SentMessage::Verify(const Correspondent& recipient,
                                                    const crypto::PublicKey& own_identity_key) && {
  if (recipient.handle != state_.recipient ||
      recipient.IdIn(state_.header.deployment) != state_.header.recipient) {
    return Refused("recipient is not the member that the header names");
  }
  if (absl::Status s = CheckSignature(own_identity_key); !s.ok()) return s;
  return TakeVerified();
}

absl::StatusOr<ImportedMessage> ImportedMessage::Open(const MemberKeys& self,
                                                      const MailboxCopy& copy) {
  const absl::StatusOr<EnvelopeHeader> header = EnvelopeHeader::Parse(copy.header);
  if (!header.ok()) return header.status();
  if (header->deployment != self.deployment || header->sender != self.member ||
      header->recipient != self.member) {
    return Refused("message is not from this member to herself");
  }
  absl::StatusOr<State> state = OpenCopy(self, header->recipient_encryption_key_id, *header, copy);
  if (!state.ok()) return state.status();
  if (state->sender != self.handle || state->recipient != self.handle) {
    return Refused("message is of another handle");
  }
  return ImportedMessage(*std::move(state));
}

absl::StatusOr<VerifiedMessage> ImportedMessage::Verify(
    const crypto::PublicKey& own_identity_key) && {
  if (absl::Status s = CheckSignature(own_identity_key); !s.ok()) return s;
  return TakeVerified();
}

absl::StatusOr<DisclosedMessage> DisclosedMessage::Open(const crypto::DeploymentId& deployment,
                                                        const SecretBytes<32>& content_key,
                                                        const MailboxCopy& copy) {
  const absl::StatusOr<EnvelopeHeader> header = EnvelopeHeader::Parse(copy.header);
  if (!header.ok()) return header.status();
  if (header->deployment != deployment) return Refused("message is of another deployment");
  absl::StatusOr<State> state = OpenContent(content_key, *header, copy);
  if (!state.ok()) return state.status();
  if (state->content.imported) return Refused("an imported message is nobody else's");
  return DisclosedMessage(*std::move(state));
}

absl::StatusOr<VerifiedMessage> DisclosedMessage::Verify(const Correspondent& sender) && {
  if (absl::Status s = CheckSender(sender); !s.ok()) return s;
  return TakeVerified();
}

absl::StatusOr<SecretBytes<32>> ContentKeyOf(const MemberKeys& self, const MailboxCopy& copy) {
  const absl::StatusOr<EnvelopeHeader> header = EnvelopeHeader::Parse(copy.header);
  if (!header.ok()) return header.status();
  if (header->deployment != self.deployment || header->recipient != self.member) {
    return Refused("message is not for this member");
  }
  const crypto::X25519PrivateKey* key = self.EncryptionOf(header->recipient_encryption_key_id);
  if (key == nullptr) {
    return absl::FailedPreconditionError("message is sealed for another key");
  }
  return internal::UnwrapContentKey(*key, crypto::Sha256(copy.header), copy.wrap);
}

}  // namespace letterlock::seal
