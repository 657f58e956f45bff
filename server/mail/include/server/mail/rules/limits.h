// What a deployment allows its members (docs/mail-server.md, "Rules"). Plain values, from maild's
// configuration.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace letterlock::mail {

// What one mailbox may hold.
struct Quota {
  std::uint64_t messages = 1'000'000;
  std::uint64_t bytes = std::uint64_t{4} << 30;  // of ciphertext
};

enum class Correspondence {
  kByRequest,  // a first contact costs a credit and waits among the recipient's requests
  kOpen,       // everybody may write to everybody: no credits, no requests
};

// Messages that may wait for a first answer, at the most that can be configured: moving them is one
// batch.
inline constexpr std::uint32_t kMostUnanswered = 16;
inline constexpr std::size_t kMaxBlocks = 1000;

struct CreditRules {
  std::uint32_t initial = 20;
  std::uint32_t most = 60;
  absl::Duration every = absl::Hours(12);  // until one more is given
  // An answer this long after the first contact still brings its credit back.
  absl::Duration refund_within = absl::Hours(24 * 90);
};

// With `n` first contacts unanswered, the next one waits base * 2^(n - free) after the last one,
// but not longer than `most`; with less than `free`, not at all.
struct SlowDownRules {
  std::uint32_t free = 10;
  absl::Duration base = absl::Minutes(1);
  absl::Duration most = absl::Hours(24);
  absl::Duration forget = absl::Hours(24 * 7);  // without a first contact: one counts no more
};

// What the desk's mailbox may hold of reports.
struct ReportRules {
  std::uint32_t per_day = 50;  // of one member
  std::uint64_t most = 100'000;
  std::uint64_t most_bytes = std::uint64_t{1} << 30;
};

struct Limits {
  Correspondence correspondence = Correspondence::kByRequest;
  // What one sender may fill of a mailbox, in parts of a thousand; at least one largest message.
  std::uint32_t sender_share_per_mille = 100;
  std::uint32_t sends_per_day = 2'000;
  std::uint32_t max_unanswered = 3;  // 1 to kMostUnanswered
  CreditRules credits;
  SlowDownRules slow_down;
  ReportRules reports;
};

}  // namespace letterlock::mail
