// A server whose disk is full or broken stops, rather than refuse each message.
#include "server/mail/mailbox/store_watch.h"

#include <gtest/gtest.h>

#include "absl/synchronization/notification.h"
#include "support/fake_engine.h"

namespace letterlock::mail {
namespace {

using testing::FakeEngine;
using testing::FakeEngineOptions;
using testing::FakeStorage;

TEST(StoreWatching, SaysOnceThatTheStoreTakesNoMoreWrites) {
  FakeEngine engine(std::make_shared<FakeStorage>(), FakeEngineOptions{.own_thread = true});
  absl::Notification lost;
  absl::Status cause;
  const StoreWatch watch(engine, absl::Milliseconds(1), [&](const absl::Status& why) {
    cause = why;
    lost.Notify();  // aborts if it runs twice
  });
  EXPECT_FALSE(lost.HasBeenNotified());
  engine.BecomeReadOnly(absl::ResourceExhaustedError("storage is full"));
  lost.WaitForNotification();
  EXPECT_TRUE(absl::IsResourceExhausted(cause));
}

TEST(StoreWatching, EndsWithoutAWordWhileTheStoreIsWell) {
  FakeEngine engine(std::make_shared<FakeStorage>(), FakeEngineOptions{.own_thread = true});
  bool lost = false;
  {
    const StoreWatch watch(engine, absl::Hours(1), [&](const absl::Status&) { lost = true; });
  }
  EXPECT_FALSE(lost);
}

}  // namespace
}  // namespace letterlock::mail
