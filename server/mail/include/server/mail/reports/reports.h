// Messages that recipients put before the abuse desk, sealed to its key (docs/formats.md,
// "Report"). The desk is a member like others: its reports lie in its own mailbox, and the server
// can't open them.
//
// Thread-safe. Methods block on disk; call them from a pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/base/clock.h"
#include "crypto/base/ids.h"
#include "server/mail/fault_points.h"
#include "server/mail/mailbox/grants.h"
#include "server/mail/mailbox/mailbox.h"
#include "server/mail/mailbox/mailboxes.h"
#include "server/mail/mailbox/rows.h"
#include "server/mail/rules/limits.h"

namespace letterlock::mail {

inline constexpr std::size_t kMaxDisclosure = 65'536;
inline constexpr std::size_t kLeastDisclosure = 32 + 16;  // HPKE's key and tag
inline constexpr std::size_t kMaxReportPage = 15;

class Reports {
 public:
  struct Options {
    ReportRules rules;
    std::optional<crypto::MemberId> desk{};
    FaultPoints* points = nullptr;  // not owned; outlives this; nullptr: none
  };

  // Neither is owned; both outlive this.
  Reports(Options options, Mailboxes& mailboxes, const crypto::Clock& clock)
      : options_(std::move(options)), mailboxes_(mailboxes), clock_(clock) {}

  // Puts a message that the grant's member received before the desk, once. UNIMPLEMENTED,
  // NOT_SERVED: there is no desk. NOT_FOUND: her mailbox received no such message. ALREADY_EXISTS:
  // ALREADY_REPORTED. FAILED_PRECONDITION: RECIPIENT_KEY, not the desk's current key.
  // RESOURCE_EXHAUSTED: RATE; MAILBOX_FULL, the desk's. Nothing was written. UNAVAILABLE,
  // DEADLINE_EXCEEDED, ABORTED: unknown; reporting again goes on. REQUIRES: `disclosure` of
  // kLeastDisclosure to kMaxDisclosure bytes.
  absl::Status Report(const MemberGrant& grant, const MessageName& message,
                      const std::string& disclosure, const crypto::KeyId& desk_key,
                      absl::Time deadline);

  struct Page {
    std::vector<std::pair<std::uint64_t, StoredReport>> reports;  // by sequence, oldest first
    bool more = false;
  };
  // Of the reports that lie before the grant's member. REQUIRES: 1 to kMaxReportPage.
  absl::StatusOr<Page> List(const MemberGrant& grant, std::uint64_t after, std::size_t page_size,
                            absl::Time deadline);
  // Idempotent.
  absl::Status Delete(const MemberGrant& grant, std::uint64_t sequence, absl::Time deadline);

 private:
  using LanePtr = std::shared_ptr<Lane>;

  absl::StatusOr<LanePtr> OpenDesk(const crypto::KeyId& desk_key, std::size_t size,
                                   absl::Time deadline);
  // Marks the message as being reported, or as reported. FAILED as Report. The delivery's mark as
  // it was before.
  absl::StatusOr<ReportMark> Mark(const LanePtr& own, const MessageName& message,
                                  const std::string& row_key, ReportMark mark, absl::Time deadline);
  absl::Status PutBefore(const LanePtr& desk, const StoredReport& report, absl::Time deadline);
  std::uint64_t NowMs() const;
  void Reached(std::string_view where) const {
    if (options_.points != nullptr) options_.points->Reached(where);
  }

  const Options options_;
  Mailboxes& mailboxes_;
  const crypto::Clock& clock_;
};

}  // namespace letterlock::mail
