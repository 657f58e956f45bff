// What the server refuses by looking at an envelope alone.
#include "server/mail/send/envelope_check.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <functional>

#include "crypto/seal/padding.h"
#include "letterlock/common/v1/errors.pb.h"
#include "server/rpc/status.h"
#include "support/mail_user.h"

namespace rc {

template <>
struct Arbitrary<letterlock::mail::v1::Envelope> {
  static Gen<letterlock::mail::v1::Envelope> arbitrary() {
    return gen::map(gen::container<std::vector<std::string>>(4, gen::arbitrary<std::string>()),
                    [](const std::vector<std::string>& parts) {
                      letterlock::mail::v1::Envelope envelope;
                      envelope.set_header(parts[0]);
                      envelope.set_recipient_wrap(parts[1]);
                      envelope.set_sender_wrap(parts[2]);
                      envelope.set_ciphertext(parts[3]);
                      return envelope;
                    });
  }
};

}  // namespace rc

namespace letterlock::mail {
namespace {

using testing::EditHeader;
using testing::EnvelopeOf;

struct BadEnvelope {
  const char* name;
  common::v1::ErrorReason reason;
  const char* field;
  std::function<void(v1::Envelope&)> spoil;
};

void PrintTo(const BadEnvelope& bad, std::ostream* out) { *out << bad.name; }

class Envelopes : public ::testing::TestWithParam<BadEnvelope> {
 protected:
  const crypto::DeploymentId deployment_ = *crypto::DeploymentId::FromBytes("deployment......");
  const testing::MailUser ann_{"ann", deployment_};
  const testing::MailUser bob_{"bob", deployment_};
  v1::Envelope envelope_ = EnvelopeOf(ann_, bob_, testing::FreshMessageId());
};

TEST_F(Envelopes, AGoodOneSaysWhoWritesToWhom) {
  auto routing = CheckEnvelope(envelope_, deployment_);
  ASSERT_TRUE(routing.ok()) << routing.status();
  EXPECT_EQ(routing->sender, ann_.id());
  EXPECT_EQ(routing->recipient, bob_.id());
}

TEST_P(Envelopes, ABadOneIsRefusedWithFieldAndReason) {
  GetParam().spoil(envelope_);
  auto routing = CheckEnvelope(envelope_, deployment_);
  EXPECT_EQ(routing.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(rpc::ReasonOf(routing.status()), GetParam().reason);
  EXPECT_EQ(rpc::FieldOf(routing.status()), GetParam().field);
}

std::function<void(v1::Envelope&)> Header(std::function<void(v1::EnvelopeHeader&)> change) {
  return [change](v1::Envelope& envelope) { EditHeader(&envelope, change); };
}

void Pad(v1::Envelope& envelope, std::uint32_t length) {
  EditHeader(&envelope, [&](v1::EnvelopeHeader& header) { header.set_padded_length(length); });
  envelope.set_ciphertext(std::string(length + 16, '.'));
}

INSTANTIATE_TEST_SUITE_P(
    Table, Envelopes,
    ::testing::Values(
        BadEnvelope{"no header", common::v1::ERROR_REASON_FIELD_MISSING, "envelope.header",
                    [](auto& envelope) { envelope.clear_header(); }},
        BadEnvelope{"not protobuf", common::v1::ERROR_REASON_NOT_CANONICAL, "envelope.header",
                    [](auto& envelope) { envelope.set_header("\xff\xff"); }},
        BadEnvelope{"unknown field", common::v1::ERROR_REASON_NOT_CANONICAL, "envelope.header",
                    [](auto& envelope) { envelope.mutable_header()->append("\xa0\x06\x01"); }},
        BadEnvelope{"field twice", common::v1::ERROR_REASON_NOT_CANONICAL, "envelope.header",
                    [](auto& envelope) { envelope.mutable_header()->append("\x10\x01"); }},
        BadEnvelope{"long varint", common::v1::ERROR_REASON_NOT_CANONICAL, "envelope.header",
                    [](auto& envelope) {
                      const auto at = envelope.header().find(std::string("\x10\x01", 2), 18);
                      envelope.mutable_header()->replace(at, 2, std::string("\x10\x81\x00", 3));
                    }},
        BadEnvelope{"other deployment", common::v1::ERROR_REASON_WRONG_DEPLOYMENT,
                    "envelope.header.deployment",
                    Header([](auto& header) { header.mutable_deployment()->at(0) ^= 1; })},
        BadEnvelope{"no suite", common::v1::ERROR_REASON_UNKNOWN_SUITE, "envelope.header.suite",
                    Header([](auto& header) { header.clear_suite(); })},
        BadEnvelope{"suite 2", common::v1::ERROR_REASON_UNKNOWN_SUITE, "envelope.header.suite",
                    Header([](auto& header) { header.set_suite(2); })},
        BadEnvelope{"short id", common::v1::ERROR_REASON_FIELD_SIZE, "envelope.header.message_id",
                    Header([](auto& header) { header.mutable_message_id()->pop_back(); })},
        BadEnvelope{"no thread", common::v1::ERROR_REASON_FIELD_SIZE, "envelope.header.thread_id",
                    Header([](auto& header) { header.clear_thread_id(); })},
        BadEnvelope{"long sender", common::v1::ERROR_REASON_FIELD_SIZE, "envelope.header.sender",
                    Header([](auto& header) { header.mutable_sender()->push_back('x'); })},
        BadEnvelope{"no recipient", common::v1::ERROR_REASON_FIELD_SIZE,
                    "envelope.header.recipient",
                    Header([](auto& header) { header.clear_recipient(); })},
        BadEnvelope{"short key id", common::v1::ERROR_REASON_FIELD_SIZE,
                    "envelope.header.recipient_encryption_key_id", Header([](auto& header) {
                      header.mutable_recipient_encryption_key_id()->pop_back();
                    })},
        BadEnvelope{"short nonce", common::v1::ERROR_REASON_FIELD_SIZE, "envelope.header.nonce",
                    Header([](auto& header) { header.mutable_nonce()->pop_back(); })},
        BadEnvelope{"short commitment", common::v1::ERROR_REASON_FIELD_SIZE,
                    "envelope.header.commitment",
                    Header([](auto& header) { header.mutable_commitment()->pop_back(); })},
        BadEnvelope{"short wrap", common::v1::ERROR_REASON_FIELD_SIZE, "envelope.recipient_wrap",
                    [](auto& envelope) { envelope.mutable_recipient_wrap()->pop_back(); }},
        BadEnvelope{"no own wrap", common::v1::ERROR_REASON_FIELD_SIZE, "envelope.sender_wrap",
                    [](auto& envelope) { envelope.clear_sender_wrap(); }},
        BadEnvelope{"ciphertext too short", common::v1::ERROR_REASON_FIELD_SIZE,
                    "envelope.ciphertext",
                    [](auto& envelope) { envelope.mutable_ciphertext()->pop_back(); }},
        BadEnvelope{"unpadded", common::v1::ERROR_REASON_FIELD_RANGE,
                    "envelope.header.padded_length", [](auto& envelope) { Pad(envelope, 255); }},
        BadEnvelope{"nothing padded", common::v1::ERROR_REASON_FIELD_RANGE,
                    "envelope.header.padded_length", [](auto& envelope) { Pad(envelope, 0); }},
        BadEnvelope{"no Padme length", common::v1::ERROR_REASON_FIELD_RANGE,
                    "envelope.header.padded_length",
                    [](auto& envelope) { Pad(envelope, 16'384 + 256); }},
        BadEnvelope{"too large", common::v1::ERROR_REASON_TOO_LARGE,
                    "envelope.header.padded_length",
                    [](auto& envelope) { Pad(envelope, 32'768 + 1'024); }},
        BadEnvelope{"to oneself", common::v1::ERROR_REASON_FIELD_RANGE, "envelope.header.recipient",
                    Header([](auto& header) { header.set_recipient(header.sender()); })}));

// docs/formats.md, "Envelope".
std::uint32_t PaddedLength(std::uint32_t n) {
  if (n <= 4096) return (n + 255) / 256 * 256;
  int e = 0;
  while ((n >> (e + 1)) != 0) ++e;
  int s = 0;
  while ((e >> s) != 0) ++s;
  const std::uint32_t step = 1u << (e - s);
  return (n + step - 1) / step * step;
}

TEST(PaddedLengths, AreExactlyThoseThatPaddingMakes) {
  std::vector<bool> made(kMaxPaddedLength + 1, false);
  for (std::uint32_t n = 1; n <= kMaxPaddedLength; ++n) {
    if (PaddedLength(n) <= kMaxPaddedLength) made[PaddedLength(n)] = true;
  }
  for (std::uint32_t length = 0; length <= kMaxPaddedLength; ++length) {
    EXPECT_EQ(IsPaddedLength(length), made[length]) << length;
  }
  EXPECT_FALSE(IsPaddedLength(kMaxPaddedLength + 1));
}

// Two pieces of code, for the planes share none: what a member's client makes, the server takes,
// and the server takes no length that no client makes.
TEST(PaddedLengths, AreTheSameForWhoSealsAndForTheServer) {
  static_assert(kMaxPaddedLength == seal::kMaxPaddedLength);
  for (std::uint32_t size = 1; size <= seal::kMaxPaddedLength; ++size) {
    const auto padded = seal::PaddedLength(size);
    ASSERT_TRUE(padded.ok()) << size;
    EXPECT_TRUE(IsPaddedLength(*padded)) << size;
  }
  EXPECT_FALSE(seal::PaddedLength(seal::kMaxPaddedLength + 1).ok());
  for (std::uint32_t length = 0; length <= 4 * seal::kMaxPaddedLength; ++length) {
    ASSERT_EQ(IsPaddedLength(length), seal::IsPaddedLength(length)) << length;
  }
}

RC_GTEST_PROP(RequestDigests, DifferWhereverTheirEnvelopesDo, (const v1::Envelope& envelope)) {
  v1::Envelope other = envelope;
  std::string* const parts[] = {other.mutable_header(), other.mutable_recipient_wrap(),
                                other.mutable_sender_wrap(), other.mutable_ciphertext()};
  const std::size_t part = *rc::gen::inRange<std::size_t>(0, 4);
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      parts[part]->push_back('x');
      break;
    case 1:
      RC_PRE(!parts[part]->empty());
      parts[part]->front() ^= 1;
      break;
    default:
      // The same bytes, cut elsewhere.
      RC_PRE(part < 3 && !parts[part]->empty());
      parts[part + 1]->insert(parts[part + 1]->begin(), parts[part]->back());
      parts[part]->pop_back();
  }
  RC_ASSERT(RequestDigest(envelope) != RequestDigest(other));
}

}  // namespace
}  // namespace letterlock::mail
