#include "crypto/seal/seal_envelope.h"

#include <utility>

#include "content_codec.h"
#include "crypto/base/aead.h"
#include "crypto/base/context.h"
#include "crypto/base/hash.h"
#include "crypto/base/strings.h"
#include "crypto/seal/envelope_header.h"
#include "wrap.h"

namespace letterlock::seal {
namespace {

using crypto::AsView;
using crypto::KeyAccess;
using crypto::KeyIdOf;
using crypto::SecretBuffer;
using crypto::SecretBytes;
using Aead = crypto::XChaCha20Poly1305;
using internal::PaddedContent;

EnvelopeHeader MakeHeader(const MemberKeys& sender, const Correspondent& recipient,
                          const OutgoingMessage& message, const Aead::Nonce& nonce,
                          uint32_t padded_length, const crypto::Digest& commitment) {
  return {.deployment = sender.deployment,
          .message_id = message.message_id,
          .thread_id = message.thread_id,
          .sender = sender.member,
          .sender_identity_key_id = KeyIdOf(sender.identity.public_key()),
          .sender_encryption_key_id = KeyIdOf(sender.encryption.public_key()),
          .recipient = message.content.imported ? sender.member : recipient.IdIn(sender.deployment),
          .recipient_encryption_key_id = KeyIdOf(recipient.encryption_key),
          .nonce = nonce,
          .padded_length = padded_length,
          .commitment = commitment};
}

// Whether or not the recipient is the sender.
absl::StatusOr<SealedEnvelope> SealAny(const MemberKeys& sender, const Correspondent& recipient,
                                       const OutgoingMessage& message,
                                       crypto::RandomSource& random) {
  if (absl::Status s = CheckContent(message.content); !s.ok()) return s;
  const SecretBuffer content =
      internal::EncodeContent(message.content, sender.handle, recipient.handle);
  absl::StatusOr<PaddedContent> padded = PaddedContent::Prepare(content);
  if (!padded.ok()) return padded.status();

  const SecretBytes<32> content_key = SecretBytes<32>::Random(random);
  const Aead::Nonce nonce = crypto::RandomArray<Aead::kNonceSize>(random);
  SealedEnvelope out;
  out.header = MakeHeader(sender, recipient, message, nonce, padded->padded_length(),
                          internal::Commitment(content_key))
                   .Serialise();
  const crypto::Digest header_hash = crypto::Sha256(out.header);

  const crypto::Digest content_hash = crypto::Sha256(content.RevealView(KeyAccess{}));
  const std::string signature =
      sender.identity.Sign(context::kMessage, {AsView(header_hash), AsView(content_hash)});
  const SecretBuffer plaintext = (*std::move(padded)).Finish(signature);
  out.ciphertext = Aead::Seal(internal::EncryptionKey(content_key), nonce, out.header,
                              plaintext.RevealView(KeyAccess{}));

  absl::StatusOr<std::string> recipient_wrap =
      internal::WrapContentKey(recipient.encryption_key, header_hash, content_key, random);
  absl::StatusOr<std::string> sender_wrap =
      internal::WrapContentKey(sender.encryption.public_key(), header_hash, content_key, random);
  if (!recipient_wrap.ok()) return recipient_wrap.status();
  if (!sender_wrap.ok()) return sender_wrap.status();
  out.recipient_wrap = *std::move(recipient_wrap);
  out.sender_wrap = *std::move(sender_wrap);
  return out;
}

}  // namespace

absl::StatusOr<SealedEnvelope> SealEnvelope(const MemberKeys& sender,
                                            const Correspondent& recipient,
                                            const OutgoingMessage& message,
                                            crypto::RandomSource& random) {
  if (recipient.IdIn(sender.deployment) == sender.member) {
    return absl::InvalidArgumentError("the recipient is the sender");
  }
  if (message.content.imported) {
    return absl::InvalidArgumentError("an imported message is for oneself");
  }
  return SealAny(sender, recipient, message, random);
}

absl::StatusOr<SealedEnvelope> SealImported(const MemberKeys& self, const OutgoingMessage& message,
                                            crypto::RandomSource& random) {
  if (!message.content.imported) return absl::InvalidArgumentError("no imported message");
  // The id is the header's, whatever keys the member began with.
  Correspondent own = {.handle = self.handle,
                       .genesis_key = self.identity.public_key(),
                       .identity_key = self.identity.public_key(),
                       .encryption_key = self.encryption.public_key()};
  return SealAny(self, own, message, random);
}

}  // namespace letterlock::seal
