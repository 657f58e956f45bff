// Answers to first contacts, in the answerer's mailbox and in that of the one who asked
// (docs/mail-server.md, "Rules"). Private to the send part.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "mailbox/contact_rows.h"
#include "mailbox/lane.h"
#include "send/send_context.h"
#include "server/mail/mailbox/mailbox.h"
#include "server/mail/rules/contact.h"

namespace letterlock::mail {

class Answering {
 public:
  // As Sender::Respond.
  static absl::Status Respond(Sender::Context& context, const Mailbox& mailbox,
                              const crypto::MemberId& requester, Decision decision,
                              absl::Time deadline);

  // Brings an answer that waits in the outbox to the one who asked. Idempotent.
  static absl::Status Tell(Sender::Context& context, const Mailbox& mailbox, std::uint64_t sequence,
                           const AnswerToTell& answer, absl::Time deadline);

 private:
  using LanePtr = std::shared_ptr<Lane>;

  // nullptr where she has no mailbox (any more).
  static absl::StatusOr<LanePtr> LaneOfOther(Sender::Context& context,
                                             const crypto::MemberId& other, absl::Time deadline);
  // Whether it was done; false where requests came in that have to be moved first.
  static absl::StatusOr<bool> Together(Sender::Context& context, const LanePtr& own,
                                       const LanePtr& other, Decision decision,
                                       absl::Time deadline);
  static absl::StatusOr<bool> Stepwise(Sender::Context& context, const Mailbox& mailbox,
                                       const crypto::MemberId& requester, Decision decision,
                                       absl::Time deadline);
};

}  // namespace letterlock::mail
