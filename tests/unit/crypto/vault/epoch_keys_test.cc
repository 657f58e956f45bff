#include "crypto/vault/epoch_keys.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <type_traits>

#include "support/flip.h"

namespace letterlock::vault {
namespace {

using crypto::DeploymentId;
using crypto::KeyAccess;
using crypto::SecretBytes;
using crypto::SystemRandom;
using testing::Flip;

static_assert(!std::is_copy_constructible_v<EpochKeys> &&
              !std::is_copy_constructible_v<MailboxKey>);

class EpochKeysTest : public ::testing::Test {
 protected:
  SystemRandom random_;
  const DeploymentId deployment_ = DeploymentId::Random(random_);
  const SecretBytes<32> epoch_key_ = SecretBytes<32>::Random();
  const EpochKeys keys_{deployment_, 7, epoch_key_};
  const MailboxTag tag_ = MailboxTag::Random(random_);
  const MailboxKey key_{.generation = 3, .key = SecretBytes<32>::Random()};
};

TEST_F(EpochKeysTest, UnwrapsTheMailboxKeyAndItsGeneration) {
  const std::string wrapped = keys_.WrapMailboxKey(tag_, key_, random_);
  EXPECT_EQ(wrapped.size(), kWrappedMailboxKeySize);
  const auto opened = keys_.UnwrapMailboxKey(tag_, wrapped);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->generation, 3u);
  EXPECT_TRUE(opened->key == key_.key);
}

TEST_F(EpochKeysTest, UnwrapsTheIndexKey) {
  const std::string wrapped = keys_.WrapIndexKey(key_.key, random_);
  EXPECT_EQ(wrapped.size(), kWrappedIndexKeySize);
  const auto opened = keys_.UnwrapIndexKey(wrapped);
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(*opened == key_.key);
}

TEST_F(EpochKeysTest, AnyFlippedBitOfAWrapIsRefused) {
  const std::string mailbox = keys_.WrapMailboxKey(tag_, key_, random_);
  for (size_t bit = 0; bit < mailbox.size() * 8; ++bit) {
    EXPECT_EQ(keys_.UnwrapMailboxKey(tag_, Flip(mailbox, bit)).status().code(),
              absl::StatusCode::kDataLoss)
        << bit;
  }
  const std::string index = keys_.WrapIndexKey(key_.key, random_);
  for (size_t bit = 0; bit < index.size() * 8; ++bit) {
    EXPECT_EQ(keys_.UnwrapIndexKey(Flip(index, bit)).status().code(), absl::StatusCode::kDataLoss)
        << bit;
  }
}

TEST_F(EpochKeysTest, AnyOtherSizeIsRefused) {
  const std::string mailbox = keys_.WrapMailboxKey(tag_, key_, random_);
  for (size_t size = 0; size < mailbox.size(); ++size) {
    EXPECT_FALSE(keys_.UnwrapMailboxKey(tag_, mailbox.substr(0, size)).ok());
  }
  EXPECT_FALSE(keys_.UnwrapMailboxKey(tag_, mailbox + '\0').ok());
  const std::string index = keys_.WrapIndexKey(key_.key, random_);
  EXPECT_FALSE(keys_.UnwrapIndexKey(index.substr(1)).ok());
  EXPECT_FALSE(keys_.UnwrapIndexKey(index + '\0').ok());
}

TEST_F(EpochKeysTest, WrapOfAnotherMailboxDoesNotOpen) {
  const std::string wrapped = keys_.WrapMailboxKey(tag_, key_, random_);
  EXPECT_FALSE(keys_.UnwrapMailboxKey(MailboxTag::Random(random_), wrapped).ok());
}

TEST_F(EpochKeysTest, WrapOfAnotherDeploymentDoesNotOpenThoughTheEpochKeyIsTheSame) {
  const EpochKeys elsewhere(DeploymentId::Random(random_), 7, epoch_key_);
  EXPECT_FALSE(elsewhere.UnwrapMailboxKey(tag_, keys_.WrapMailboxKey(tag_, key_, random_)).ok());
  EXPECT_FALSE(elsewhere.UnwrapIndexKey(keys_.WrapIndexKey(key_.key, random_)).ok());
}

TEST_F(EpochKeysTest, WrapOfAnotherEpochDoesNotOpenThoughTheEpochKeyIsTheSame) {
  const EpochKeys later(deployment_, 8, epoch_key_);
  std::string mailbox = keys_.WrapMailboxKey(tag_, key_, random_);
  std::string index = keys_.WrapIndexKey(key_.key, random_);
  EXPECT_FALSE(later.UnwrapMailboxKey(tag_, mailbox).ok());
  EXPECT_FALSE(later.UnwrapIndexKey(index).ok());
  mailbox[4] = index[4] = 8;  // relabelled
  EXPECT_FALSE(later.UnwrapMailboxKey(tag_, mailbox).ok());
  EXPECT_FALSE(later.UnwrapIndexKey(index).ok());
}

TEST_F(EpochKeysTest, WrapUnderAnotherEpochKeyDoesNotOpen) {
  const EpochKeys other(deployment_, 7, SecretBytes<32>::Random());
  EXPECT_FALSE(other.UnwrapMailboxKey(tag_, keys_.WrapMailboxKey(tag_, key_, random_)).ok());
  EXPECT_FALSE(other.UnwrapIndexKey(keys_.WrapIndexKey(key_.key, random_)).ok());
}

TEST_F(EpochKeysTest, WrappingTwiceGivesOtherBytes) {
  EXPECT_NE(keys_.WrapMailboxKey(tag_, key_, random_), keys_.WrapMailboxKey(tag_, key_, random_));
}

TEST_F(EpochKeysTest, WrapSaysWhichEpochItNeeds) {
  EXPECT_EQ(*WrappedEpoch(keys_.WrapMailboxKey(tag_, key_, random_)), 7u);
  EXPECT_EQ(*WrappedEpoch(keys_.WrapIndexKey(key_.key, random_)), 7u);
  EXPECT_FALSE(WrappedEpoch("").ok());
  EXPECT_FALSE(WrappedEpoch(std::string(kWrappedIndexKeySize, '\2')).ok());
  EXPECT_FALSE(WrappedEpoch(keys_.WrapIndexKey(key_.key, random_) + '\0').ok());
}

RC_GTEST_PROP(EpochKeys, ReWrappingUnderTheNextEpochKeepsKeyAndGeneration,
              (uint32_t epoch, uint32_t generation)) {
  SystemRandom random;
  const DeploymentId deployment = DeploymentId::Random(random);
  const MailboxTag tag = MailboxTag::Random(random);
  const EpochKeys now(deployment, epoch, SecretBytes<32>::Random());
  const EpochKeys next(deployment, epoch + 1, SecretBytes<32>::Random());
  const MailboxKey key{.generation = generation, .key = SecretBytes<32>::Random()};

  const auto moved = now.UnwrapMailboxKey(tag, now.WrapMailboxKey(tag, key, random));
  RC_ASSERT(moved.ok());
  const std::string wrapped = next.WrapMailboxKey(tag, *moved, random);
  const auto opened = next.UnwrapMailboxKey(tag, wrapped);
  RC_ASSERT(opened.ok());
  RC_ASSERT(opened->generation == generation);
  RC_ASSERT(opened->key == key.key);
  RC_ASSERT(!now.UnwrapMailboxKey(tag, wrapped).ok());
}

}  // namespace
}  // namespace letterlock::vault
