// Calls to an engine from a thread that waits for the answer. An embedded engine reads on the
// caller's thread anyway; for one that does not, the caller's pool is what bounds the reads in
// flight. Not on a thread of the engine.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "engine/engine.h"

namespace letterlock::mail {

// Where an engine puts its answer. Shared, since it may come after its caller has gone.
template <typename T>
class PendingAnswer {
 public:
  static std::shared_ptr<PendingAnswer> Make() { return std::make_shared<PendingAnswer>(); }

  // REQUIRES: called once.
  void Fill(absl::StatusOr<T> answer) {
    answer_.emplace(std::move(answer));
    filled_.Notify();
  }

  // The answer; nothing at `deadline`. REQUIRES: called once.
  std::optional<absl::StatusOr<T>> WaitUntil(absl::Time deadline) {
    if (!filled_.HasBeenNotified() && !filled_.WaitForNotificationWithDeadline(deadline)) {
      return std::nullopt;
    }
    return std::move(answer_);
  }

 private:
  absl::Notification filled_;
  std::optional<absl::StatusOr<T>> answer_;
};

// DEADLINE_EXCEEDED (server/rpc/status.h) at `deadline`; UNAVAILABLE, STORE_UNAVAILABLE where the
// engine can't read; DATA_LOSS.
absl::StatusOr<engine::Rows> ReadRows(engine::Engine& engine, const engine::MailboxTag& tag,
                                      absl::Span<const engine::RowKey> keys, absl::Time deadline);
absl::StatusOr<std::optional<std::string>> ReadRow(engine::Engine& engine,
                                                   const engine::MailboxTag& tag,
                                                   const engine::RowKey& key, absl::Time deadline);
absl::StatusOr<engine::Page> ScanRows(engine::Engine& engine, const engine::MailboxTag& tag,
                                      engine::Table table, const engine::Range& range,
                                      absl::Time deadline);

// The engine's answer as it is; UNAVAILABLE at `deadline`, for it is not known then.
absl::StatusOr<engine::Generation> ApplyAndWait(engine::Engine& engine,
                                                const engine::MailboxTag& tag,
                                                engine::Generation expected, engine::Batch batch,
                                                absl::Time deadline);

// What an engine's error of a write means to a client: ABORTED, BUSY; RESOURCE_EXHAUSTED,
// OVERLOADED; UNAVAILABLE, STORE_UNAVAILABLE; any other as it is.
absl::Status WriteError(const absl::Status& status);

}  // namespace letterlock::mail
