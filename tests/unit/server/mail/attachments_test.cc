#include "server/mail/attachments/attachments.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "crypto/base/hash.h"
#include "letterlock/common/v1/errors.pb.h"
#include "mail_world.h"
#include "server/rpc/status.h"
#include "support/fake_engine.h"
#include "support/temporary_directory.h"

namespace letterlock::mail {
namespace {

using common::v1::ErrorReason;
using testing::FakeEngine;
using testing::FakeEngineOptions;
using testing::FakeStorage;
using testing::WriteFault;

// Bytes of a size that a sealed attachment has; different for each `seed`.
std::string Ciphertext(std::size_t size, char seed = 'a') {
  std::string bytes(size, seed);
  for (std::size_t i = 0; i < size; i += 97) bytes[i] = static_cast<char>(i / 97);
  return bytes;
}

// Sizes of one, two and many chunk rows: 19 bytes, padded file, 16 bytes for each of its chunks.
constexpr std::size_t kSmall = 19 + 256 + 16;
constexpr std::size_t kTwoRows = 19 + 65'536 + 16;
constexpr std::size_t kManyRows = 19 + 1'310'720 + 20 * 16;

class AttachmentsTest : public ::testing::Test {
 protected:
  explicit AttachmentsTest(Quota quota = {})
      : world_([this] { return OpenFake(); }, quota), quota_(quota) {
    ada_ = &world_.AddMember("ada");
    ben_ = &world_.AddMember("ben");
  }

  std::unique_ptr<engine::Engine> OpenFake() {
    auto engine = std::make_unique<FakeEngine>(storage_, FakeEngineOptions{.own_thread = true});
    fake_ = engine.get();
    return engine;
  }

  void Restart() { world_.Restart(); }

  absl::StatusOr<std::shared_ptr<Upload>> Start(const TestUser& user, const std::string& bytes,
                                                std::uint64_t offset = 0) {
    return world_.attachments->StartUpload(world_.GrantOf(user), crypto::Sha256(bytes),
                                           bytes.size(), offset, MailWorld::Soon());
  }

  static absl::Status Append(Upload& upload, std::string_view data) {
    absl::Notification over;
    absl::Status result;
    upload.Append(data, MailWorld::Soon(), [&](absl::Status status) {
      result = std::move(status);
      over.Notify();
    });
    over.WaitForNotification();
    return result;
  }

  // In pieces of `piece` bytes, from `offset` to `end`.
  static absl::Status AppendAll(Upload& upload, std::string_view bytes,
                                std::size_t piece = 60'000) {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
      if (absl::Status s = Append(upload, bytes.substr(0, piece)); !s.ok()) return s;
    }
    return absl::OkStatus();
  }

  absl::Status UploadWhole(const TestUser& user, const std::string& bytes) {
    auto upload = Start(user, bytes);
    if (!upload.ok()) return upload.status();
    if (absl::Status s = AppendAll(**upload, bytes); !s.ok()) return s;
    return (*upload)->Finish(MailWorld::Soon()).status();
  }

  absl::StatusOr<Attachments::Standing> StandingOf(const TestUser& user, const std::string& bytes) {
    return world_.attachments->GetUpload(world_.GrantOf(user), crypto::Sha256(bytes),
                                         MailWorld::Soon());
  }

  absl::StatusOr<std::string> Get(const TestUser& user, const std::string& bytes,
                                  std::uint64_t offset = 0, std::uint64_t length = 0) {
    auto download = world_.attachments->OpenDownload(world_.GrantOf(user), crypto::Sha256(bytes),
                                                     offset, length, MailWorld::Soon());
    if (!download.ok()) return download.status();
    std::string all;
    while (true) {
      auto piece = (*download)->Next(MailWorld::Soon());
      if (!piece.ok()) return piece.status();
      EXPECT_LE(piece->size(), 65'536u);
      if (piece->empty()) return all;
      all += *piece;
    }
  }

  // Rows of the three tables of attachments, in the whole store.
  std::map<int, std::size_t> Rows() {
    absl::MutexLock lock(&storage_->mu);
    std::map<int, std::size_t> rows{{0x0c, 0}, {0x0d, 0}, {0x14, 0}};
    for (const auto& [tag, partition] : storage_->partitions) {
      for (const auto& [key, value] : partition.rows) {
        const int table = static_cast<int>(key.table);
        if (rows.contains(table)) ++rows[table];
      }
    }
    return rows;
  }

  static std::map<int, std::size_t> Counts(std::size_t attachments, std::size_t chunks,
                                           std::size_t expiries) {
    return {{0x0c, attachments}, {0x0d, chunks}, {0x14, expiries}};
  }

  // What expired is gone with the next upload.
  void CleanUp(const TestUser& user) {
    const std::string bytes = Ciphertext(kSmall, 'z');
    const auto standing = StandingOf(user, bytes);
    EXPECT_TRUE(Start(user, bytes, standing.ok() ? standing->stored : 0).ok());
  }

  static std::optional<ErrorReason> Why(const absl::Status& status) {
    return rpc::ReasonOf(status);
  }

  const std::shared_ptr<FakeStorage> storage_ = std::make_shared<FakeStorage>();
  FakeEngine* fake_ = nullptr;
  MailWorld world_;
  const Quota quota_;
  TestUser* ada_ = nullptr;
  TestUser* ben_ = nullptr;
};

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
  const std::string bytes = Ciphertext(kManyRows);
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
