#include "server/mail/mailbox/rows.h"

#include <gtest/gtest.h>

#include "letterlock/mail/v1/rows.pb.h"

namespace letterlock::mail {
namespace {

// A field that no schema of ours has: number 1000, a varint.
constexpr std::string_view kUnknown("\xc0\x3e\x01", 3);

v1::MailboxMessage AMessage() {
  v1::MailboxMessage message;
  message.set_header("header");
  message.set_wrap("wrap");
  message.set_ciphertext("ciphertext");
  message.mutable_state()->set_folder(v1::FOLDER_INBOX);
  message.mutable_state()->set_sequence(7);
  return message;
}

v1::ProfileRow AProfile() {
  Profile profile;
  profile.devices.resize(2);
  v1::ProfileRow row;
  EXPECT_TRUE(row.ParseFromString(EncodeProfile(profile)));
  return row;
}

TEST(Rows, ReadBackAsWritten) { EXPECT_TRUE(DecodeMessage(AMessage().SerializeAsString()).ok()); }

TEST(Rows, WithAnUnknownFieldAreRefused) {
  EXPECT_TRUE(
      absl::IsDataLoss(DecodeMessage(AMessage().SerializeAsString().append(kUnknown)).status()));
}

TEST(Rows, WithAnUnknownFieldInAMessageInsideAreRefused) {
  v1::MailboxMessage message = AMessage();
  message.mutable_state()
      ->GetReflection()
      ->MutableUnknownFields(message.mutable_state())
      ->AddVarint(1000, 1);
  EXPECT_TRUE(absl::IsDataLoss(DecodeMessage(message.SerializeAsString()).status()));
}

TEST(Rows, WithAnUnknownFieldInOneOfManyInsideAreRefused) {
  v1::ProfileRow row = AProfile();
  ASSERT_EQ(row.devices_size(), 2);
  v1::DeviceRow* last = row.mutable_devices(1);
  last->GetReflection()->MutableUnknownFields(last)->AddVarint(1000, 1);
  EXPECT_TRUE(absl::IsDataLoss(DecodeProfile(row.SerializeAsString()).status()));
}

TEST(Rows, InAnotherOrderThanTheFieldNumbersAreRefused) {
  v1::MailboxMessage first;
  first.set_ciphertext("ciphertext");
  v1::MailboxMessage second = AMessage();
  second.clear_ciphertext();
  EXPECT_TRUE(absl::IsDataLoss(
      DecodeMessage(first.SerializeAsString() + second.SerializeAsString()).status()));
}

}  // namespace
}  // namespace letterlock::mail
