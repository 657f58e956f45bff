// Rows of the rules say what they hold, and nothing else passes for one.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "letterlock/mail/v1/rows.pb.h"
#include "server/mail/mailbox/rows.h"

namespace letterlock::mail {
namespace {

Contact AnyContact() {
  Contact contact;
  contact.member = crypto::MemberId::FromBytes(std::string(16, 'm')).value();
  contact.standing = static_cast<Standing>(*rc::gen::inRange(0, 6));
  contact.first_contact_ms = *rc::gen::arbitrary<std::uint64_t>();
  contact.credit_held = *rc::gen::arbitrary<bool>();
  contact.unanswered = *rc::gen::arbitrary<std::uint32_t>();
  contact.blocked_ms = *rc::gen::arbitrary<std::uint64_t>();
  const auto requests = *rc::gen::inRange<std::uint64_t>(0, kMostUnanswered + 1);
  for (std::uint64_t i = 0; i < requests; ++i)
    contact.requests.push_back(std::string(15, 'k') + static_cast<char>(i));
  contact.messages = *rc::gen::arbitrary<std::uint64_t>();
  contact.bytes = *rc::gen::arbitrary<std::uint64_t>();
  contact.answered_sequence = *rc::gen::arbitrary<std::uint64_t>();
  return contact;
}

RC_GTEST_PROP(ContactRow, IsReadAsItWasWritten, ()) {
  const Contact contact = AnyContact();
  auto read = DecodeContact(EncodeContact(contact));
  RC_ASSERT(read.ok());
  RC_ASSERT(*read == contact);
}

RC_GTEST_PROP(ContactRow, CutOrExtendedIsRefused, ()) {
  const std::string row = EncodeContact(AnyContact());
  const auto cut = *rc::gen::inRange<std::size_t>(0, row.size());
  const auto read = DecodeContact(row.substr(0, cut));
  // What is left may be a row of its own, but never passes for this one.
  if (read.ok()) RC_ASSERT(EncodeContact(*read) == row.substr(0, cut));
  RC_ASSERT(!DecodeContact(row + "x").ok());
}

TEST(ContactRow, RefusesWhatNoWriterOfOursMakes) {
  v1::ContactRow row;
  row.set_member(std::string(16, 'm'));
  ASSERT_TRUE(DecodeContact(row.SerializeAsString()).ok());
  v1::ContactRow bad = row;
  bad.set_member("short");
  EXPECT_EQ(DecodeContact(bad.SerializeAsString()).status().code(), absl::StatusCode::kDataLoss);
  bad = row;
  bad.set_standing(static_cast<v1::Standing>(6));
  EXPECT_EQ(DecodeContact(bad.SerializeAsString()).status().code(), absl::StatusCode::kDataLoss);
  bad = row;
  for (int i = 0; i < 17; ++i) bad.add_requests(std::string(16, 'k'));
  EXPECT_EQ(DecodeContact(bad.SerializeAsString()).status().code(), absl::StatusCode::kDataLoss);
  bad = row;
  bad.add_requests("short");
  EXPECT_EQ(DecodeContact(bad.SerializeAsString()).status().code(), absl::StatusCode::kDataLoss);
}

TEST(BlockRow, RefusesWhatNoWriterOfOursMakes) {
  const BlockedMember block{crypto::MemberId::FromBytes(std::string(16, 'm')).value(), 5};
  ASSERT_TRUE(DecodeBlock(EncodeBlock(block)).ok());
  EXPECT_FALSE(DecodeBlock(EncodeBlock({block.member, 0})).ok());
  EXPECT_FALSE(DecodeBlock(EncodeBlock(block) + "x").ok());
  EXPECT_FALSE(DecodeBlock("").ok());
}

TEST(CountersRow, KeepsTheAccountAndHasNoneWhereNothingWasUsed) {
  Counters counters{.next_sequence = 9, .message_count = 3, .byte_count = 700, .account = {}};
  const std::string without = EncodeCounters(counters);
  counters.account.credits = 3;
  counters.account.credits_since_ms = 5;
  counters.account.sends = {77, 8};
  counters.account.report_bytes = 4;
  EXPECT_EQ(DecodeCounters(EncodeCounters(counters))->account, counters.account);
  EXPECT_EQ(DecodeCounters(without)->account, Account());
  v1::CountersRow row;
  row.set_next_sequence(1);
  row.mutable_account();
  EXPECT_FALSE(DecodeCounters(row.SerializeAsString()).ok());
}

}  // namespace
}  // namespace letterlock::mail
