// The way of an engine that owns both mailboxes: all rows of a message in one synced write. Private
// to the send part.
#pragma once

#include "send/send_operation.h"

namespace letterlock::mail {

class TogetherSend final : public SendOperation {
 public:
  // `envelope` lives until the answer.
  TogetherSend(Sender::Context& context, Mailbox sender, const v1::Envelope& envelope,
               const Routing& routing, absl::Time deadline, Sender::Answer answer);

 private:
  absl::StatusOr<Step> Commit(const Looked& sender, const Looked& recipient) override;
  void GoOn(const Delivery& pending) override;
  absl::StatusOr<Step> Queue(const Looked& sender, const Looked& recipient);
};

}  // namespace letterlock::mail
