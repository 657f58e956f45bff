#include "server/mail/rules/allowance.h"

#include <algorithm>

namespace letterlock::mail {
namespace {

std::uint64_t Ms(absl::Duration duration) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(1, absl::ToInt64Milliseconds(duration)));
}

std::uint64_t Elapsed(std::uint64_t since_ms, std::uint64_t now_ms) {
  return now_ms > since_ms ? now_ms - since_ms : 0;
}

std::uint64_t LevelOf(const Bucket& bucket, std::uint32_t per_day, std::uint64_t now_ms) {
  // After a day it is empty; below that the product fits (32 bits by 27 bits).
  const std::uint64_t drained = per_day * std::min(Elapsed(bucket.as_of_ms, now_ms), kDayMs);
  const std::uint64_t level = std::min(bucket.level, per_day * kDayMs);
  return level > drained ? level - drained : 0;
}

// Credits that were given by now, and since when the next one is under way.
Account Accrued(const CreditRules& rules, const Account& account, std::uint64_t now_ms) {
  Account accrued = account;
  if (account.credits_since_ms == 0) {
    accrued.credits = std::min(rules.initial, rules.most);
    accrued.credits_since_ms = std::max<std::uint64_t>(1, now_ms);
    return accrued;
  }
  const std::uint64_t given = Elapsed(account.credits_since_ms, now_ms) / Ms(rules.every);
  if (account.credits >= rules.most || given >= rules.most - account.credits) {
    accrued.credits = rules.most;
    accrued.credits_since_ms = std::max(account.credits_since_ms, now_ms);
    return accrued;
  }
  accrued.credits += static_cast<std::uint32_t>(given);
  accrued.credits_since_ms += given * Ms(rules.every);
  return accrued;
}

std::uint32_t Unforgotten(const SlowDownRules& rules, const Account& account,
                          std::uint64_t now_ms) {
  const std::uint64_t forgotten = Elapsed(account.last_contact_ms, now_ms) / Ms(rules.forget);
  if (forgotten >= account.unanswered_contacts) return 0;
  return account.unanswered_contacts - static_cast<std::uint32_t>(forgotten);
}

}  // namespace

std::uint64_t UsedOf(const Bucket& bucket, std::uint32_t per_day, std::uint64_t now_ms) {
  return (LevelOf(bucket, per_day, now_ms) + kDayMs - 1) / kDayMs;
}

absl::Duration WaitFor(const Bucket& bucket, std::uint32_t per_day, std::uint64_t now_ms) {
  if (per_day == 0) return absl::Hours(24);
  const std::uint64_t filled = LevelOf(bucket, per_day, now_ms) + kDayMs;
  const std::uint64_t most = per_day * kDayMs;
  if (filled <= most) return absl::ZeroDuration();
  return absl::Milliseconds((filled - most + per_day - 1) / per_day);
}

void Take(std::uint32_t per_day, std::uint64_t now_ms, Bucket* bucket) {
  bucket->level = LevelOf(*bucket, per_day, now_ms) + kDayMs;
  bucket->as_of_ms = std::max(bucket->as_of_ms, now_ms);
}

CreditState CreditsOf(const CreditRules& rules, const Account& account, std::uint64_t now_ms) {
  const Account accrued = Accrued(rules, account, now_ms);
  if (accrued.credits >= rules.most) return {accrued.credits, 0};
  return {accrued.credits, accrued.credits_since_ms + Ms(rules.every)};
}

void SpendCredit(const CreditRules& rules, std::uint64_t now_ms, Account* account) {
  *account = Accrued(rules, *account, now_ms);
  account->credits -= 1;
}

void ReturnCredit(const CreditRules& rules, std::uint64_t now_ms, Account* account) {
  *account = Accrued(rules, *account, now_ms);
  if (account->credits < rules.most) account->credits += 1;
}

absl::Duration FirstContactWait(const SlowDownRules& rules, const Account& account,
                                std::uint64_t now_ms) {
  const std::uint32_t unanswered = Unforgotten(rules, account, now_ms);
  if (unanswered < rules.free || unanswered == 0) return absl::ZeroDuration();
  // 2^40 milliseconds are 34 years.
  const std::uint32_t doublings = std::min<std::uint32_t>(unanswered - rules.free, 40);
  const absl::Duration wait = std::min(rules.base * (std::int64_t{1} << doublings), rules.most);
  const absl::Duration waited = absl::Milliseconds(Elapsed(account.last_contact_ms, now_ms));
  return std::max(wait - waited, absl::ZeroDuration());
}

void CountFirstContact(const SlowDownRules& rules, std::uint64_t now_ms, Account* account) {
  account->unanswered_contacts = Unforgotten(rules, *account, now_ms) + 1;
  account->last_contact_ms = std::max(account->last_contact_ms, now_ms);
}

void CountAnswer(Account* account) {
  if (account->unanswered_contacts > 0) account->unanswered_contacts -= 1;
}

}  // namespace letterlock::mail
