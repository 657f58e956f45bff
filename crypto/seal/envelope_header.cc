#include "crypto/seal/envelope_header.h"

#include "canonical.h"
#include "crypto/base/strings.h"
#include "crypto/seal/member_keys.h"
#include "crypto/seal/padding.h"
#include "letterlock/mail/v1/envelope.pb.h"

namespace letterlock::seal {
namespace {

// Sets `out` from `bytes`; false if the size is wrong.
template <typename Id>
bool Read(const std::string& bytes, Id* out) {
  const absl::StatusOr<Id> id = Id::FromBytes(bytes);
  if (id.ok()) *out = *id;
  return id.ok();
}

absl::Status Refused() { return absl::InvalidArgumentError("envelope header is malformed"); }

}  // namespace

absl::StatusOr<EnvelopeHeader> EnvelopeHeader::Parse(std::string_view bytes) {
  mail::v1::EnvelopeHeader m;
  if (absl::Status s = internal::ParseCanonical(bytes, &m); !s.ok()) return s;
  if (m.suite() != kSuite1) return absl::InvalidArgumentError("envelope has an unknown suite");
  EnvelopeHeader out{};
  if (!Read(m.deployment(), &out.deployment) || !Read(m.message_id(), &out.message_id) ||
      !Read(m.thread_id(), &out.thread_id) || !Read(m.sender(), &out.sender) ||
      !Read(m.sender_identity_key_id(), &out.sender_identity_key_id) ||
      !Read(m.sender_encryption_key_id(), &out.sender_encryption_key_id) ||
      !Read(m.recipient(), &out.recipient) ||
      !Read(m.recipient_encryption_key_id(), &out.recipient_encryption_key_id)) {
    return Refused();
  }
  const auto nonce = crypto::XChaCha20Poly1305::NonceFromBytes(m.nonce());
  const absl::StatusOr<crypto::Digest> commitment = crypto::DigestFromBytes(m.commitment());
  if (!nonce.ok() || !commitment.ok() || !IsPaddedLength(m.padded_length())) return Refused();
  out.nonce = *nonce;
  out.padded_length = m.padded_length();
  out.commitment = *commitment;
  return out;
}

std::string EnvelopeHeader::Serialise() const {
  mail::v1::EnvelopeHeader m;
  m.mutable_deployment()->assign(deployment.bytes());
  m.set_suite(kSuite1);
  m.mutable_message_id()->assign(message_id.bytes());
  m.mutable_thread_id()->assign(thread_id.bytes());
  m.mutable_sender()->assign(sender.bytes());
  m.mutable_sender_identity_key_id()->assign(sender_identity_key_id.bytes());
  m.mutable_sender_encryption_key_id()->assign(sender_encryption_key_id.bytes());
  m.mutable_recipient()->assign(recipient.bytes());
  m.mutable_recipient_encryption_key_id()->assign(recipient_encryption_key_id.bytes());
  m.mutable_nonce()->assign(crypto::AsView(nonce));
  m.set_padded_length(padded_length);
  m.mutable_commitment()->assign(crypto::AsView(commitment));
  return internal::SerialiseCanonical(m);
}

}  // namespace letterlock::seal
