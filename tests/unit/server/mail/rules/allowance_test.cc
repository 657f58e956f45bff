// Credits, rates and the slow-down are functions of the time alone.
#include "server/mail/rules/allowance.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace letterlock::mail {
namespace {

constexpr std::uint64_t kStart = 1'800'000'000'000;
constexpr std::uint64_t kHourMs = 3'600'000;

std::uint64_t Ms(absl::Duration duration) {
  return static_cast<std::uint64_t>(absl::ToInt64Milliseconds(duration));
}

TEST(Credits, StartWithTheInitialOnesAndAccrueOneByOneUpToTheMost) {
  const CreditRules rules{.initial = 2, .most = 3, .every = absl::Hours(1)};
  Account account;
  EXPECT_EQ(CreditsOf(rules, account, kStart).available, 2u);
  SpendCredit(rules, kStart, &account);
  SpendCredit(rules, kStart, &account);
  EXPECT_EQ(CreditsOf(rules, account, kStart).available, 0u);
  EXPECT_EQ(CreditsOf(rules, account, kStart).next_ms, kStart + kHourMs);
  EXPECT_EQ(CreditsOf(rules, account, kStart + kHourMs - 1).available, 0u);
  EXPECT_EQ(CreditsOf(rules, account, kStart + kHourMs).available, 1u);
  EXPECT_EQ(CreditsOf(rules, account, kStart + 3 * kHourMs).available, 3u);
  EXPECT_EQ(CreditsOf(rules, account, kStart + 3 * kHourMs).next_ms, 0u);
  EXPECT_EQ(CreditsOf(rules, account, kStart + 300 * kHourMs).available, 3u);
}

TEST(Credits, WaitingAtTheMostDoesNotSaveUpForLater) {
  const CreditRules rules{.initial = 1, .most = 1, .every = absl::Hours(1)};
  Account account;
  SpendCredit(rules, kStart, &account);
  SpendCredit(rules, kStart + 100 * kHourMs, &account);
  EXPECT_EQ(CreditsOf(rules, account, kStart + 100 * kHourMs).available, 0u);
  EXPECT_EQ(CreditsOf(rules, account, kStart + 101 * kHourMs - 1).available, 0u);
}

TEST(Credits, ThatComeBackNeverGoBeyondTheMost) {
  const CreditRules rules{.initial = 3, .most = 3};
  Account account;
  ReturnCredit(rules, kStart, &account);
  EXPECT_EQ(CreditsOf(rules, account, kStart).available, 3u);
}

TEST(Credits, AClockThatGoesBackGivesNothing) {
  const CreditRules rules{.initial = 1, .most = 5, .every = absl::Hours(1)};
  Account account;
  SpendCredit(rules, kStart, &account);
  EXPECT_EQ(CreditsOf(rules, account, kStart - 1000 * kHourMs).available, 0u);
  ReturnCredit(rules, kStart - 1000 * kHourMs, &account);
  EXPECT_EQ(CreditsOf(rules, account, kStart).available, 1u);
}

TEST(SlowDown, DoublesFromTheFirstOneThatIsNotFreeAndIsCapped) {
  const SlowDownRules rules{
      .free = 2, .base = absl::Minutes(1), .most = absl::Minutes(5), .forget = absl::Hours(1000)};
  Account account;
  for (const int minutes : {0, 0, 1, 2, 4, 5, 5}) {
    EXPECT_EQ(FirstContactWait(rules, account, kStart), absl::Minutes(minutes));
    CountFirstContact(rules, kStart, &account);
  }
  CountAnswer(&account);
  EXPECT_EQ(FirstContactWait(rules, account, kStart + Ms(absl::Minutes(5))), absl::ZeroDuration());
}

TEST(SlowDown, ForgetsWhatIsLongAgo) {
  const SlowDownRules rules{.free = 0,
                            .base = absl::Hours(24),
                            .most = absl::Hours(24 * 30),
                            .forget = absl::Hours(24 * 7)};
  Account account;
  CountFirstContact(rules, kStart, &account);
  EXPECT_GT(FirstContactWait(rules, account, kStart), absl::ZeroDuration());
  CountFirstContact(rules, kStart + 7 * kDayMs, &account);
  EXPECT_EQ(account.unanswered_contacts, 1u);
}

RC_GTEST_PROP(Rate, ADayNeverTakesMoreThanItsLimitTwice, ()) {
  // A bucket that starts empty and runs out in a day: at most `limit` at once, at most twice the
  // limit in any day, and just `limit` a day in the long run.
  const auto limit = *rc::gen::inRange<std::uint32_t>(1, 50);
  Bucket bucket;
  std::uint64_t now = kStart;
  std::vector<std::uint64_t> taken;
  for (const std::uint32_t step : *rc::gen::container<std::vector<std::uint32_t>>(
           rc::gen::inRange<std::uint32_t>(0, 4 * kHourMs))) {
    now += step;
    for (std::uint32_t i = 0; i < limit + 1; ++i) {
      if (WaitFor(bucket, limit, now) > absl::ZeroDuration()) break;
      Take(limit, now, &bucket);
      taken.push_back(now);
    }
    RC_ASSERT(UsedOf(bucket, limit, now) <= limit);
  }
  for (std::size_t first = 0; first + 2 * limit < taken.size(); ++first) {
    RC_ASSERT(taken[first + 2 * limit] - taken[first] >= kDayMs);
  }
}

RC_GTEST_PROP(Rate, TheWaitThatIsNamedIsEnoughAndNotTooLong, ()) {
  const auto limit = *rc::gen::inRange<std::uint32_t>(1, 1'000'000);
  Bucket bucket;
  bucket.level = *rc::gen::inRange<std::uint64_t>(0, limit * kDayMs + 1);
  bucket.as_of_ms = kStart;
  const std::uint64_t now = kStart + *rc::gen::inRange<std::uint64_t>(0, kDayMs);
  const std::uint64_t wait = Ms(WaitFor(bucket, limit, now));
  RC_ASSERT(WaitFor(bucket, limit, now + wait) == absl::ZeroDuration());
  if (wait > 0) RC_ASSERT(WaitFor(bucket, limit, now + wait - 1) > absl::ZeroDuration());
}

RC_GTEST_PROP(Credits, AreNeverMadeOfNothing, ()) {
  const CreditRules rules{.initial = *rc::gen::inRange<std::uint32_t>(0, 5),
                          .most = *rc::gen::inRange<std::uint32_t>(1, 8),
                          .every = absl::Hours(1)};
  Account account;
  std::uint64_t now = kStart;
  std::uint64_t spent = 0;
  std::uint64_t returned = 0;
  for (const auto& [step, spend] :
       *rc::gen::container<std::vector<std::pair<std::uint32_t, bool>>>(rc::gen::pair(
           rc::gen::inRange<std::uint32_t>(0, 3 * kHourMs), rc::gen::arbitrary<bool>()))) {
    now += step;
    const CreditState state = CreditsOf(rules, account, now);
    RC_ASSERT(state.available <= rules.most);
    RC_ASSERT((state.next_ms == 0) == (state.available == rules.most));
    if (spend && state.available > 0) {
      SpendCredit(rules, now, &account);
      ++spent;
      RC_ASSERT(CreditsOf(rules, account, now).available == state.available - 1);
    } else if (!spend && returned < spent) {
      ReturnCredit(rules, now, &account);
      ++returned;
    }
  }
  RC_ASSERT(spent <= rules.initial + returned + (now - kStart) / kHourMs);
}

}  // namespace
}  // namespace letterlock::mail
