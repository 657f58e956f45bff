// Reports to the abuse desk, as the member who makes one and the desk that judges it see them
// (docs/formats.md, "Report"; docs/client.md, "Report", "Desk"). Values; move-only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/message.h"
#include "crypto/base/ids.h"
#include "crypto/base/secret_buffer.h"

namespace letterlock::client {

inline constexpr std::size_t kMaxNoteCharacters = 2000;  // Unicode scalar values

enum class ReportReason { kSpam, kHarassment, kFraud, kThreat, kOther };

// --- the reporter's side -------------------------------------------------------------------------

struct ReportDraft {
  std::string id_prefix;  // of the message, as for Client::Read
  ReportReason reason = ReportReason::kOther;
  crypto::SecretBuffer note;  // UTF-8, at most kMaxNoteCharacters
};

// A report that is ready and was not sent: what the desk would learn by it.
struct ReportQuestion {
  Message message;
  crypto::Handle desk;  // by the mail server's word; her keys by the directory's proof, and pinned
  crypto::MemberId desk_member;
  bool desk_pinned_now = false;  // this account has not met her before
  bool desk_changed = false;     // her entry is a new one, signed by the pinned keys
  // The serialised ReportRequest, sealed to the desk already: what is sent is what was shown.
  std::string request;
};

// --- the desk's side -----------------------------------------------------------------------------

// A disclosed message whose every check held.
struct DisclosedReport {
  // Its folder, marks and times of acceptance are those of no mailbox, and say nothing.
  Message message;
  // The reporter's words.
  ReportReason reason = ReportReason::kOther;
  crypto::SecretBuffer note;
  // The sender's entry that the report proves, and under which head of the log.
  std::uint64_t entry_version = 0;
  std::uint64_t head_sequence = 0;
  std::uint64_t head_unix_ms = 0;
};

struct ReceivedReport {
  std::uint64_t sequence = 0;          // names it before this desk
  std::uint64_t accepted_unix_ms = 0;  // the mail server's clock
  // By the mail server's word, until `disclosed` is there.
  crypto::MemberId reporter;
  crypto::MemberId sender;
  crypto::MessageId message;
  std::optional<crypto::Handle> reporter_handle;  // where she is pinned
  // What is wrong with it otherwise: nothing of such a report is shown.
  absl::StatusOr<DisclosedReport> disclosed;
};

struct ReportPage {
  std::vector<ReceivedReport> reports;  // oldest first
  bool more = false;
  // False: none lie here, and the mail server names another desk, or none.
  bool is_desk = true;
};

// One thing that a report claims, and whether it holds.
struct CheckedClaim {
  const char* claim;
  absl::Status status;
  const char* remark = "";  // what is to be known of one that holds
};

struct ReportCheck {
  ReceivedReport report;
  // In the order in which they rest on each other, up to the first that fails.
  std::vector<CheckedClaim> claims;
};

}  // namespace letterlock::client
