#include "server/rpc/worker_pool.h"

#include <gtest/gtest.h>

#include <atomic>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"

namespace letterlock::rpc {
namespace {

const absl::Time kNever = absl::InfiniteFuture();

// Keeps the only thread of a pool busy until it is let go.
class Blocker {
 public:
  explicit Blocker(WorkerPool* pool) {
    EXPECT_TRUE(pool->TrySubmit(kNever, [this](const absl::Status&) {
      started_.Notify();
      released_.WaitForNotification();
    }));
    started_.WaitForNotification();
  }
  void Release() { released_.Notify(); }

 private:
  absl::Notification started_;
  absl::Notification released_;
};

TEST(WorkerPool, RunsWhatItTook) {
  std::atomic<int> ran = 0;
  WorkerPool pool({.threads = 3});
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(pool.TrySubmit(kNever, [&](const absl::Status& admission) {
      if (admission.ok()) ++ran;
    }));
  }
  pool.Drain();
  EXPECT_EQ(ran, 500);
}

TEST(WorkerPool, AFullQueueRefusesAtOnceAndTakesAgainLater) {
  WorkerPool pool({.threads = 1, .queue = 2});
  Blocker blocker(&pool);
  std::atomic<int> ran = 0;
  const auto task = [&](const absl::Status&) { ++ran; };
  EXPECT_TRUE(pool.TrySubmit(kNever, task));
  EXPECT_TRUE(pool.TrySubmit(kNever, task));
  EXPECT_FALSE(pool.TrySubmit(kNever, task));
  EXPECT_EQ(pool.waiting(), 2u);
  EXPECT_EQ(pool.refused(), 1u);
  blocker.Release();
  pool.Drain();
  EXPECT_EQ(ran, 2);
}

TEST(WorkerPool, ATaskThatWaitedTooLongIsToldSoAndDoesNotRun) {
  WorkerPool pool({.threads = 1});
  Blocker blocker(&pool);
  absl::Status admission;
  ASSERT_TRUE(pool.TrySubmit(absl::Now() - absl::Milliseconds(1),
                             [&](const absl::Status& status) { admission = status; }));
  blocker.Release();
  pool.Drain();
  EXPECT_EQ(admission.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(ReasonOf(admission), common::v1::ERROR_REASON_DEADLINE);
}

TEST(WorkerPool, DrainRunsWhatWaitsAndTakesNoMore) {
  WorkerPool pool({.threads = 1, .queue = 10});
  std::atomic<int> ran = 0;
  Blocker blocker(&pool);
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(pool.TrySubmit(kNever, [&](const absl::Status&) { ++ran; }));
  blocker.Release();
  pool.Drain();
  EXPECT_EQ(ran, 5);
  EXPECT_FALSE(pool.TrySubmit(kNever, [&](const absl::Status&) { ++ran; }));
  EXPECT_EQ(ran, 5);
  pool.Drain();
}

}  // namespace
}  // namespace letterlock::rpc
