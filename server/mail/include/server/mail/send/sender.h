// Sends messages: rules, then one message into two mailboxes, at most once and all or nothing in
// each (docs/mail-server.md, "Send").
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/base/clock.h"
#include "crypto/base/ids.h"
#include "engine/engine.h"
#include "letterlock/mail/v1/envelope.pb.h"
#include "letterlock/mail/v1/mailbox.pb.h"
#include "server/mail/attachments/attachments.h"
#include "server/mail/fault_points.h"
#include "server/mail/mailbox/grants.h"
#include "server/mail/mailbox/mailbox.h"
#include "server/mail/mailbox/mailboxes.h"
#include "server/mail/rules/contact.h"
#include "server/mail/rules/limits.h"
#include "server/mail/send/send_observer.h"
#include "server/rpc/worker_pool.h"

namespace letterlock::mail {

struct SendResult {
  v1::DeliveryState state = v1::DELIVERY_STATE_UNSPECIFIED;
  std::uint64_t accepted_unix_ms = 0;
};

class Sender {
 public:
  struct Options {
    crypto::DeploymentId deployment;
    Quota quota;
    Limits limits;
    // Not owned; outlives this. nullptr: messages with attachments are not served.
    Attachments* attachments = nullptr;
    // Messages on their way to the disk at a time; REQUIRES: well below what the engine queues.
    std::size_t most_in_flight = 2048;
    FaultPoints* points = nullptr;     // not owned; outlives this; nullptr: none
    SendObserver* observer = nullptr;  // likewise
  };

  // None is owned; all outlive this. `background` runs what goes on after an answer or a failed
  // write; it is drained before this is destroyed.
  Sender(const Options& options, engine::Engine& engine, Mailboxes& mailboxes,
         const crypto::Clock& clock, rpc::WorkerPool& background);
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  using Answer = absl::AnyInvocable<void(absl::StatusOr<SendResult>) &&>;

  // Sends one message of the grant's member. `answer` runs once, on any thread, and must not block;
  // `envelope` lives until then. Blocks on disk for reading only: the write goes on behind.
  //  - OK, DELIVERED: durable in both mailboxes; PENDING: in the sender's alone so far; REFUSED.
  //  - INVALID_ARGUMENT: as CheckEnvelope. PERMISSION_DENIED: NOT_SENDER. ALREADY_EXISTS:
  //  ID_REUSED.
  //    FAILED_PRECONDITION: SENDER_KEY, RECIPIENT_KEY, ATTACHMENT_MISSING. NOT_FOUND:
  //    UNKNOWN_RECIPIENT. RESOURCE_EXHAUSTED: MAILBOX_FULL, OVERLOADED. ABORTED: BUSY. And what the
  //    rules say (rules/contact.h). Nothing was written.
  //  - UNAVAILABLE, DEADLINE_EXCEEDED: unknown; sending the same envelope again finds out.
  // `attachments` are the hashes of complete uploads of the sender's mailbox, each once; they are
  // copied into the recipient's before the message is written there.
  void Send(const MemberGrant& grant, const v1::Envelope& envelope,
            std::vector<crypto::Digest> attachments, absl::Time deadline, Answer answer);
  void Send(const MemberGrant& grant, const v1::Envelope& envelope, absl::Time deadline,
            Answer answer) {
    Send(grant, envelope, {}, deadline, std::move(answer));
  }

  // Answers a first contact without a message; idempotent. OK: durable in the member's own mailbox,
  // and in the other's or on its way there. FAILED_PRECONDITION: NOT_A_REQUEST. Other errors: those
  // of opening a mailbox and of writing. Blocks on disk.
  absl::Status Respond(const MemberGrant& grant, const crypto::MemberId& requester,
                       Decision decision, absl::Time deadline);

  // Goes on with what an earlier process left in this mailbox's outbox, in the background and once.
  void SettleOutbox(const Mailbox& mailbox);

  class Context;

 private:
  const std::unique_ptr<Context> context_;
};

}  // namespace letterlock::mail
