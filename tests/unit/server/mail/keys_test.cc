// Where the keys come from and where they stay.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>

#include "mail_world.h"
#include "server/mail/keys/epoch_key_file.h"
#include "server/mail/keys/locked_arena.h"
#include "server/mail/mailbox/engine_calls.h"
#include "server/mail/mailbox/rows.h"
#include "support/fake_engine.h"
#include "support/temporary_directory.h"

namespace letterlock::mail {
namespace {

using testing::FakeEngine;
using testing::FakeEngineOptions;
using testing::FakeStorage;

class EpochKeyFileTest : public ::testing::Test {
 protected:
  test::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "epoch.key";
};

TEST_F(EpochKeyFileTest, OpensWhatItMade) {
  ASSERT_TRUE(EpochKeyFile::Create(path_, 7).ok());
  auto opened = EpochKeyFile::Open(path_);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ((*opened)->current().epoch, 7u);
  EXPECT_EQ((*opened)->Find(7), &(*opened)->current());
  EXPECT_EQ((*opened)->Find(8), nullptr);
}

TEST_F(EpochKeyFileTest, IsNeverWrittenOver) {
  ASSERT_TRUE(EpochKeyFile::Create(path_, 1).ok());
  EXPECT_EQ(EpochKeyFile::Create(path_, 2).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ((*EpochKeyFile::Open(path_))->current().epoch, 1u);
}

TEST_F(EpochKeyFileTest, IsRefusedWhenOthersCanReadIt) {
  ASSERT_TRUE(EpochKeyFile::Create(path_, 1).ok());
  for (const mode_t mode : {0640, 0604, 0660, 0666}) {
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
    EXPECT_EQ(EpochKeyFile::Open(path_).status().code(), absl::StatusCode::kPermissionDenied);
  }
}

TEST_F(EpochKeyFileTest, IsRefusedAsALink) {
  ASSERT_TRUE(EpochKeyFile::Create(path_, 1).ok());
  const std::string link = directory_ / "link";
  ASSERT_EQ(symlink(path_.c_str(), link.c_str()), 0);
  EXPECT_EQ(EpochKeyFile::Open(link).status().code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(EpochKeyFileTest, IsRefusedWhenItsBytesAreNotOne) {
  ASSERT_TRUE(EpochKeyFile::Create(path_, 1).ok());
  std::string bytes(44, '\0');
  ASSERT_TRUE(std::ifstream(path_).read(bytes.data(), 44));
  std::string other_magic = bytes;
  other_magic[0] ^= 1;
  std::string epoch_zero = bytes;
  std::memset(epoch_zero.data() + 8, 0, 4);
  for (const std::string& wrong :
       {bytes.substr(0, 43), bytes + "x", other_magic, epoch_zero, std::string()}) {
    std::ofstream(path_, std::ios::trunc) << wrong;
    EXPECT_EQ(EpochKeyFile::Open(path_).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

struct Slot {
  explicit Slot(std::array<char, 32> b) : bytes(b) {}
  Slot(Slot&&) = default;
  std::array<char, 32> bytes;
};

TEST(LockedArenaTest, GivesNoMoreSlotsThanItHasAndTakesThemBack) {
  auto arena = LockedArena<Slot>::Create(2);
  ASSERT_TRUE(arena.ok());
  auto first = arena->Hold(Slot({'1'}));
  auto second = arena->Hold(Slot({'2'}));
  EXPECT_EQ(arena->Hold(Slot({'3'})), nullptr);
  EXPECT_EQ(second->bytes[0], '2');
  first.reset();
  EXPECT_EQ(arena->taken(), 1u);
  EXPECT_NE(arena->Hold(Slot({'3'})), nullptr);
}

TEST(LockedArenaTest, WipesASlotThatIsGivenBack) {
  auto arena = LockedArena<Slot>::Create(1);
  ASSERT_TRUE(arena.ok());
  auto held = arena->Hold(Slot({'s', 'e', 'c', 'r', 'e', 't'}));
  const char* where = held->bytes.data();
  held.reset();
  // The page stays mapped as long as the arena.
  for (std::size_t i = 0; i < sizeof(Slot); ++i) EXPECT_EQ(where[i], 0);
}

TEST(LockedArenaTest, IsLockedIntoMemoryAndOutOfCoreDumps) {
  auto arena = LockedArena<Slot>::Create(64);
  ASSERT_TRUE(arena.ok());
  ASSERT_TRUE(arena->locked());
  auto held = arena->Hold(Slot({'x'}));
  const auto address = reinterpret_cast<std::uintptr_t>(held.get());
  std::ifstream maps("/proc/self/smaps");
  std::string line;
  bool inside = false;
  std::string flags;
  while (std::getline(maps, line)) {
    std::uintptr_t first = 0;
    std::uintptr_t last = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &first, &last) == 2 &&
        line.find(':') > line.find('-')) {
      inside = first <= address && address < last;
    }
    if (inside && line.rfind("VmFlags:", 0) == 0) flags = line;
  }
  // AddressSanitizer makes mlock do nothing; the plain build of this test holds us to it.
#if !__has_feature(address_sanitizer)
  EXPECT_THAT(flags, ::testing::HasSubstr(" lo"));
#endif
  EXPECT_THAT(flags, ::testing::HasSubstr(" dd"));
}

class KeyRingTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<KeyRing>> Open(const EpochKeyProvider& epochs) {
    engine_ = nullptr;
    engine_ = std::make_unique<FakeEngine>(storage_, FakeEngineOptions{.own_thread = true});
    return KeyRing::Open(*engine_, deployment_, epochs, 4);
  }

  const crypto::DeploymentId deployment_ = *crypto::DeploymentId::FromBytes("deployment......");
  const crypto::MemberId member_ = *crypto::MemberId::FromBytes("member..........");
  std::shared_ptr<FakeStorage> storage_ = std::make_shared<FakeStorage>();
  std::unique_ptr<FakeEngine> engine_;
};

TEST_F(KeyRingTest, KeepsTheIndexKeyAcrossStarts) {
  const TestEpoch epoch;
  const engine::MailboxTag tag = (*Open(epoch))->IndexTagOf(member_);
  EXPECT_EQ((*Open(epoch))->IndexTagOf(member_), tag);
}

TEST_F(KeyRingTest, RefusesAnEpochThatIsNotTheStores) {
  ASSERT_TRUE(Open(TestEpoch('e', 1)).ok());
  EXPECT_EQ(Open(TestEpoch('e', 2)).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(KeyRingTest, RefusesTheKeyOfAnotherStore) {
  ASSERT_TRUE(Open(TestEpoch('e')).ok());
  EXPECT_EQ(Open(TestEpoch('f')).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(KeyRingTest, HoldsAsManyMailboxKeysAsItWasToldAndThenIsBusy) {
  const TestEpoch epoch;
  auto ring = *Open(epoch);
  std::vector<KeyRing::Keys> held;
  for (int i = 0; i < 4; ++i) held.push_back(ring->Generate(engine::MailboxTag())->keys);
  EXPECT_EQ(ring->Generate(engine::MailboxTag()).status().code(),
            absl::StatusCode::kResourceExhausted);
  held.pop_back();
  EXPECT_TRUE(ring->Generate(engine::MailboxTag()).ok());
}

TEST_F(KeyRingTest, AMailboxKeyOpensForItsOwnMailboxOnly) {
  const TestEpoch epoch;
  auto ring = *Open(epoch);
  const auto tag = *engine::MailboxTag::FromBytes("tag one.........");
  const auto other = *engine::MailboxTag::FromBytes("tag two.........");
  const std::string wrapped = ring->Generate(tag)->wrapped;
  EXPECT_TRUE(ring->Unwrap(tag, wrapped).ok());
  EXPECT_EQ(ring->Unwrap(other, wrapped).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace letterlock::mail
