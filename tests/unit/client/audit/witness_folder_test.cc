#include "witness_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "support/manual_clock.h"
#include "support/temporary_directory.h"
#include "support/test_log.h"
#include "witness_memory.h"

namespace letterlock::audit {
namespace {

class WitnessFolderTest : public ::testing::Test {
 protected:
  void Write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

  test::TemporaryDirectory directory_;
  const std::string folder_ = directory_ / "w";
  testing::ManualClock clock_{absl::FromUnixSeconds(1'790'000'000)};
};

TEST_F(WitnessFolderTest, HoldsTheKeyThatItSaid) {
  const auto made = MakeWitness(folder_, "witness.example/w1");
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->type(), attest::NoteKeyType::kCosignature);
  const auto opened = OpenWitnessKey(folder_, &clock_);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->key(), *made);
}

TEST_F(WitnessFolderTest, IsMadeOnce) {
  const auto first = MakeWitness(folder_, "witness.example/w1");
  EXPECT_TRUE(absl::IsAlreadyExists(MakeWitness(folder_, "witness.example/w1").status()));
  EXPECT_EQ(OpenWitnessKey(folder_, &clock_)->key(), *first);
}

TEST_F(WitnessFolderTest, NameThatIsNoneLeavesNothing) {
  for (const char* name : {"", "a name", "plus+plus"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(MakeWitness(folder_, name).status())) << name;
    EXPECT_FALSE(std::filesystem::exists(folder_));
  }
}

TEST_F(WitnessFolderTest, KeyThatOthersReadOrThatIsAnothersIsRefused) {
  ASSERT_TRUE(MakeWitness(folder_, "witness.example/w1").ok());
  ASSERT_TRUE(MakeWitness(directory_ / "other", "witness.example/w2").ok());
  chmod((folder_ + "/witness.key").c_str(), 0644);
  EXPECT_TRUE(absl::IsPermissionDenied(OpenWitnessKey(folder_, &clock_).status()));
  chmod((folder_ + "/witness.key").c_str(), 0600);
  std::filesystem::copy_file(directory_ / "other/witness.vkey", folder_ + "/witness.vkey",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_TRUE(absl::IsInvalidArgument(OpenWitnessKey(folder_, &clock_).status()));
}

TEST_F(WitnessFolderTest, ServesOneProcess) {
  ASSERT_TRUE(MakeWitness(folder_, "witness.example/w1").ok());
  const auto held = LockWitness(folder_);
  ASSERT_TRUE(held.ok());
  EXPECT_TRUE(absl::IsUnavailable(LockWitness(folder_).status()));
}

class FileMemoryTest : public ::testing::Test {
 protected:
  std::string RecordFile() { return directory_ / OriginHash(log_.key().name()); }

  test::TemporaryDirectory directory_;
  test::TestLog log_{"log.example/a"};
  FileWitnessMemory memory_{directory_.path()};
};

TEST_F(FileMemoryTest, KeepsWhatItWasGiven) {
  ASSERT_TRUE(memory_.Add(log_.key()).ok());
  EXPECT_EQ(memory_.Load(OriginHash("log.example/a"))->note, "");
  ASSERT_TRUE(memory_.Replace({log_.key(), log_.Checkpoint(3)}).ok());
  const auto back = FileWitnessMemory(directory_.path()).Load(OriginHash("log.example/a"));
  EXPECT_EQ(back->note, log_.Checkpoint(3));
  EXPECT_EQ(back->key, log_.key());
  EXPECT_EQ(memory_.LoadAll()->size(), 1u);
}

TEST_F(FileMemoryTest, AddingAgainForgetsNothing) {
  ASSERT_TRUE(memory_.Add(log_.key()).ok());
  ASSERT_TRUE(memory_.Replace({log_.key(), log_.Checkpoint(3)}).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(memory_.Add(log_.key())));
  EXPECT_EQ(memory_.Load(OriginHash("log.example/a"))->note, log_.Checkpoint(3));
}

TEST_F(FileMemoryTest, RecordThatIsGoneIsALogThatIsNotWatched) {
  ASSERT_TRUE(memory_.Add(log_.key()).ok());
  std::filesystem::remove(RecordFile());
  EXPECT_TRUE(absl::IsNotFound(memory_.Load(OriginHash("log.example/a")).status()));
  // And stays one: made anew, it would be a witness that forgot.
  EXPECT_TRUE(absl::IsFailedPrecondition(memory_.Add(log_.key())));
  EXPECT_TRUE(absl::IsFailedPrecondition(memory_.LoadAll().status()));
}

TEST_F(FileMemoryTest, RecordThatWasNotListedYetIsListedByTheNextAdd) {
  ASSERT_TRUE(memory_.Add(log_.key()).ok());
  std::filesystem::remove(directory_ / "watched");
  EXPECT_TRUE(memory_.LoadAll()->empty());
  EXPECT_TRUE(absl::IsAlreadyExists(memory_.Add(log_.key())));
  EXPECT_EQ(memory_.LoadAll()->size(), 1u);
}

TEST_F(FileMemoryTest, DamagedOrExchangedRecordIsRefused) {
  test::TestLog other("log.example/b");
  ASSERT_TRUE(memory_.Add(log_.key()).ok());
  for (const std::string& bad : {std::string(), std::string("no vkey\n\n"), log_.key().Format(),
                                 other.key().Format() + "\n\n"}) {
    std::ofstream(RecordFile()) << bad;
    EXPECT_TRUE(absl::IsDataLoss(memory_.Load(OriginHash("log.example/a")).status())) << bad;
    EXPECT_FALSE(memory_.LoadAll().ok());
  }
}

TEST_F(FileMemoryTest, WitnessesAreNotWatched) {
  const auto witness =
      attest::VerifierKey::Make(attest::NoteKeyType::kCosignature, "w", log_.key().public_key());
  EXPECT_TRUE(absl::IsInvalidArgument(memory_.Add(*witness)));
}

}  // namespace
}  // namespace letterlock::audit
