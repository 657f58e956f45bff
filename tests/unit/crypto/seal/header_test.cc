#include <gtest/gtest.h>

#include <string>

#include "crypto/base/random.h"
#include "crypto/seal/envelope_header.h"
#include "letterlock/mail/v1/envelope.pb.h"

namespace letterlock::seal {
namespace {

mail::v1::EnvelopeHeader Good() {
  mail::v1::EnvelopeHeader m;
  m.set_deployment(std::string(16, 'd'));
  m.set_suite(1);
  m.set_message_id(std::string(16, 'm'));
  m.set_thread_id(std::string(16, 't'));
  m.set_sender(std::string(16, 's'));
  m.set_sender_identity_key_id(std::string(8, 'i'));
  m.set_sender_encryption_key_id(std::string(8, 'e'));
  m.set_recipient(std::string(16, 'r'));
  m.set_recipient_encryption_key_id(std::string(8, 'k'));
  m.set_nonce(std::string(24, 'n'));
  m.set_padded_length(512);
  m.set_commitment(std::string(32, 'c'));
  return m;
}

TEST(EnvelopeHeader, ParsesAndSerialisesToTheSameBytes) {
  const std::string bytes = Good().SerializeAsString();
  const auto header = EnvelopeHeader::Parse(bytes);
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->Serialise(), bytes);
  EXPECT_EQ(header->sender.bytes(), std::string(16, 's'));
  EXPECT_EQ(header->recipient_encryption_key_id.bytes(), std::string(8, 'k'));
  EXPECT_EQ(header->padded_length, 512u);
}

void ExpectRefused(const mail::v1::EnvelopeHeader& m) {
  EXPECT_EQ(EnvelopeHeader::Parse(m.SerializeAsString()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(EnvelopeHeader, FieldOfAnotherSizeIsRefused) {
  const google::protobuf::Descriptor* type = mail::v1::EnvelopeHeader::descriptor();
  int fields = 0;
  for (int i = 0; i < type->field_count(); ++i) {
    const google::protobuf::FieldDescriptor* field = type->field(i);
    if (field->type() != google::protobuf::FieldDescriptor::TYPE_BYTES) continue;
    ++fields;
    mail::v1::EnvelopeHeader m = Good();
    const std::string value = m.GetReflection()->GetString(m, field);
    for (const std::string& other : {std::string(), value.substr(1), value + "x"}) {
      m.GetReflection()->SetString(&m, field, other);
      ExpectRefused(m);
    }
  }
  EXPECT_EQ(fields, 10);
}

TEST(EnvelopeHeader, UnknownSuiteIsRefused) {
  for (uint32_t suite : {0u, 2u, 0xffffffffu}) {
    mail::v1::EnvelopeHeader m = Good();
    m.set_suite(suite);
    ExpectRefused(m);
  }
}

TEST(EnvelopeHeader, LengthThatPaddingCannotGiveIsRefused) {
  for (uint32_t length : {0u, 1u, 255u, 257u, 4097u, 8192u + 256u, 32768u + 2048u, 0xffffff00u}) {
    mail::v1::EnvelopeHeader m = Good();
    m.set_padded_length(length);
    ExpectRefused(m);
  }
}

TEST(EnvelopeHeader, AnythingElseIsRefused) {
  EXPECT_FALSE(EnvelopeHeader::Parse("").ok());
  EXPECT_FALSE(EnvelopeHeader::Parse("\xff\xff").ok());
  EXPECT_FALSE(EnvelopeHeader::Parse(Good().SerializeAsString() + "\x78\x01").ok());
}

}  // namespace
}  // namespace letterlock::seal
