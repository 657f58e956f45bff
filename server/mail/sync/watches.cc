#include "server/mail/sync/watches.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "crypto/vault/sync_token.h"
#include "letterlock/common/v1/errors.pb.h"
#include "mailbox/lane.h"
#include "server/rpc/status.h"

namespace letterlock::mail {
namespace {

// What a look at the mailbox before a notice may take.
constexpr absl::Duration kPatience = absl::Seconds(10);
constexpr absl::Duration kRetryAfter = absl::Seconds(5);

// One device that watches. At most one notice is on its way; what happens meanwhile is one flag.
class Watcher final : public LaneWatcher, public std::enable_shared_from_this<Watcher> {
 public:
  Watcher(Watches::Stream stream, Mailboxes& mailboxes, const MemberGrant& grant)
      : stream_(std::move(stream)), mailboxes_(mailboxes), grant_(grant) {}

  void Notice() override {
    {
      absl::MutexLock lock(&mu_);
      if (busy_) {
        pending_ = true;
        return;
      }
      busy_ = true;
    }
    stream_.Run([self = shared_from_this()] { self->Tell(); });
  }

 private:
  // On the pool.
  void Tell() {
    // Also what changes the owner's devices is a write: a revoked one learns nothing more.
    auto mailbox = mailboxes_.Open(grant_, absl::Now() + kPatience);
    if (!mailbox.ok()) return stream_.End(mailbox.status());
    stream_.Write(v1::WatchResponse(), [self = shared_from_this()] { self->Told(); });
  }
  void Told() {
    {
      absl::MutexLock lock(&mu_);
      busy_ = std::exchange(pending_, false);
      if (!busy_) return;
    }
    Tell();
  }

  const Watches::Stream stream_;
  Mailboxes& mailboxes_;
  const MemberGrant grant_;
  absl::Mutex mu_;
  bool busy_ ABSL_GUARDED_BY(mu_) = false;
  bool pending_ ABSL_GUARDED_BY(mu_) = false;
};

absl::Status TooMany() {
  return rpc::FailUntil(absl::StatusCode::kResourceExhausted, common::v1::ERROR_REASON_TOO_MANY,
                        kRetryAfter, "as many devices as may be watch this mailbox");
}

absl::Status Resync() {
  return rpc::FailField(absl::StatusCode::kFailedPrecondition, rpc::FieldPath("token"),
                        common::v1::ERROR_REASON_RESYNC, "is of a state that never was");
}

absl::StatusOr<vault::SyncPosition> ReadToken(const vault::MailboxKeys& keys,
                                              const std::string& token) {
  if (token.empty()) {
    return rpc::InvalidField("token", common::v1::ERROR_REASON_FIELD_MISSING, "must be set");
  }
  auto position = vault::DecodeSyncToken(keys, token);
  if (position.ok()) return position;
  return rpc::InvalidField("token", common::v1::ERROR_REASON_PAGE_TOKEN, "is not of this mailbox");
}

// Whether there is something to tell already. What is queued but not on disk may count: a notice
// too many does no harm.
absl::StatusOr<bool> HasMovedOn(Lane& lane, const std::string& token, absl::Time deadline) {
  while (true) {
    if (absl::Status loaded = lane.Load(deadline); !loaded.ok()) return loaded;
    absl::MutexLock lock(&lane.mu);
    const Lane::View* view = lane.view();
    if (view == nullptr) continue;  // a write failed just now
    auto position = ReadToken(*view->keys, token);
    if (!position.ok()) return position.status();
    const std::uint64_t now = view->counters.next_sequence - 1;
    if (position->change > now) return Resync();
    return position->walking || position->change < now;
  }
}

}  // namespace

// Four to six fifths.
absl::Duration Watches::RandomLife() {
  std::array<std::uint8_t, 4> bytes;
  random_.Fill(bytes);
  std::uint32_t number = 0;
  for (const std::uint8_t byte : bytes) number = number << 8 | byte;
  return options_.life * (0.8 + 0.4 * (number / 4294967296.0));
}

void Watches::Watch(const MemberGrant& grant, rpc::CallContext& call,
                    const v1::WatchRequest& request, const Stream& stream) {
  auto mailbox = mailboxes_.Open(grant, call.deadline());
  if (!mailbox.ok()) return stream.End(mailbox.status());
  const std::shared_ptr<Lane> lane = mailbox->lane_;
  const auto watcher = std::make_shared<Watcher>(stream, mailboxes_, grant);
  bool taken = false;
  {
    absl::MutexLock lock(&lane->mu);
    taken = lane->watchers.size() < options_.most_per_member;
    if (taken) lane->watchers.push_back(watcher);
  }
  if (!taken) return stream.End(TooMany());
  stream.OnOver([lane, watcher] {
    absl::MutexLock lock(&lane->mu);
    std::erase(lane->watchers, watcher);
  });
  // In this order: what happens after the look is noticed.
  auto moved_on = HasMovedOn(*lane, request.token(), call.deadline());
  if (!moved_on.ok()) return stream.End(moved_on.status());
  if (*moved_on) watcher->Notice();

  const absl::Time now = absl::Now();
  stream.EndAt(now + RandomLife(), absl::OkStatus());
  stream.EndAt(now + (grant.expires() - clock_.Now()),
               rpc::Fail(absl::StatusCode::kUnauthenticated, common::v1::ERROR_REASON_TOKEN_EXPIRED,
                         "the session has run out"));
}

}  // namespace letterlock::mail
