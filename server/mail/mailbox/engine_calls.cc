#include "server/mail/mailbox/engine_calls.h"

#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

absl::Status StoreUnavailable() {
  return rpc::FailUntil(absl::StatusCode::kUnavailable, common::v1::ERROR_REASON_STORE_UNAVAILABLE,
                        absl::Seconds(1), "the store does not answer");
}

template <typename T>
absl::StatusOr<T> Read(PendingAnswer<T>& pending, absl::Time deadline) {
  auto answer = pending.WaitUntil(deadline);
  if (!answer) {
    return rpc::Fail(absl::StatusCode::kDeadlineExceeded, common::v1::ERROR_REASON_DEADLINE,
                     "the deadline passed");
  }
  if (absl::IsUnavailable(answer->status())) return StoreUnavailable();
  return *std::move(answer);
}

template <typename T>
engine::Done<T> Filler(std::shared_ptr<PendingAnswer<T>> pending) {
  return [pending = std::move(pending)](absl::StatusOr<T> answer) {
    pending->Fill(std::move(answer));
  };
}

}  // namespace

absl::StatusOr<engine::Rows> ReadRows(engine::Engine& engine, const engine::MailboxTag& tag,
                                      absl::Span<const engine::RowKey> keys, absl::Time deadline) {
  auto pending = PendingAnswer<engine::Rows>::Make();
  engine.Read(tag, keys, Filler(pending));
  return Read(*pending, deadline);
}

absl::StatusOr<std::optional<std::string>> ReadRow(engine::Engine& engine,
                                                   const engine::MailboxTag& tag,
                                                   const engine::RowKey& key, absl::Time deadline) {
  auto pending = PendingAnswer<std::optional<std::string>>::Make();
  engine.ReadRow(tag, key, Filler(pending));
  return Read(*pending, deadline);
}

absl::StatusOr<engine::Page> ScanRows(engine::Engine& engine, const engine::MailboxTag& tag,
                                      engine::Table table, const engine::Range& range,
                                      absl::Time deadline) {
  auto pending = PendingAnswer<engine::Page>::Make();
  engine.Scan(tag, table, range, Filler(pending));
  return Read(*pending, deadline);
}

absl::StatusOr<engine::Generation> ApplyAndWait(engine::Engine& engine,
                                                const engine::MailboxTag& tag,
                                                engine::Generation expected, engine::Batch batch,
                                                absl::Time deadline) {
  auto pending = PendingAnswer<engine::Generation>::Make();
  engine.Apply(tag, expected, std::move(batch), Filler(pending));
  auto answer = pending->WaitUntil(deadline);
  if (!answer) return absl::UnavailableError("the store has not answered yet");
  return *std::move(answer);
}

absl::Status WriteError(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kAborted:
      return rpc::FailUntil(absl::StatusCode::kAborted, common::v1::ERROR_REASON_BUSY,
                            absl::Milliseconds(100), "others are changing this mailbox");
    case absl::StatusCode::kResourceExhausted:
      return rpc::Exhausted(absl::Milliseconds(200), "the store takes no more writes now");
    case absl::StatusCode::kUnavailable:
      return StoreUnavailable();
    default:
      return status;
  }
}

}  // namespace letterlock::mail
