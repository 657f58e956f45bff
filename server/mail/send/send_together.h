// The way of an engine that owns both mailboxes: all rows of a message in one synced write. Private
// to the send part.
#pragma once

#include "send/send_operation.h"

namespace letterlock::mail {

class TogetherSend final : public SendOperation {
 public:
  // `envelope` lives until the answer.
  TogetherSend(Sender::Context& context, Mailbox sender, const v1::Envelope& envelope,
               const Routing& routing, std::vector<crypto::Digest> attachments, absl::Time deadline,
               Sender::Answer answer);

 private:
  absl::StatusOr<Step> Commit(const Looked& sender, const Looked& recipient) override;
  void GoOn(const Delivery& pending) override;
  absl::StatusOr<Step> Queue(const Looked& sender, const Looked& recipient);
  // What does not let the message be written; asked before its attachments are copied, and again at
  // the end.
  // `sender`: nullptr where the recipient has the message already.
  absl::Status CheckRules(const Lane::View& sent, const Contact& recipient,
                          const Lane::View& received, const Contact* sender) const;
  // The attachments into both mailboxes, held there.
  absl::Status PrepareFiles(const Looked& sender, const Looked& recipient);
};

}  // namespace letterlock::mail
