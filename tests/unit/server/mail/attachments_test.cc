#include "server/mail/attachments/attachments.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "attachments_fixture.h"
#include "crypto/base/hash.h"
#include "letterlock/common/v1/errors.pb.h"

namespace letterlock::mail {
namespace {

TEST_F(AttachmentsTest, ComesBackAsItWasUploaded) {
  for (const std::size_t size : {kSmall, kTwoRows, kManyRows}) {
    const std::string bytes = Ciphertext(size);
    ASSERT_TRUE(UploadWhole(*ada_, bytes).ok());
    EXPECT_EQ(*Get(*ada_, bytes), bytes);
    EXPECT_TRUE(StandingOf(*ada_, bytes)->complete);
  }
}

TEST_F(AttachmentsTest, AnyPiecesAndAnyRangeAreTheSameBytes) {
  const std::string bytes = Ciphertext(19 + 196'608 + 48);
  EXPECT_TRUE(rc::check([&] {
    const auto piece = *rc::gen::inRange<std::size_t>(1'000, 65'537);
    const std::string own = Ciphertext(bytes.size(), *rc::gen::inRange<char>('b', 'z'));
    world_.clock.Advance(absl::Hours(25));  // what was there before is there no more
    auto upload = Start(*ada_, own);
    RC_ASSERT(upload.ok());
    RC_ASSERT(AppendAll(**upload, own, piece).ok());
    RC_ASSERT((*upload)->Finish(MailWorld::Soon()).ok());
    const auto offset = *rc::gen::inRange<std::uint64_t>(0, own.size() + 1);
    const auto length = *rc::gen::inRange<std::uint64_t>(0, own.size() - offset + 1);
    const std::string range = length == 0 ? own.substr(offset) : own.substr(offset, length);
    RC_ASSERT(*Get(*ada_, own, offset, length) == range);
  }));
}

TEST_F(AttachmentsTest, RangesBeyondItAreRefused) {
  const std::string bytes = Ciphertext(kSmall);
  ASSERT_TRUE(UploadWhole(*ada_, bytes).ok());
  EXPECT_EQ(Get(*ada_, bytes, kSmall).value(), "");
  EXPECT_EQ(Get(*ada_, bytes, kSmall + 1).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(Get(*ada_, bytes, 1, kSmall).status().code(), absl::StatusCode::kOutOfRange);
}

TEST_F(AttachmentsTest, IsItsOwnersAlone) {
  const std::string bytes = Ciphertext(kSmall);
  ASSERT_TRUE(UploadWhole(*ada_, bytes).ok());
  EXPECT_EQ(StandingOf(*ben_, bytes).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Get(*ben_, bytes).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(AttachmentsTest, OnlySizesThatSealingMakesAreTaken) {
  const auto start = [&](std::uint64_t size) {
    return world_.attachments
        ->StartUpload(world_.GrantOf(*ada_), crypto::Sha256("x"), size, 0, MailWorld::Soon())
        .status();
  };
  EXPECT_TRUE(start(35).ok());
  for (const std::uint64_t size : {0ul, 34ul, 19ul + 257 + 16, 19ul + 65'536 + 32, 26'220'818ul}) {
    EXPECT_EQ(Why(start(size)), common::v1::ERROR_REASON_FIELD_RANGE) << size;
  }
  EXPECT_EQ(Why(start(26'220'820)), common::v1::ERROR_REASON_TOO_LARGE);
}

TEST_F(AttachmentsTest, GoesOnWhereABrokenCallLeftIt) {
  const std::string bytes = Ciphertext(kManyRows);
  auto upload = *Start(*ada_, bytes);
  ASSERT_TRUE(AppendAll(*upload, bytes.substr(0, 700'000)).ok());
  upload->Abandon(MailWorld::Soon());
  upload.reset();

  Restart();
  const auto standing = StandingOf(*ada_, bytes);
  ASSERT_TRUE(standing.ok());
  EXPECT_EQ(standing->stored, 700'000 / 65'536 * 65'536u);
  EXPECT_FALSE(standing->complete);
  EXPECT_EQ(Get(*ada_, bytes).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Why(Start(*ada_, bytes, 0).status()), common::v1::ERROR_REASON_UPLOAD_OFFSET);
  EXPECT_EQ(Why(Start(*ada_, bytes, 700'000).status()), common::v1::ERROR_REASON_UPLOAD_OFFSET);
  upload = *Start(*ada_, bytes, standing->stored);
  ASSERT_TRUE(AppendAll(*upload, std::string_view(bytes).substr(standing->stored)).ok());
  ASSERT_TRUE(upload->Finish(MailWorld::Soon()).ok());
  EXPECT_EQ(*Get(*ada_, bytes), bytes);
}

TEST_F(AttachmentsTest, HalfSentIsNotComplete) {
  const std::string bytes = Ciphertext(kManyRows);
  auto upload = *Start(*ada_, bytes);
  ASSERT_TRUE(AppendAll(*upload, bytes.substr(0, 100'000)).ok());
  EXPECT_EQ(Why(upload->Finish(MailWorld::Soon()).status()),
            common::v1::ERROR_REASON_UPLOAD_OFFSET);
  EXPECT_EQ(StandingOf(*ada_, bytes)->stored, 65'536u);
}

TEST_F(AttachmentsTest, MoreThanWasNamedIsRefused) {
  const std::string bytes = Ciphertext(kSmall);
  auto upload = *Start(*ada_, bytes);
  EXPECT_EQ(Why(Append(*upload, bytes + "x")), common::v1::ERROR_REASON_FIELD_RANGE);
}

TEST_F(AttachmentsTest, OtherBytesThanTheHashNamesAreDropped) {
  const auto before = Rows();
  const std::string bytes = Ciphertext(kManyRows);
  auto upload = *Start(*ada_, bytes);
  std::string other = bytes;
  other[200'000] ^= 1;
  ASSERT_TRUE(AppendAll(*upload, other).ok());
  const absl::Status finished = upload->Finish(MailWorld::Soon()).status();
  EXPECT_EQ(finished.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Why(finished), common::v1::ERROR_REASON_UPLOAD_HASH);
  EXPECT_EQ(Rows(), before);
  EXPECT_TRUE(UploadWhole(*ada_, bytes).ok());
}

TEST_F(AttachmentsTest, ASecondCallOnTheSameBytesTakesOver) {
  const std::string bytes = Ciphertext(kManyRows);
  auto first = *Start(*ada_, bytes);
  ASSERT_TRUE(AppendAll(*first, bytes.substr(0, 600'000)).ok());  // one write of 8 rows
  const std::uint64_t stored = StandingOf(*ada_, bytes)->stored;
  ASSERT_EQ(stored, 524'288u);
  auto second = *Start(*ada_, bytes, stored);
  EXPECT_EQ(AppendAll(*first, std::string_view(bytes).substr(600'000)).code(),
            absl::StatusCode::kAborted);
  first.reset();
  ASSERT_TRUE(AppendAll(*second, std::string_view(bytes).substr(stored)).ok());
  ASSERT_TRUE(second->Finish(MailWorld::Soon()).ok());
  EXPECT_EQ(*Get(*ada_, bytes), bytes);
  // Kept once: there is nothing to upload any more.
  EXPECT_TRUE((*Start(*ada_, bytes, bytes.size()))->Finish(MailWorld::Soon()).ok());
  EXPECT_EQ(Rows(), Counts(1, 21, 1));
}

TEST_F(AttachmentsTest, ACallThatIsWrongDoesNotDisturbTheOneThatRuns) {
  const std::string bytes = Ciphertext(kManyRows);
  auto upload = *Start(*ada_, bytes);
  ASSERT_TRUE(AppendAll(*upload, bytes.substr(0, 600'000)).ok());
  EXPECT_EQ(Why(Start(*ada_, bytes, 0).status()), common::v1::ERROR_REASON_UPLOAD_OFFSET);
  EXPECT_EQ(Why(world_.attachments
                    ->StartUpload(world_.GrantOf(*ada_), crypto::Sha256(bytes), kSmall, 0,
                                  MailWorld::Soon())
                    .status()),
            common::v1::ERROR_REASON_FIELD_RANGE);
  ASSERT_TRUE(AppendAll(*upload, std::string_view(bytes).substr(600'000)).ok());
  EXPECT_TRUE(upload->Finish(MailWorld::Soon()).ok());
}

TEST_F(AttachmentsTest, OpenCallsOfAMailboxAreBounded) {
  std::vector<std::shared_ptr<Upload>> open;
  for (char seed = 'b'; seed < 'f'; ++seed) {
    open.push_back(*Start(*ada_, Ciphertext(kSmall, seed)));
  }
  EXPECT_EQ(Why(Start(*ada_, Ciphertext(kSmall, 'f')).status()),
            common::v1::ERROR_REASON_OVERLOADED);
  open.pop_back();
  EXPECT_TRUE(Start(*ada_, Ciphertext(kSmall, 'f')).ok());
}

TEST_F(AttachmentsTest, SixteenMayWaitForTheirMessages) {
  for (int i = 0; i < 16; ++i) {
    ASSERT_TRUE(UploadWhole(*ada_, Ciphertext(kSmall, static_cast<char>('A' + i))).ok());
  }
  EXPECT_EQ(Why(Start(*ada_, Ciphertext(kSmall, 'Z')).status()), common::v1::ERROR_REASON_TOO_MANY);
  EXPECT_TRUE(UploadWhole(*ben_, Ciphertext(kSmall, 'Z')).ok());
  world_.clock.Advance(absl::Hours(24) + absl::Milliseconds(1));
  EXPECT_TRUE(UploadWhole(*ada_, Ciphertext(kSmall, 'Z')).ok());
}

TEST_F(AttachmentsTest, UploadsExpireAfterADay) {
  const std::string whole = Ciphertext(kManyRows);
  const std::string half = Ciphertext(kManyRows, 'h');
  ASSERT_TRUE(UploadWhole(*ada_, whole).ok());
  auto upload = *Start(*ada_, half);
  ASSERT_TRUE(AppendAll(*upload, half.substr(0, 600'000)).ok());
  upload.reset();
  EXPECT_EQ(Rows(), Counts(2, 21 + 8, 2));

  world_.clock.Advance(absl::Hours(23));
  CleanUp(*ada_);
  EXPECT_TRUE(StandingOf(*ada_, whole).ok());
  world_.clock.Advance(absl::Hours(1) + absl::Milliseconds(1));
  CleanUp(*ada_);
  EXPECT_EQ(StandingOf(*ada_, whole).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Rows(), Counts(1, 0, 1));
}

TEST_F(AttachmentsTest, NothingOfItIsInTheStoreInTheClear) {
  const std::string bytes(kTwoRows, 'q');
  ASSERT_TRUE(UploadWhole(*ada_, bytes).ok());
  const std::string hash = crypto::ToString(crypto::Sha256(bytes));
  absl::MutexLock lock(&storage_->mu);
  for (const auto& [tag, partition] : storage_->partitions) {
    for (const auto& [key, value] : partition.rows) {
      EXPECT_EQ(value.find("qqqqqqqq"), std::string::npos);
      EXPECT_EQ(value.find(hash), std::string::npos);
      EXPECT_EQ(key.key.find(hash.substr(0, 8)), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace letterlock::mail
