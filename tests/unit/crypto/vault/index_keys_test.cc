#include "crypto/vault/index_keys.h"

#include <gtest/gtest.h>

#include <string>

#include "support/flip.h"

namespace letterlock::vault {
namespace {

using crypto::MemberId;
using crypto::SecretBytes;
using crypto::SystemRandom;
using testing::Flip;

class IndexKeysTest : public ::testing::Test {
 protected:
  SystemRandom random_;
  const IndexKeys keys_{SecretBytes<32>::Random()};
  const MemberId member_ = MemberId::Random(random_);
  const IndexTag at_ = keys_.TagOf(member_);
  const MailboxTag mailbox_ = MailboxTag::Random(random_);
};

TEST_F(IndexKeysTest, RowLeadsToTheMailbox) {
  const std::string sealed = keys_.SealRow(at_, mailbox_, random_);
  EXPECT_EQ(sealed.size(), kIndexRowSize);
  EXPECT_EQ(keys_.OpenRow(at_, sealed)->bytes(), mailbox_.bytes());
}

TEST_F(IndexKeysTest, PlaceIsTheMembersAndTheKeysOnly) {
  EXPECT_EQ(keys_.TagOf(member_).bytes(), at_.bytes());
  EXPECT_NE(keys_.TagOf(MemberId::Random(random_)).bytes(), at_.bytes());
  EXPECT_NE(IndexKeys(SecretBytes<32>::Random()).TagOf(member_).bytes(), at_.bytes());
}

TEST_F(IndexKeysTest, RowMovedToAnotherMembersPlaceDoesNotOpen) {
  const std::string sealed = keys_.SealRow(at_, mailbox_, random_);
  const IndexTag other = keys_.TagOf(MemberId::Random(random_));
  EXPECT_EQ(keys_.OpenRow(other, sealed).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(IndexKeysTest, AnotherIndexKeyDoesNotOpen) {
  const std::string sealed = keys_.SealRow(at_, mailbox_, random_);
  EXPECT_FALSE(IndexKeys(SecretBytes<32>::Random()).OpenRow(at_, sealed).ok());
}

TEST_F(IndexKeysTest, AnyFlippedBitIsRefused) {
  const std::string sealed = keys_.SealRow(at_, mailbox_, random_);
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    EXPECT_EQ(keys_.OpenRow(at_, Flip(sealed, bit)).status().code(), absl::StatusCode::kDataLoss);
  }
}

TEST_F(IndexKeysTest, AnyOtherSizeIsRefused) {
  const std::string sealed = keys_.SealRow(at_, mailbox_, random_);
  for (size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(keys_.OpenRow(at_, sealed.substr(0, size)).ok());
  }
  EXPECT_FALSE(keys_.OpenRow(at_, sealed + '\0').ok());
}

TEST_F(IndexKeysTest, RowShowsNeitherMemberNorMailbox) {
  const std::string sealed = keys_.SealRow(at_, mailbox_, random_);
  EXPECT_EQ(sealed.find(std::string(member_.bytes())), std::string::npos);
  EXPECT_EQ(sealed.find(std::string(mailbox_.bytes())), std::string::npos);
  EXPECT_NE(sealed, keys_.SealRow(at_, mailbox_, random_));
}

}  // namespace
}  // namespace letterlock::vault
