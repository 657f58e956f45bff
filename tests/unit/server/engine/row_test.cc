#include "engine/row.h"

#include <gtest/gtest.h>

#include <string>

#include "engine/mailbox_tag.h"

namespace letterlock::engine {
namespace {

TEST(MailboxTag, IsSixteenBytesOrNone) {
  const std::string bytes = "0123456789abcdef";
  EXPECT_EQ(MailboxTag::FromBytes(bytes)->bytes(), bytes);
  EXPECT_FALSE(MailboxTag::FromBytes(""));
  EXPECT_FALSE(MailboxTag::FromBytes(bytes.substr(1)));
  EXPECT_FALSE(MailboxTag::FromBytes(bytes + "0"));
}

TEST(MailboxTag, IsOrderedAsUnsignedBytes) {
  const MailboxTag low = *MailboxTag::FromBytes(std::string(16, '\x7f'));
  const MailboxTag high = *MailboxTag::FromBytes(std::string(16, '\x80'));
  EXPECT_LT(low, high);
  EXPECT_NE(low, high);
}

TEST(RowKey, IsOrderedByTableThenUnsignedBytes) {
  EXPECT_LT((RowKey{Table{1}, "\xff"}), (RowKey{Table{2}, ""}));
  EXPECT_LT((RowKey{Table{0x7f}, ""}), (RowKey{Table{0x80}, ""}));
  EXPECT_LT((RowKey{Table{1}, "\x7f"}), (RowKey{Table{1}, "\x80"}));
  EXPECT_LT((RowKey{Table{1}, "a"}), (RowKey{Table{1}, "ab"}));
}

TEST(Range, BehindAPageStartsJustBehindItsLastKey) {
  const Page page{.generation = 1, .rows = {{{Table{1}, "a"}, ""}, {{Table{1}, "b"}, ""}}};
  const Range forward = Behind({.from = "a", .to = "z", .limit = 7}, page);
  EXPECT_EQ(forward.from, std::string("b\0", 2));
  EXPECT_EQ(forward.to, "z");
  EXPECT_EQ(forward.limit, 7u);
  const Range backward = Behind({.from = "a", .to = "z", .reverse = true}, page);
  EXPECT_EQ(backward.from, "a");
  EXPECT_EQ(backward.to, "b");
  EXPECT_TRUE(backward.reverse);
}

TEST(Batch, BytesAreThoseOfKeysAndValues) {
  Batch batch;
  batch.puts = {{{Table{1}, "abc"}, "12345"}, {{Table{1}, ""}, ""}};
  batch.deletes = {{Table{1}, "de"}};
  EXPECT_EQ(BatchBytes(batch), 10u);
}

TEST(Batch, RefusalNamesTheLimitAndNoKey) {
  Batch batch;
  batch.deletes = {{Table{1}, std::string(kMaxKeySize + 1, 'k')}};
  EXPECT_EQ(CheckBatch(batch), absl::InvalidArgumentError("row key over 64 bytes"));
}

}  // namespace
}  // namespace letterlock::engine
