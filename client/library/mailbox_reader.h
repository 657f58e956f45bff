// From what a mailbox holds to what may be shown: opened, its correspondent resolved, its signature
// verified, taken once. Private to the library.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/directory_client.h"
#include "client/message.h"
#include "client/state.h"
#include "crypto/seal/member_keys.h"
#include "crypto/seal/open_envelope.h"
#include "letterlock/mail/v1/mailbox.pb.h"

namespace letterlock::client {

// Not thread-safe: one reader for one transaction. All that it is given outlives it.
class MailboxReader {
 public:
  MailboxReader(const seal::MemberKeys* keys, const DirectoryClient* directory, State* state)
      : keys_(*keys), directory_(*directory), state_(*state) {}

  // The message, which must be the one that was asked for. Verification failed for whatever is not
  // right; errors of the directory where an unknown correspondent can't be looked up.
  absl::StatusOr<Message> Take(const mail::v1::MailboxMessage& stored,
                               const mail::v1::MessageReference& asked);

  // The first alarm met while looking correspondents up.
  const absl::Status& alarm() const { return alarm_; }

 private:
  absl::StatusOr<seal::VerifiedMessage> OpenReceived(const seal::MailboxCopy& copy);
  absl::StatusOr<seal::VerifiedMessage> OpenSent(const seal::MailboxCopy& copy);
  absl::StatusOr<seal::Correspondent> LookUp(const crypto::Handle& handle);

  const seal::MemberKeys& keys_;
  const DirectoryClient& directory_;
  State& state_;
  absl::Status alarm_;
};

}  // namespace letterlock::client
