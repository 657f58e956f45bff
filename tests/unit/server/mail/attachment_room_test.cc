// Uploads where there is no room for them, or the store fails.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "attachments_fixture.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/mail/attachments/attachments.h"

namespace letterlock::mail {
namespace {

using testing::WriteFault;

class SmallQuota : public AttachmentsTest {
 protected:
  SmallQuota() : AttachmentsTest(Quota{.messages = 1000, .bytes = 2 * kTwoRows}) {}
};

TEST_F(SmallQuota, PendingUploadsCountAgainstIt) {
  ASSERT_TRUE(UploadWhole(*ada_, Ciphertext(kTwoRows, 'a')).ok());
  auto half = *Start(*ada_, Ciphertext(kTwoRows, 'b'));
  half.reset();
  EXPECT_EQ(Why(Start(*ada_, Ciphertext(kSmall, 'c')).status()),
            common::v1::ERROR_REASON_MAILBOX_FULL);
  // The same bytes again take no room.
  EXPECT_TRUE(Start(*ada_, Ciphertext(kTwoRows, 'b')).ok());
  world_.clock.Advance(absl::Hours(25));
  EXPECT_TRUE(UploadWhole(*ada_, Ciphertext(kTwoRows, 'c')).ok());
  Restart();
  EXPECT_TRUE(UploadWhole(*ada_, Ciphertext(kTwoRows, 'd')).ok());
  EXPECT_EQ(Why(Start(*ada_, Ciphertext(kSmall, 'c')).status()),
            common::v1::ERROR_REASON_MAILBOX_FULL);
}

class FailedWrite : public AttachmentsTest, public ::testing::WithParamInterface<WriteFault> {};

TEST_P(FailedWrite, LeavesAnUploadThatGoesOn) {
  // The fault hits each write in turn: of the start, of each flush, of the end.
  for (int clean = 0; clean < 6; ++clean) {
    const std::string own = Ciphertext(kManyRows, static_cast<char>('a' + clean));
    for (int i = 0; i < clean; ++i) fake_->Inject(WriteFault::kNone);
    fake_->Inject(GetParam());
    int attempts = 0;
    bool done = false;
    while (!done && ++attempts < 10) {
      const auto standing = StandingOf(*ada_, own);
      if (standing.ok() && standing->complete) break;
      const std::uint64_t offset = standing.ok() ? standing->stored : 0;
      auto upload = Start(*ada_, own, offset);
      if (!upload.ok()) continue;
      if (!AppendAll(**upload, std::string_view(own).substr(offset)).ok()) continue;
      done = (*upload)->Finish(MailWorld::Soon()).ok();
    }
    EXPECT_LT(attempts, 10);
    EXPECT_EQ(*Get(*ada_, own), own);
  }
}

INSTANTIATE_TEST_SUITE_P(Any, FailedWrite,
                         ::testing::Values(WriteFault::kAborts, WriteFault::kFailsAndDoesNotPersist,
                                           WriteFault::kFailsButPersists));

TEST_F(AttachmentsTest, AFullDiskEndsTheCallAndKeepsWhatIsStored) {
  const std::string bytes = Ciphertext(kManyRows);
  auto upload = *Start(*ada_, bytes);
  ASSERT_TRUE(AppendAll(*upload, bytes.substr(0, 600'000)).ok());
  fake_->BecomeReadOnly(absl::ResourceExhaustedError("disk full"));
  EXPECT_EQ(AppendAll(*upload, std::string_view(bytes).substr(600'000)).code(),
            absl::StatusCode::kResourceExhausted);
  upload.reset();
  Restart();
  const auto standing = StandingOf(*ada_, bytes);
  ASSERT_EQ(standing->stored, 524'288u);
  upload = *Start(*ada_, bytes, standing->stored);
  ASSERT_TRUE(AppendAll(*upload, std::string_view(bytes).substr(standing->stored)).ok());
  EXPECT_TRUE(upload->Finish(MailWorld::Soon()).ok());
}

}  // namespace
}  // namespace letterlock::mail
