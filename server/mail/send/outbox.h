// What an earlier process left on its way. Private to the send part.
#pragma once

#include <cstdint>

#include "engine/row.h"
#include "send/send_context.h"
#include "server/mail/mailbox/mailbox.h"

namespace letterlock::mail {

class Outbox {
 public:
  // Goes on with all messages in the mailbox's outbox, in the background; once for as long as the
  // mailbox stays in use. Cheap where that was done.
  static void Settle(Sender::Context& context, const Mailbox& mailbox);

 private:
  static void SettleOne(Sender::Context& context, const Mailbox& mailbox, std::uint64_t sequence,
                        const engine::Row& row, absl::Time deadline);
  static void SettleAll(Sender::Context& context, const Mailbox& mailbox);
};

}  // namespace letterlock::mail
