// What a member has left: credits, sends and reports of the day, and how long the next first
// contact waits. All of it accrues with time and is computed when it is asked for: nothing ticks.
//
// Pure functions over plain values; times are milliseconds since the Unix epoch. A clock that goes
// back takes nothing away and gives nothing. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "server/mail/rules/limits.h"

namespace letterlock::mail {

inline constexpr std::uint64_t kDayMs = 86'400'000;

// A bucket that runs empty in a day. The unit of `level` is such that one message or report fills
// kDayMs of it and `per_day` of it run out in a millisecond: whole numbers, whatever the limit.
struct Bucket {
  std::uint64_t level = 0;
  std::uint64_t as_of_ms = 0;

  friend bool operator==(const Bucket&, const Bucket&) = default;
};

// What is used of a day's allowance, rounded up.
std::uint64_t UsedOf(const Bucket& bucket, std::uint32_t per_day, std::uint64_t now_ms);
// How long until one more fits; zero: now.
absl::Duration WaitFor(const Bucket& bucket, std::uint32_t per_day, std::uint64_t now_ms);
// REQUIRES: WaitFor is zero.
void Take(std::uint32_t per_day, std::uint64_t now_ms, Bucket* bucket);

// A member's own account, kept in her counters row.
struct Account {
  std::uint32_t credits = 0;
  std::uint64_t credits_since_ms = 0;     // 0: none was ever spent, the initial ones are there
  std::uint32_t unanswered_contacts = 0;  // first contacts of hers that nobody answered
  std::uint64_t last_contact_ms = 0;
  Bucket sends;
  Bucket reports;
  std::uint32_t blocks = 0;
  // Of the reports that lie before her, where she is the desk.
  std::uint64_t report_count = 0;
  std::uint64_t report_bytes = 0;

  friend bool operator==(const Account&, const Account&) = default;
};

struct CreditState {
  std::uint32_t available = 0;
  std::uint64_t next_ms = 0;  // when the next one is given; 0 where `most` are there
};
CreditState CreditsOf(const CreditRules& rules, const Account& account, std::uint64_t now_ms);
// REQUIRES: one is available.
void SpendCredit(const CreditRules& rules, std::uint64_t now_ms, Account* account);
// Not beyond `most`.
void ReturnCredit(const CreditRules& rules, std::uint64_t now_ms, Account* account);

// How long the next first contact has to wait; zero: not at all.
absl::Duration FirstContactWait(const SlowDownRules& rules, const Account& account,
                                std::uint64_t now_ms);
// Counts a first contact, and forgets those that are long ago.
void CountFirstContact(const SlowDownRules& rules, std::uint64_t now_ms, Account* account);
// One of them was answered.
void CountAnswer(Account* account);

}  // namespace letterlock::mail
