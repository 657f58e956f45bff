// Opening a message (docs/formats.md, "Envelope"), in two steps that the types keep apart: what was
// opened names the member whose directory entry is needed, and gives its content only once the
// signature was checked under that entry. A client shows nothing before.
//
// Errors of Open: FAILED_PRECONDITION when the copy was wrapped for another key of this member;
// INVALID_ARGUMENT for anything else that is not right. Which bit it was is not told apart.
//
// What neither step can see: whether (sender, message id) was taken before. Clients remember.
//
// Thread-safety: as an int.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "crypto/base/hash.h"
#include "crypto/base/ids.h"
#include "crypto/base/secret_bytes.h"
#include "crypto/base/sign.h"
#include "crypto/seal/content.h"
#include "crypto/seal/envelope_header.h"
#include "crypto/seal/member_keys.h"

namespace letterlock::seal {

// A message as one mailbox keeps it: with that mailbox's wrap alone.
struct MailboxCopy {
  std::string_view header;
  std::string_view wrap;
  std::string_view ciphertext;
};

// Verified: the sender wrote this, to this recipient, under this id.
struct VerifiedMessage {
  EnvelopeHeader header;
  crypto::Handle sender;
  crypto::Handle recipient;
  Content content;
};

// What ReceivedMessage, SentMessage and DisclosedMessage have in common. Move-only.
class OpenedMessage {
 public:
  const EnvelopeHeader& header() const { return state_.header; }

 protected:
  struct State {
    EnvelopeHeader header;
    crypto::Digest header_hash;
    crypto::Digest content_hash;
    std::string signature;
    crypto::Handle sender;
    crypto::Handle recipient;
    Content content;
  };
  explicit OpenedMessage(State state) : state_(std::move(state)) {}

  // The steps that all kinds share. `own_key_id` is the one that the header gives this member.
  static absl::StatusOr<State> OpenCopy(const MemberKeys& self, const crypto::KeyId& own_key_id,
                                        const EnvelopeHeader& header, const MailboxCopy& copy);
  static absl::StatusOr<State> OpenContent(const crypto::SecretBytes<32>& content_key,
                                           const EnvelopeHeader& header, const MailboxCopy& copy);
  absl::Status CheckSender(const Correspondent& sender) const;
  absl::Status CheckSignature(const crypto::PublicKey& identity_key) const;
  VerifiedMessage TakeVerified();

  State state_;
};

// Mail to this member.
class ReceivedMessage : public OpenedMessage {
 public:
  static absl::StatusOr<ReceivedMessage> Open(const MemberKeys& self, const MailboxCopy& copy);

  // Whose entry Verify needs: a claim until then.
  const crypto::Handle& claimed_sender() const { return state_.sender; }

  // INVALID_ARGUMENT unless `sender` is the member that the header names and signed this.
  absl::StatusOr<VerifiedMessage> Verify(const Correspondent& sender) &&;

 private:
  using OpenedMessage::OpenedMessage;
};

// This member's own copy of mail that she sent.
class SentMessage : public OpenedMessage {
 public:
  static absl::StatusOr<SentMessage> Open(const MemberKeys& self, const MailboxCopy& copy);

  const crypto::Handle& claimed_recipient() const { return state_.recipient; }

  // INVALID_ARGUMENT unless `recipient` is the member that the header names and the member's own
  // identity key (today's, or the one of then) signed this.
  absl::StatusOr<VerifiedMessage> Verify(const Correspondent& recipient,
                                         const crypto::PublicKey& own_identity_key) &&;

 private:
  using OpenedMessage::OpenedMessage;
};

// What this member imported for herself. INVALID_ARGUMENT unless it is from her and to her, and
// her own identity key (today's, or the one of then) signed it.
class ImportedMessage : public OpenedMessage {
 public:
  static absl::StatusOr<ImportedMessage> Open(const MemberKeys& self, const MailboxCopy& copy);

  absl::StatusOr<VerifiedMessage> Verify(const crypto::PublicKey& own_identity_key) &&;

 private:
  using OpenedMessage::OpenedMessage;
};

// Mail to somebody else, who gave its content key away (docs/formats.md, "Report").
class DisclosedMessage : public OpenedMessage {
 public:
  // copy.wrap is not looked at. INVALID_ARGUMENT as in Open; the message says what it is.
  static absl::StatusOr<DisclosedMessage> Open(const crypto::DeploymentId& deployment,
                                               const crypto::SecretBytes<32>& content_key,
                                               const MailboxCopy& copy);

  const crypto::Handle& claimed_sender() const { return state_.sender; }
  const crypto::Handle& claimed_recipient() const { return state_.recipient; }

  // As ReceivedMessage's. The recipient's handle stays the sender's word: the header's recipient is
  // whom the signature binds.
  absl::StatusOr<VerifiedMessage> Verify(const Correspondent& sender) &&;

 private:
  using OpenedMessage::OpenedMessage;
};

// The content key of a message to this member, for a report. Errors as Open's.
absl::StatusOr<crypto::SecretBytes<32>> ContentKeyOf(const MemberKeys& self,
                                                     const MailboxCopy& copy);

}  // namespace letterlock::seal
