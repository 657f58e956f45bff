#include "server/mail/send/sender.h"

#include <utility>

#include "letterlock/common/v1/errors.pb.h"
#include "send/answering.h"
#include "send/outbox.h"
#include "send/send_context.h"
#include "send/send_steps.h"
#include "send/send_together.h"
#include "server/mail/send/envelope_check.h"
#include "server/rpc/status.h"

namespace letterlock::mail {

Sender::Sender(const Options& options, engine::Engine& engine, Mailboxes& mailboxes,
               const crypto::Clock& clock, rpc::WorkerPool& background)
    : context_(std::make_unique<Context>(options, engine, mailboxes, clock, background)) {}
Sender::~Sender() = default;

void Sender::Send(const MemberGrant& grant, const v1::Envelope& envelope,
                  std::vector<crypto::Digest> attachments, absl::Time deadline, Answer answer) {
  if (context_->in_flight.load(std::memory_order_relaxed) >= context_->options.most_in_flight) {
    return std::move(answer)(
        rpc::Exhausted(absl::Milliseconds(100), "too many messages are on their way"));
  }
  auto routing = CheckEnvelope(envelope, context_->options.deployment);
  if (!routing.ok()) return std::move(answer)(routing.status());
  if (routing->sender != grant.member()) {
    return std::move(answer)(
        rpc::FailField(absl::StatusCode::kPermissionDenied,
                       rpc::FieldPath("envelope").Then("header").Then("sender"),
                       common::v1::ERROR_REASON_NOT_SENDER, "is not the member of this session"));
  }
  auto mailbox = context_->mailboxes.Open(grant, deadline);
  if (!mailbox.ok()) return std::move(answer)(mailbox.status());
  SettleOutbox(*mailbox);
  Attachments* const copies = attachments.empty() ? nullptr : context_->options.attachments;
  if (!attachments.empty() && copies == nullptr) {
    return std::move(answer)(
        rpc::FailField(absl::StatusCode::kUnimplemented, rpc::FieldPath("attachments"),
                       common::v1::ERROR_REASON_NOT_SERVED, "are not served by this server"));
  }
  std::shared_ptr<SendOperation> operation;
  if (context_->engine.CommitsTogether()) {
    operation = std::make_shared<TogetherSend>(*context_, *std::move(mailbox), envelope, *routing,
                                               std::move(attachments), deadline, std::move(answer));
  } else {
    operation = StepwiseSend::New(*context_, *std::move(mailbox), envelope, *routing,
                                  std::move(attachments), deadline, std::move(answer));
  }
  if (copies == nullptr) return operation->Begin();
  // Copying takes its time: not on the threads that answer everybody else.
  const bool queued = copies->Submit(
      deadline, [operation](const absl::Status& admission) { operation->Begin(admission); });
  if (!queued) {
    operation->Begin(rpc::Exhausted(absl::Seconds(1), "too many messages with attachments"));
  }
}

absl::Status Sender::Respond(const MemberGrant& grant, const crypto::MemberId& requester,
                             Decision decision, absl::Time deadline) {
  auto mailbox = context_->mailboxes.Open(grant, deadline);
  if (!mailbox.ok()) return mailbox.status();
  SettleOutbox(*mailbox);
  return Answering::Respond(*context_, *mailbox, requester, decision, deadline);
}

void Sender::SettleOutbox(const Mailbox& mailbox) { Outbox::Settle(*context_, mailbox); }

}  // namespace letterlock::mail
