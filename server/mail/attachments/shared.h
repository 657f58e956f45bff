// What all calls on attachments share. Private to the attachments part.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "server/mail/attachments/attachments.h"
#include "server/rpc/worker_pool.h"

namespace letterlock::mail {

class Attachments::Shared {
 public:
  Shared(const Options& options_in, Mailboxes& mailboxes_in, const crypto::Clock& clock_in)
      : options(options_in),
        mailboxes(mailboxes_in),
        clock(clock_in),
        pool({.threads = options_in.threads, .queue = options_in.queue, .name = "attachments"}) {}

  std::uint64_t NowMs() const {
    return static_cast<std::uint64_t>(absl::ToUnixMillis(clock.Now()));
  }
  std::uint64_t ExpiryIn(absl::Duration time) const {
    return NowMs() + static_cast<std::uint64_t>(absl::ToInt64Milliseconds(time));
  }
  // RESOURCE_EXHAUSTED, MAILBOX_FULL unless so many more bytes fit.
  absl::Status CheckRoom(std::uint64_t used, std::uint64_t more) const;

  const Options options;
  Mailboxes& mailboxes;
  const crypto::Clock& clock;
  std::atomic<std::size_t> uploads{0};
  std::atomic<std::uint64_t> next_call{1};
  rpc::WorkerPool pool;  // last: its threads use the others
};

absl::Status AttachmentNotFound();
absl::Status WrongOffset();

}  // namespace letterlock::mail
