// Takes in what a member brings along: messages that she sealed to herself (docs/formats.md,
// "Imported messages"). The rules of sending do not apply; the mailbox's quota does.
//
// Thread-safe. Blocks on disk; call it from a pool.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/base/clock.h"
#include "crypto/base/ids.h"
#include "letterlock/mail/v1/envelope.pb.h"
#include "server/mail/fault_points.h"
#include "server/mail/mailbox/mailboxes.h"
#include "server/mail/send/sender.h"

namespace letterlock::mail {

class Importer {
 public:
  struct Options {
    crypto::DeploymentId deployment;
    Quota quota;
    FaultPoints* points = nullptr;  // not owned; outlives this; nullptr: none
  };

  // None is owned; all outlive this.
  Importer(const Options& options, Mailboxes& mailboxes, const crypto::Clock& clock)
      : options_(options), mailboxes_(mailboxes), clock_(clock) {}

  // When the message was first taken, Unix milliseconds. Idempotent: the same envelope again adds
  // nothing, also where the member deleted it since. Errors as of Sender::Send, the recipient's
  // being the sender's.
  absl::StatusOr<std::uint64_t> Import(const MemberGrant& grant, const v1::Envelope& envelope,
                                       absl::Time deadline);

 private:
  void Reached(std::string_view where) const {
    if (options_.points != nullptr) options_.points->Reached(where);
  }

  const Options options_;
  Mailboxes& mailboxes_;
  const crypto::Clock& clock_;
};

}  // namespace letterlock::mail
