// One message on its way from the sender's mailbox to the recipient's: looks whether it was sent
// before, writes, writes again after an abort, answers once (docs/mail-server.md, "Send"). Private
// to the send part.
//
// While it runs it holds the message's place in the sender's lane (Lane::sending), so nobody else
// writes this message's rows; a second call with the same id waits here for the first one's
// outcome.
//
// Lives in its own callbacks. Thread-safe: one thread at a time works on it (pool, then engine,
// then pool); only waiters and the PENDING alarm come from elsewhere, and `mu_` is theirs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "crypto/base/hash.h"
#include "engine/row.h"
#include "mailbox/lane.h"
#include "send/send_context.h"
#include "server/mail/mailbox/dropbox.h"
#include "server/mail/mailbox/mailbox.h"
#include "server/mail/mailbox/rows.h"
#include "server/mail/send/envelope_check.h"
#include "server/mail/send/sender.h"

namespace letterlock::mail {

class SendOperation : public std::enable_shared_from_this<SendOperation> {
 public:
  // `envelope` lives until the answer; an operation that goes on behind it copies first.
  static void Start(Sender::Context& context, Mailbox sender, const v1::Envelope& envelope,
                    const Routing& routing, absl::Time deadline, Sender::Answer answer);

  ~SendOperation();

 private:
  SendOperation(Sender::Context& context, Mailbox sender, const v1::Envelope& envelope,
                const Routing& routing, absl::Time deadline, Sender::Answer answer);

  using Outcome = absl::StatusOr<SendResult>;

  // What a mailbox knows of this message, as of an incarnation of its lane.
  struct Looked {
    std::uint64_t incarnation = 0;
    std::optional<Delivery> known;
  };
  enum class Step { kAgain, kOver };

  // --- send_operation.cc
  // False where another operation has this message: then that one answers.
  absl::StatusOr<bool> Reserve();
  void Release();
  void Join(std::shared_ptr<SendOperation> waiter);
  Outcome OutcomeFor(const SendOperation& waiter, const Outcome& outcome) const;
  // Answers the caller and those who wait, once.
  void TellAll(const Outcome& outcome);
  // Releases, then tells all.
  void Conclude(const Outcome& outcome);

  // Works on a pool's thread until a write is queued or it is concluded.
  void Run();
  Step Try();
  absl::StatusOr<Looked> Look(Lane& lane) const;
  // On a thread of the engine: tries again on the background pool, or concludes.
  void AfterFailure(const absl::Status& status);

  absl::Status CheckKeys(const Profile& sender, const Profile& recipient) const;
  absl::Status CheckRoom(const Counters& sender, const Counters& recipient) const;
  bool HasRoom(const Counters& counters) const;
  // The rows of one mailbox for this message, which its view counts from here on.
  engine::Batch MessageRows(Lane::View& view, v1::Folder folder, v1::DeliveryState state,
                            std::string_view wrap) const;

  // --- send_together.cc
  absl::StatusOr<Step> CommitTogether(const Looked& sender, const Looked& recipient);

  Sender::Context& context_;
  const Mailbox sender_;
  std::optional<Dropbox> recipient_;
  const Routing routing_;
  const absl::Time deadline_;

  const v1::Envelope& envelope_;
  const crypto::Digest digest_;

  std::string sender_row_key_;
  bool reserved_ = false;
  int attempts_ = 0;
  std::uint64_t accepted_unix_ms_ = 0;

  absl::Mutex mu_;
  std::optional<Sender::Answer> answer_ ABSL_GUARDED_BY(mu_);
  std::optional<Outcome> outcome_ ABSL_GUARDED_BY(mu_);
  std::vector<std::shared_ptr<SendOperation>> waiters_ ABSL_GUARDED_BY(mu_);
};

}  // namespace letterlock::mail
