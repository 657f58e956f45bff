// The way of an engine that owns both mailboxes: all rows of a message in one synced write.
#include <utility>
#include <vector>

#include "mailbox/lane.h"
#include "send/send_operation.h"

namespace letterlock::mail {

absl::StatusOr<SendOperation::Step> SendOperation::CommitTogether(const Looked& sender,
                                                                  const Looked& recipient) {
  Lane& from = *sender_.lane_;
  Lane& to = *recipient_->lane_;
  TwoLanes lock(from, to);
  Lane::View* const sent = from.view();
  Lane::View* const received = to.view();
  // Somebody's write failed since we looked.
  if (sent == nullptr || from.incarnation() != sender.incarnation) return Step::kAgain;
  if (received == nullptr || to.incarnation() != recipient.incarnation) return Step::kAgain;
  if (absl::Status keys = CheckKeys(sent->profile, received->profile); !keys.ok()) return keys;
  if (absl::Status room = CheckRoom(sent->counters, received->counters); !room.ok()) return room;

  accepted_unix_ms_ = static_cast<std::uint64_t>(absl::ToUnixMillis(context_.clock.Now()));
  std::vector<engine::MailboxWrite> writes;
  writes.reserve(2);
  writes.push_back(
      {from.tag(), sent->next,
       MessageRows(*sent, v1::FOLDER_SENT, v1::DELIVERY_STATE_DELIVERED, envelope_.sender_wrap())});
  const std::uint64_t from_incarnation = from.Queue();
  // Delivered before: the sender's rows went back to an older state since. They are made up for.
  const bool deliver = !recipient.known;
  std::uint64_t to_incarnation = 0;
  if (deliver) {
    writes.push_back({to.tag(), received->next,
                      MessageRows(*received, v1::FOLDER_INBOX, v1::DELIVERY_STATE_DELIVERED,
                                  envelope_.recipient_wrap())});
    to_incarnation = to.Queue();
  }
  context_.engine.ApplyTogether(
      std::move(writes), [self = shared_from_this(), from_incarnation, to_incarnation,
                          deliver](const absl::StatusOr<std::vector<engine::Generation>>& answer) {
        self->sender_.lane_->Answer(from_incarnation, answer.status());
        if (deliver) self->recipient_->lane_->Answer(to_incarnation, answer.status());
        if (!answer.ok()) return self->AfterFailure(answer.status());
        self->Conclude(SendResult{v1::DELIVERY_STATE_DELIVERED, self->accepted_unix_ms_});
      });
  return Step::kOver;
}

}  // namespace letterlock::mail
