#include "crypto/vault/mailbox_keys.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <type_traits>

#include "support/flip.h"

namespace letterlock::vault {
namespace {

using crypto::KeyAccess;
using crypto::MemberId;
using crypto::MessageId;
using crypto::SecretBytes;
using crypto::SystemRandom;
using testing::Flip;

static_assert(!std::is_copy_constructible_v<MailboxKeys>);
static_assert(sizeof(MailboxKeys) <= 128, "a slot in the cache of keys");

constexpr uint8_t kTable = 0x04;

bool Opens(const MailboxKeys& keys, const RowPlace& place, const std::string& sealed) {
  const auto row = keys.OpenRow(place, sealed);
  if (!row.ok()) EXPECT_EQ(row.status().code(), absl::StatusCode::kDataLoss);
  return row.ok();
}

class SealedRow : public ::testing::Test {
 protected:
  MailboxKey Key(uint32_t generation) const {
    return {.generation = generation, .key = secret_.Clone(KeyAccess{})};
  }
  std::string Seal() { return keys_.SealRow({kTable, "key"}, "row", random_); }

  SystemRandom random_;
  const SecretBytes<32> secret_ = SecretBytes<32>::Random();
  const MailboxTag tag_ = MailboxTag::Random(random_);
  const MailboxKeys keys_{tag_, Key(1)};
};

TEST_F(SealedRow, OpensAtItsPlace) {
  EXPECT_EQ(*keys_.OpenRow({kTable, "key"}, Seal()), "row");
  EXPECT_EQ(Seal().size(), 3 + kRowOverhead);
}

TEST_F(SealedRow, MovedToAnotherKeyDoesNotOpen) {
  EXPECT_FALSE(Opens(keys_, {kTable, "kez"}, Seal()));
  EXPECT_FALSE(Opens(keys_, {kTable, "ke"}, Seal()));
  EXPECT_FALSE(Opens(keys_, {kTable, ""}, Seal()));
  EXPECT_FALSE(Opens(keys_, {kTable, std::string_view("key\0", 4)}, Seal()));
}

TEST_F(SealedRow, MovedToAnotherTableDoesNotOpen) {
  for (int table = 0; table < 256; ++table) {
    EXPECT_EQ(Opens(keys_, {static_cast<uint8_t>(table), "key"}, Seal()), table == kTable);
  }
}

TEST_F(SealedRow, MovedToAnotherMailboxDoesNotOpen) {
  const MailboxTag other = MailboxTag::Random(random_);
  EXPECT_FALSE(Opens(MailboxKeys(other, {1, SecretBytes<32>::Random()}), {kTable, "key"}, Seal()));
  // Not even where both mailboxes had the same key by some mishap.
  EXPECT_FALSE(Opens(MailboxKeys(other, Key(1)), {kTable, "key"}, Seal()));
}

TEST_F(SealedRow, OfAnotherGenerationDoesNotOpen) {
  std::string sealed = Seal();
  const MailboxKeys next(tag_, Key(2));
  EXPECT_FALSE(Opens(next, {kTable, "key"}, sealed));
  sealed[4] = 2;  // relabelled
  EXPECT_FALSE(Opens(next, {kTable, "key"}, sealed));
}

TEST_F(SealedRow, OfAnotherVersionDoesNotOpen) {
  for (int version = 0; version < 256; ++version) {
    std::string sealed = Seal();
    sealed[0] = static_cast<char>(version);
    EXPECT_EQ(Opens(keys_, {kTable, "key"}, sealed), version == 1);
  }
}

TEST_F(SealedRow, AnyFlippedBitIsRefused) {
  const std::string sealed = Seal();
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    EXPECT_FALSE(Opens(keys_, {kTable, "key"}, Flip(sealed, bit))) << bit;
  }
}

TEST_F(SealedRow, AnyTruncationIsRefused) {
  const std::string sealed = Seal();
  for (size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_FALSE(Opens(keys_, {kTable, "key"}, sealed.substr(0, size)));
  }
}

TEST_F(SealedRow, SameRowTwiceGivesOtherBytes) { EXPECT_NE(Seal(), Seal()); }

RC_GTEST_PROP(SealedRowProperty, RoundTripsAnyRowAtAnyPlaceAndNowhereElse,
              (uint8_t table, const std::string& key, const std::string& row, uint32_t generation,
               uint8_t other_table, const std::string& other_key)) {
  SystemRandom random;
  const MailboxKeys keys(MailboxTag::Random(random), {generation, SecretBytes<32>::Random()});
  const std::string sealed = keys.SealRow({table, key}, row, random);
  RC_ASSERT(*keys.OpenRow({table, key}, sealed) == row);
  RC_ASSERT(keys.OpenRow({other_table, other_key}, sealed).ok() ==
            (other_table == table && other_key == key));
}

RC_GTEST_PROP(SealedRowProperty, AnyFlippedBitOfAnyRowIsRefused,
              (const std::string& key, const std::string& row)) {
  SystemRandom random;
  const MailboxKeys keys(MailboxTag::Random(random), {1, SecretBytes<32>::Random()});
  const std::string sealed = keys.SealRow({kTable, key}, row, random);
  const size_t bit = *rc::gen::inRange<size_t>(0, sealed.size() * 8);
  RC_ASSERT(!keys.OpenRow({kTable, key}, Flip(sealed, bit)).ok());
}

TEST(RowKey, DependsOnMailboxSenderAndMessage) {
  SystemRandom random;
  const MailboxTag tag = MailboxTag::Random(random);
  const MailboxKeys keys(tag, {1, SecretBytes<32>::Random()});
  const MemberId sender = MemberId::Random(random);
  const MessageId message = MessageId::Random(random);
  const std::string key = keys.MessageRowKey(sender, message);
  EXPECT_EQ(key.size(), kMessageRowKeySize);
  EXPECT_EQ(key, keys.MessageRowKey(sender, message));
  EXPECT_NE(key, keys.MessageRowKey(MemberId::Random(random), message));
  EXPECT_NE(key, keys.MessageRowKey(sender, MessageId::Random(random)));
  EXPECT_NE(key, MailboxKeys(tag, {1, SecretBytes<32>::Random()}).MessageRowKey(sender, message));
}

}  // namespace
}  // namespace letterlock::vault
