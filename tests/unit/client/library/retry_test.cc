#include "client/retry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::client {
namespace {

class RecordingSleeper final : public Sleeper {
 public:
  void Sleep(absl::Duration duration) override { waits.push_back(duration); }
  absl::Duration sum() const {
    absl::Duration sum;
    for (const absl::Duration wait : waits) sum += wait;
    return sum;
  }
  std::vector<absl::Duration> waits;
};

// Fails `failures` times with `error`, then succeeds.
struct Flaky {
  int failures;
  absl::Status error;
  int calls = 0;
  absl::Status operator()() { return ++calls <= failures ? error : absl::OkStatus(); }
};

class RetryTest : public ::testing::Test {
 protected:
  absl::Status Run(Flaky& call) {
    return Retry(policy_, sleeper_, random_, [&] { return call(); });
  }

  RetryPolicy policy_;
  RecordingSleeper sleeper_;
  crypto::SystemRandom random_;
};

TEST_F(RetryTest, RepeatsWhatPasses) {
  for (const absl::Status& error :
       {absl::UnavailableError(""), absl::DeadlineExceededError(""), absl::AbortedError("")}) {
    Flaky call{3, error};
    EXPECT_TRUE(Run(call).ok());
    EXPECT_EQ(call.calls, 4);
  }
}

TEST_F(RetryTest, DoesNotRepeatWhatRepeatingCannotMend) {
  for (const absl::Status& error :
       {absl::InvalidArgumentError(""), absl::AlreadyExistsError(""), absl::NotFoundError(""),
        absl::UnauthenticatedError(""), absl::InternalError(""),
        absl::ResourceExhaustedError("a quota, without RetryInfo")}) {
    Flaky call{1, error};
    EXPECT_EQ(Run(call), error);
    EXPECT_EQ(call.calls, 1);
  }
}

TEST_F(RetryTest, DoublesItsWaitsUpToTheLongestWithJitter) {
  Flaky call{7, absl::UnavailableError("")};
  EXPECT_TRUE(Run(call).ok());
  absl::Duration most = policy_.first;
  for (const absl::Duration wait : sleeper_.waits) {
    EXPECT_GE(wait, most / 2);
    EXPECT_LE(wait, most);
    most = std::min(most * 2, policy_.longest);
  }
}

TEST_F(RetryTest, WaitsAtLeastAsLongAsTheServerAsks) {
  Flaky call{1, rpc::FailUntil(absl::StatusCode::kResourceExhausted,
                               common::v1::ERROR_REASON_OVERLOADED, absl::Seconds(3), "busy")};
  EXPECT_TRUE(Run(call).ok());
  EXPECT_GE(sleeper_.sum(), absl::Seconds(3));
}

TEST_F(RetryTest, ShowsTheErrorOfAServerThatAsksForTooMuch) {
  Flaky call{1, rpc::FailUntil(absl::StatusCode::kUnavailable,
                               common::v1::ERROR_REASON_SHUTTING_DOWN, absl::Hours(1), "later")};
  EXPECT_TRUE(absl::IsUnavailable(Run(call)));
  EXPECT_TRUE(sleeper_.waits.empty());
}

TEST_F(RetryTest, EndsByCountAndByTime) {
  Flaky call{1000, absl::UnavailableError("")};
  EXPECT_TRUE(absl::IsUnavailable(Run(call)));
  EXPECT_LE(call.calls, policy_.attempts);
  EXPECT_LE(sleeper_.sum(), policy_.all_waits);
}

}  // namespace
}  // namespace letterlock::client
