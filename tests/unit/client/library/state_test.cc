#include "client/state.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "support/temporary_directory.h"

namespace letterlock::client {
namespace {

State Example() {
  State state;
  state.own.signed_entry = std::string("\x00\x01entry", 7);
  state.own.published = true;
  state.own.checked_head = 7;
  state.log.size = 9;
  state.log.root[3] = 4;
  state.log.checkpoint = "note\n";
  state.log.head_sequence = 7;
  state.log.head_index = 8;
  state.log.head_leaf[1] = 5;
  Pin pin;
  pin.entry = "pinned";
  pin.first_seen_unix_ms = 1;
  pin.earlier_identity_keys.push_back(crypto::SigningKey::Generate().public_key());
  state.pins.emplace(*crypto::Handle::Parse("alice"), pin);
  state.taken.Take(crypto::MemberId(), crypto::MessageId(), crypto::Sha256("m"));
  return state;
}

crypto::SecretBytes<32> Key(const std::string& text) {
  return crypto::SecretBytes<32>::FromBytes(crypto::ToString(crypto::Sha256(text))).value();
}

TEST(State, ComesBackAsItWas) {
  const std::string json = SerialiseState(Example());
  const auto parsed = ParseState(json);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(SerialiseState(*parsed), json);
  EXPECT_EQ(parsed->pins.size(), 1u);
  EXPECT_EQ(parsed->log.head_index, 8u);
}

std::string With(std::string json, const std::string& from, const std::string& to) {
  return json.replace(json.find(from), from.size(), to);
}

TEST(State, RefusesWhatThisVersionDidNotWrite) {
  const std::string json = SerialiseState(State());
  ASSERT_TRUE(ParseState(json).ok());
  for (const std::string& bad :
       {std::string(), std::string("{}"), std::string("[]"), json + "x",
        With(json, "\"version\":1", "\"version\":2"), With(json, "\"published\"", "\"publishex\""),
        With(json, "\"version\":1", "\"version\":1,\"more\":1"),
        With(json, "\"pins\":[]", "\"pins\":[1]"), With(json, "false", "\"no\"")}) {
    EXPECT_FALSE(ParseState(bad).ok()) << bad;
  }
}

class StateFileTest : public ::testing::Test {
 protected:
  std::string path() const { return directory_.path() + "/state"; }

  std::string Bytes() const {
    std::ifstream file(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void Put(const std::string& bytes) const { std::ofstream(path(), std::ios::binary) << bytes; }
  void Save(const StateFile& file, const State& state) const {
    auto transaction = file.Begin();
    ASSERT_TRUE(transaction.ok());
    transaction->state() = state;
    ASSERT_TRUE(transaction->Commit().ok());
  }

  test::TemporaryDirectory directory_;
};

TEST_F(StateFileTest, IsEmptyBeforeItIsWritten) {
  const StateFile file(directory_.path(), Key("a"));
  auto transaction = file.Begin();
  ASSERT_TRUE(transaction.ok());
  EXPECT_EQ(SerialiseState(transaction->state()), SerialiseState(State()));
}

TEST_F(StateFileTest, KeepsWhatWasCommittedAndOnlyThat) {
  const StateFile file(directory_.path(), Key("a"));
  Save(file, Example());
  {
    auto abandoned = file.Begin();
    ASSERT_TRUE(abandoned.ok());
    abandoned->state().log.size = 1000;
  }
  auto transaction = file.Begin();
  ASSERT_TRUE(transaction.ok());
  EXPECT_EQ(transaction->state().log.size, 9u);
}

TEST_F(StateFileTest, ShowsNothingOfItsContentAndIsTheOwnersAlone) {
  Save(StateFile(directory_.path(), Key("a")), Example());
  EXPECT_EQ(Bytes().find("alice"), std::string::npos);
  EXPECT_EQ(Bytes().substr(0, 8), "LLSTATE1");
  struct stat info;
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(StateFileTest, DoesNotOpenUnderAnotherKeyOrWithAnyByteChanged) {
  const StateFile file(directory_.path(), Key("a"));
  Save(file, Example());
  EXPECT_TRUE(absl::IsDataLoss(StateFile(directory_.path(), Key("b")).Begin().status()));
  const std::string good = Bytes();
  for (std::size_t i = 0; i < good.size(); i += 5) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    Put(bad);
    EXPECT_TRUE(absl::IsDataLoss(file.Begin().status())) << i;
  }
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{8}, std::size_t{40}, good.size() - 1}) {
    Put(good.substr(0, size));
    EXPECT_TRUE(absl::IsDataLoss(file.Begin().status())) << size;
  }
}

TEST_F(StateFileTest, LosesNoUpdateOfTwoCommandsAtATime) {
  constexpr int kEach = 25;
  const StateFile file(directory_.path(), Key("a"));
  const auto count = [&] {
    for (int i = 0; i < kEach; ++i) {
      auto transaction = file.Begin();
      ASSERT_TRUE(transaction.ok());
      ++transaction->state().own.checked_head;
      ASSERT_TRUE(transaction->Commit().ok());
    }
  };
  std::thread other(count);
  count();
  other.join();
  EXPECT_EQ(file.Begin()->state().own.checked_head, 2u * kEach);
}

TEST_F(StateFileTest, SaysSoWhenAnotherCommandKeepsTheLock) {
  const StateFile file(directory_.path(), Key("a"));
  const auto holder = file.Begin();
  ASSERT_TRUE(holder.ok());
  EXPECT_TRUE(absl::IsUnavailable(file.Begin(absl::ZeroDuration()).status()));
}

}  // namespace
}  // namespace letterlock::client
