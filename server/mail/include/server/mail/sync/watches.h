// Watch: notices that a mailbox moved on, without content (docs/mail-server.md, "Changes and
// devices").
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <memory>

#include "absl/time/time.h"
#include "crypto/base/clock.h"
#include "crypto/base/random.h"
#include "letterlock/mail/v1/mail_service.pb.h"
#include "server/mail/mailbox/mailboxes.h"
#include "server/rpc/call_context.h"
#include "server/rpc/stream.h"

namespace letterlock::mail {

class Watches {
 public:
  struct Options {
    std::size_t most_per_member = 8;
    // A watch ends after this, give or take a fifth: so that clients do not come back all at once.
    absl::Duration life = absl::Minutes(30);
  };
  using Stream = rpc::Stream<v1::WatchResponse>;

  // None is owned; all outlive this. `clock` is that of the sessions.
  Watches(const Options& options, Mailboxes& mailboxes, const crypto::Clock& clock,
          crypto::RandomSource& random)
      : options_(options), mailboxes_(mailboxes), clock_(clock), random_(random) {}

  // Writes a notice to `stream` when the mailbox has moved on from the token, once more for
  // whatever happens while one is on its way, and so on. Ends it: OK when its time has come;
  // UNAUTHENTICATED with the session (TOKEN_EXPIRED) and with the device (UNKNOWN_DEVICE);
  // INVALID_ARGUMENT, PAGE_TOKEN, FIELD_MISSING; FAILED_PRECONDITION, RESYNC;
  // RESOURCE_EXHAUSTED, TOO_MANY, with RetryInfo: as many watch already. Blocks on disk.
  void Watch(const MemberGrant& grant, rpc::CallContext& call, const v1::WatchRequest& request,
             const Stream& stream);

 private:
  absl::Duration RandomLife();

  const Options options_;
  Mailboxes& mailboxes_;
  const crypto::Clock& clock_;
  crypto::RandomSource& random_;
};

}  // namespace letterlock::mail
