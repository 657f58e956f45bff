#include "server/directory/head_maker.h"

#include <gtest/gtest.h>

#include "absl/synchronization/notification.h"
#include "registry_fixture.h"

namespace letterlock::directory {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr HeadMaker::Options kOften{.interval = absl::Milliseconds(1),
                                    .interval_max = absl::Milliseconds(5)};

using HeadMakerTest = RegistryTest;

TEST_F(HeadMakerTest, AnswersWhoWaits) {
  absl::Notification answered;
  const HeadMaker maker(registry_.get(), kOften,
                        [](const absl::Status& status, bool) { ADD_FAILURE() << status; });
  registry_->Publish(NewMember("alice").Next(), absl::InfiniteFuture(), [&](Answer answer) {
    EXPECT_TRUE(answer.ok()) << answer.status();
    answered.Notify();
  });
  EXPECT_TRUE(answered.WaitForNotificationWithTimeout(kPatience));
}

TEST_F(HeadMakerTest, MakesHeadsOfSilenceToo) {
  absl::Notification third;
  int heads = 0;
  points_.at_point = [&](std::string_view point) {
    if (point == kPointHeadPublished && ++heads == 3) third.Notify();
  };
  const HeadMaker maker(registry_.get(), kOften,
                        [](const absl::Status& status, bool) { ADD_FAILURE() << status; });
  EXPECT_TRUE(third.WaitForNotificationWithTimeout(kPatience));
}

TEST_F(HeadMakerTest, SaysWhenNoFurtherHeadWillBeMade) {
  store_.fault = test::Fault::kFailsAndDoesNotPersist;
  store_.writes_before_fault = 0;
  absl::Notification ended;
  const HeadMaker maker(registry_.get(), kOften, [&](const absl::Status& status, bool final) {
    EXPECT_FALSE(status.ok());
    EXPECT_TRUE(final);
    ended.Notify();
  });
  EXPECT_TRUE(ended.WaitForNotificationWithTimeout(kPatience));
}

TEST_F(HeadMakerTest, TriesAgainForThoseWhoWaitThoughNothingNewComes) {
  // The first head is due at once, the next in an hour: the registration's head fails, and only a
  // retry answers her.
  absl::Notification first, failed, answered;
  points_.at_point = [&](std::string_view point) {
    if (point == kPointHeadPublished && !first.HasBeenNotified()) first.Notify();
  };
  const HeadMaker maker(registry_.get(),
                        {.interval = absl::Milliseconds(1),
                         .interval_max = absl::Hours(1),
                         .retry = absl::Milliseconds(1)},
                        [&](const absl::Status&, bool final) {
                          EXPECT_FALSE(final);
                          failed.Notify();
                        });
  ASSERT_TRUE(first.WaitForNotificationWithTimeout(kPatience));
  log_files_.fault = test::Fault::kFailsAndDoesNotPersist;
  log_files_.puts_before_fault = 0;
  registry_->Publish(NewMember("alice").Next(), absl::InfiniteFuture(), [&](Answer answer) {
    EXPECT_TRUE(answer.ok()) << answer.status();
    answered.Notify();
  });
  EXPECT_TRUE(answered.WaitForNotificationWithTimeout(kPatience));
  EXPECT_TRUE(failed.HasBeenNotified());
}

}  // namespace
}  // namespace letterlock::directory
