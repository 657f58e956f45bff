#include "client/taken_messages.h"

#include <gtest/gtest.h>

#include <string>

#include "crypto/base/bytes.h"

namespace letterlock::client {
namespace {

using Verdict = TakenMessages::Verdict;

crypto::MessageId Id(std::uint64_t number) {
  std::string bytes(8, '\0');
  crypto::AppendU64(&bytes, number);
  return *crypto::MessageId::FromBytes(bytes);
}

const crypto::Digest kOne = crypto::Sha256("one");
const crypto::Digest kTwo = crypto::Sha256("two");

TEST(TakenMessages, TakesAPairOnce) {
  TakenMessages taken;
  const crypto::MemberId sender;
  EXPECT_EQ(taken.Take(sender, Id(1), kOne), Verdict::kNew);
  EXPECT_EQ(taken.Take(sender, Id(1), kOne), Verdict::kSame);
  EXPECT_EQ(taken.Take(sender, Id(1), kTwo), Verdict::kDifferent);
  EXPECT_EQ(taken.Take(sender, Id(1), kOne), Verdict::kSame) << "a refused one changed the memory";
}

TEST(TakenMessages, ScopesIdsToTheirSenders) {
  TakenMessages taken;
  const auto other = *crypto::MemberId::FromBytes(std::string(16, 'x'));
  EXPECT_EQ(taken.Take(crypto::MemberId(), Id(1), kOne), Verdict::kNew);
  EXPECT_EQ(taken.Take(other, Id(1), kTwo), Verdict::kNew);
}

TEST(TakenMessages, ForgetsTheOldestOnly) {
  TakenMessages taken;
  for (std::uint64_t i = 0; i <= TakenMessages::kMost; ++i) {
    ASSERT_EQ(taken.Take(crypto::MemberId(), Id(i), kOne), Verdict::kNew);
  }
  EXPECT_EQ(taken.Ask(crypto::MemberId(), Id(0), kTwo), Verdict::kNew);
  EXPECT_EQ(taken.Ask(crypto::MemberId(), Id(1), kTwo), Verdict::kDifferent);
  EXPECT_EQ(taken.Serialise().size(), TakenMessages::kMost * 48);
}

TEST(TakenMessages, ComeBackAsTheyWere) {
  TakenMessages taken;
  for (std::uint64_t i = 0; i < 5; ++i) taken.Take(crypto::MemberId(), Id(i), kOne);
  const auto parsed = TakenMessages::Parse(taken.Serialise());
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed->Serialise(), taken.Serialise());
  EXPECT_EQ(parsed->Ask(crypto::MemberId(), Id(3), kTwo), Verdict::kDifferent);
}

TEST(TakenMessages, RefuseBytesThatTheyDidNotWrite) {
  EXPECT_FALSE(TakenMessages::Parse(std::string(47, 'x')).ok());
  EXPECT_FALSE(TakenMessages::Parse(std::string(96, 'x')).ok()) << "the same pair twice";
  EXPECT_FALSE(TakenMessages::Parse(std::string(48 * (TakenMessages::kMost + 1), 'x')).ok());
}

}  // namespace
}  // namespace letterlock::client
