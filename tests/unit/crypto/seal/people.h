// Members and messages for the tests of crypto/seal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "crypto/base/ids.h"
#include "crypto/base/random.h"
#include "crypto/seal/member_keys.h"
#include "crypto/seal/open_envelope.h"
#include "crypto/seal/seal_envelope.h"

namespace letterlock::seal {

inline MemberKeys MakeMember(const crypto::DeploymentId& deployment, std::string_view handle) {
  crypto::SystemRandom random;
  return MemberKeys::Generate(deployment, *crypto::Handle::Parse(handle), random);
}

inline crypto::DeploymentId MakeDeployment() {
  crypto::SystemRandom random;
  return crypto::DeploymentId::Random(random);
}

// What a directory says of a member whose identity key was never rotated.
inline Correspondent EntryOf(const MemberKeys& keys) {
  return {.handle = keys.handle,
          .genesis_key = keys.identity.public_key(),
          .identity_key = keys.identity.public_key(),
          .encryption_key = keys.encryption.public_key()};
}

inline OutgoingMessage MakeMessage(std::string_view subject, std::string_view body) {
  crypto::SystemRandom random;
  OutgoingMessage out{.message_id = crypto::MessageId::Random(random),
                      .thread_id = crypto::ThreadId::Random(random),
                      .content = {}};
  out.content.subject = crypto::SecretBuffer::Copy(subject);
  out.content.body = crypto::SecretBuffer::Copy(body);
  out.content.sent_unix_ms = 1'700'000'000'000;
  return out;
}

inline SealedEnvelope Seal(const MemberKeys& sender, const MemberKeys& recipient,
                           const OutgoingMessage& message) {
  crypto::SystemRandom random;
  return *SealEnvelope(sender, EntryOf(recipient), message, random);
}

inline MailboxCopy RecipientCopy(const SealedEnvelope& e) {
  return {.header = e.header, .wrap = e.recipient_wrap, .ciphertext = e.ciphertext};
}
inline MailboxCopy SenderCopy(const SealedEnvelope& e) {
  return {.header = e.header, .wrap = e.sender_wrap, .ciphertext = e.ciphertext};
}

// Opens and verifies in one step.
inline absl::StatusOr<VerifiedMessage> Receive(const MemberKeys& self, const Correspondent& sender,
                                               const MailboxCopy& copy) {
  absl::StatusOr<ReceivedMessage> opened = ReceivedMessage::Open(self, copy);
  if (!opened.ok()) return opened.status();
  return (*std::move(opened)).Verify(sender);
}
inline absl::StatusOr<VerifiedMessage> ReadSent(const MemberKeys& self,
                                                const Correspondent& recipient,
                                                const MailboxCopy& copy) {
  absl::StatusOr<SentMessage> opened = SentMessage::Open(self, copy);
  if (!opened.ok()) return opened.status();
  return (*std::move(opened)).Verify(recipient, self.identity.public_key());
}

inline std::string Text(const crypto::SecretBuffer& text) {
  return std::string(text.RevealView(crypto::KeyAccess{}));
}

}  // namespace letterlock::seal
