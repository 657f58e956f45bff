// What a member decides about others in her own mailbox, and what she may do (docs/mail-server.md,
// "Rules"). Answers to first contacts cross two mailboxes: Sender::Respond.
//
// Thread-safe. Methods block on disk; call them from a pool.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/base/clock.h"
#include "crypto/base/ids.h"
#include "server/mail/mailbox/grants.h"
#include "server/mail/mailbox/mailboxes.h"
#include "server/mail/mailbox/rows.h"
#include "server/mail/rules/allowance.h"
#include "server/mail/rules/limits.h"

namespace letterlock::mail {

class Contacts {
 public:
  struct Options {
    Quota quota;
    Limits limits;
    std::string report_desk{};  // handle; empty: there is none
    // Kept elsewhere; told with the others.
    std::uint32_t max_watches = 8;
    absl::Duration change_retention = absl::Hours(30 * 24);
  };

  // Neither is owned; both outlive this.
  Contacts(Options options, Mailboxes& mailboxes, const crypto::Clock& clock)
      : options_(std::move(options)), mailboxes_(mailboxes), clock_(clock) {}

  // From here on the grant's member takes nothing of this one. Idempotent. FAILED_PRECONDITION:
  // TOO_MANY (kMaxBlocks). Other errors: those of opening a mailbox and of writing
  // (engine_calls.h).
  absl::Status Block(const MemberGrant& grant, const crypto::MemberId& member, absl::Time deadline);
  absl::Status Unblock(const MemberGrant& grant, const crypto::MemberId& member,
                       absl::Time deadline);
  // In no particular order.
  absl::StatusOr<std::vector<BlockedMember>> ListBlocks(const MemberGrant& grant,
                                                        absl::Time deadline);

  // What is allowed, and what of it is used now.
  struct Usage {
    Quota quota;
    Limits limits;
    std::string report_desk;
    std::uint32_t max_watches = 0;
    absl::Duration change_retention;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t sends = 0;
    std::uint64_t reports = 0;
    CreditState credits;
    absl::Duration first_contact_wait;
  };
  absl::StatusOr<Usage> GetUsage(const MemberGrant& grant, absl::Time deadline);

 private:
  std::uint64_t NowMs() const;

  const Options options_;
  Mailboxes& mailboxes_;
  const crypto::Clock& clock_;
};

}  // namespace letterlock::mail
