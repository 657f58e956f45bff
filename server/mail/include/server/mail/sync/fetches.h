// Fetch: a member's own mailbox, oldest first, as fast as its reader reads.
//
// Thread-safe.
#pragma once

#include <cstddef>

#include "letterlock/mail/v1/mail_service.pb.h"
#include "server/mail/mailbox/mailboxes.h"
#include "server/rpc/call_context.h"
#include "server/rpc/stream.h"

namespace letterlock::mail {

inline constexpr std::size_t kFetchBytes = 64 * 1024;  // of a stream message, more or less

class Fetches {
 public:
  struct Options {
    std::size_t most_per_member = 4;
  };
  using Stream = rpc::Stream<v1::FetchResponse>;

  // `mailboxes` is not owned and outlives this.
  Fetches(const Options& options, Mailboxes& mailboxes)
      : options_(options), mailboxes_(mailboxes) {}

  // Writes all messages of the folder behind a position to `stream`, in their present state, and
  // ends it with OK. Reads the next ones when the last ones were taken. Other ends: FIELD_RANGE;
  // UNAUTHENTICATED when the device is not the member's any more; RESOURCE_EXHAUSTED, TOO_MANY,
  // with RetryInfo; what reading the mailbox gives. Blocks on disk.
  void Fetch(const MemberGrant& grant, rpc::CallContext& call, const v1::FetchRequest& request,
             const Stream& stream);

 private:
  const Options options_;
  Mailboxes& mailboxes_;
};

}  // namespace letterlock::mail
