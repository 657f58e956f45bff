// From what a mailbox holds to what may be shown: opened, its correspondent resolved, its signature
// verified, taken once. Private to the library.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/correspondents.h"
#include "client/directory_client.h"
#include "client/message.h"
#include "client/state.h"
#include "crypto/base/sign.h"
#include "crypto/seal/envelope_header.h"
#include "crypto/seal/member_keys.h"
#include "crypto/seal/open_envelope.h"
#include "letterlock/mail/v1/mailbox.pb.h"

namespace letterlock::client {

// A verified message as members see it; what a server says of it is not set.
Message ViewOf(seal::VerifiedMessage verified, bool key_replaced);

// Not thread-safe: one reader for one transaction. All that it is given outlives it.
class MailboxReader {
 public:
  // Without a directory, mail of correspondents who are not pinned is refused as UNAVAILABLE.
  MailboxReader(const seal::MemberKeys* keys, const DirectoryClient* directory, State* state)
      : keys_(*keys), directory_(directory), state_(*state) {}

  // The message, which must be the one that was asked for. Verification failed for whatever is not
  // right; errors of the directory where an unknown correspondent can't be looked up.
  absl::StatusOr<Message> Take(const mail::v1::MailboxMessage& stored,
                               const mail::v1::MessageReference& asked);

  // The first alarm met while looking correspondents up.
  const absl::Status& alarm() const { return alarm_; }

 private:
  struct Verified {
    seal::VerifiedMessage message;
    bool key_replaced = false;
    std::optional<Meeting> met;  // a correspondent to pin, now that what named her has verified
  };

  absl::StatusOr<Verified> OpenReceived(const seal::MailboxCopy& copy);
  absl::StatusOr<Verified> OpenSent(const seal::MailboxCopy& copy);
  absl::StatusOr<Verified> OpenImported(const seal::MailboxCopy& copy);
  // The member's own identity key that a message of hers names: today's, or one of before.
  absl::StatusOr<crypto::PublicKey> OwnKeyOf(const seal::EnvelopeHeader& header) const;
  // Of a handle that unverified content names: anybody can write any. Asked once a handle, so that
  // a heap of forged mail does not become as many look-ups.
  absl::StatusOr<Meeting> LookUp(const crypto::Handle& handle);

  const seal::MemberKeys& keys_;
  const DirectoryClient* const directory_;
  State& state_;
  std::map<crypto::Handle, absl::StatusOr<Meeting>> looked_up_;
  absl::Status alarm_;
};

}  // namespace letterlock::client
