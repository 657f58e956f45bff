// Over the wire: what works, and what bad input gets. Each refusal has its code, its reason and,
// where a field is to blame, its name, and leaves the store as it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "attest/canonical_proto.h"
#include "crypto/base/encoding.h"
#include "letterlock/common/v1/errors.pb.h"
#include "served_mail.h"
#include "server/rpc/status.h"
#include "support/flip.h"

namespace letterlock::mail {
namespace {

using common::v1::ErrorReason;
using testing::EnrollRequestOf;
using testing::EnvelopeOf;

class Served : public ::testing::Test {
 protected:
  Served() {
    sent_ = FreshMessageId();
    *first_.mutable_envelope() = EnvelopeOf(ann_, bob_, sent_);
    EXPECT_TRUE(client().Call(first_, ann_token_).ok());
    for (int i = 0; i < 2; ++i) {
      v1::SendRequest answer;
      *answer.mutable_envelope() = EnvelopeOf(bob_, ann_, FreshMessageId());
      EXPECT_TRUE(client().Call(answer, bob_token_).ok());
    }
    served_.WaitUntilSettled();
  }
  testing::MailClient& client() { return served_.client(); }

  v1::SendRequest Fresh() {
    v1::SendRequest request;
    *request.mutable_envelope() = EnvelopeOf(ann_, bob_, FreshMessageId());
    return request;
  }

  ServedMail served_;
  TestUser& ann_ = served_.world.AddMember("annabel-of-the-harbour");
  TestUser& bob_ = served_.world.AddMember("bartholomew");
  const std::string ann_token_ = served_.TokenOf(ann_);
  const std::string bob_token_ = served_.TokenOf(bob_);
  crypto::MessageId sent_;
  v1::SendRequest first_;
};

TEST_F(Served, AMemberSendsAndAnotherListsAndFetches) {
  auto listed = client().Call(v1::ListRequest(), bob_token_);
  ASSERT_TRUE(listed.ok()) << listed.status();
  ASSERT_EQ(listed->messages_size(), 3);
  EXPECT_EQ(listed->messages(2).header(), first_.envelope().header());
  EXPECT_TRUE(listed->next_page_token().empty());

  v1::BatchGetRequest get;
  v1::MessageReference* missing = get.add_references();
  missing->set_sender(std::string(bob_.id().bytes()));
  missing->set_message_id(std::string(sent_.bytes()));
  v1::MessageReference* there = get.add_references();
  there->set_sender(std::string(ann_.id().bytes()));
  there->set_message_id(std::string(sent_.bytes()));
  auto got = client().Call(get, bob_token_);
  ASSERT_TRUE(got.ok()) << got.status();
  ASSERT_EQ(got->results_size(), 2);
  EXPECT_FALSE(got->results(0).has_message());
  EXPECT_EQ(got->results(1).message().ciphertext(), first_.envelope().ciphertext());
  EXPECT_EQ(got->results(1).message().wrap(), first_.envelope().recipient_wrap());
}

TEST_F(Served, TheLargestMessageGoesThroughAndAHundredOfThemComeBack) {
  v1::BatchGetRequest get;
  for (int i = 0; i < 100; ++i) {
    v1::SendRequest request;
    const auto id = FreshMessageId();
    *request.mutable_envelope() = EnvelopeOf(ann_, bob_, id, "large", 32'768);
    ASSERT_TRUE(client().Call(request, ann_token_).ok());
    v1::MessageReference* reference = get.add_references();
    reference->set_sender(std::string(ann_.id().bytes()));
    reference->set_message_id(std::string(id.bytes()));
  }
  auto got = client().Call(get, bob_token_);
  ASSERT_TRUE(got.ok()) << got.status();
  for (const auto& result : got->results()) {
    EXPECT_EQ(result.message().ciphertext().size(), 32'768u + 16);
  }
  v1::ListRequest list;
  list.set_page_size(200);
  auto listed = client().Call(list, bob_token_);
  ASSERT_TRUE(listed.ok());
  EXPECT_EQ(listed->messages_size(), 103);
}

TEST_F(Served, NoLogLineAndNoErrorNamesAMember) {
  TestUser stranger("bartleby-the-stranger", served_.world.directory.deployment());
  std::vector<absl::Status> errors;
  auto to_stranger = Fresh();
  *to_stranger.mutable_envelope() = EnvelopeOf(ann_, stranger, FreshMessageId());
  errors.push_back(client().Call(to_stranger, ann_token_).status());
  errors.push_back(client().Call(first_, bob_token_).status());
  errors.push_back(client().OpenSession(stranger).status());
  auto enroll = EnrollRequestOf(served_.world.directory, ann_);
  enroll.set_device_signature(testing::Flip(enroll.device_signature(), 7));
  errors.push_back(client().Call(enroll).status());

  std::string texts;
  for (const absl::Status& error : errors) {
    EXPECT_FALSE(error.ok());
    texts += error.ToString() + "\n";
  }
  const std::vector<std::string> lines = served_.LogLines();
  ASSERT_GE(lines.size(), 8u);
  for (const std::string& line : lines) texts += line + "\n";
  for (const TestUser* user : {&ann_, &bob_, &stranger}) {
    const std::string id(user->id().bytes());
    for (const std::string& name :
         {user->member.handle.str(), id, crypto::HexEncode(id), crypto::Base64Encode(id),
          crypto::HexEncode(user->device.public_key().bytes()),
          crypto::Base64Encode(user->device.public_key().bytes())}) {
      EXPECT_EQ(texts.find(name), std::string::npos);
    }
  }
  EXPECT_EQ(texts.find(crypto::Base64UrlEncode(ann_token_)), std::string::npos);
  // The control: what is logged can be found.
  EXPECT_NE(texts.find("MailService/Send"), std::string::npos);
}

// gRPC refuses it by its length, before anybody reads it: there is no more to say.
TEST_F(Served, AnOversizedRequestIsRefusedUnread) {
  const auto before = served_.Store();
  const absl::Status status = client().CallRaw("/letterlock.mail.v1.MailService/Send",
                                               std::string(ServedMail::kMaxRequestBytes + 1, 'x'),
                                               "Bearer " + crypto::Base64UrlEncode(ann_token_));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_TRUE(served_.Store() == before);
}

// One bad call.
struct Bad {
  const char* name;
  absl::StatusCode code;
  ErrorReason reason;
  const char* field;  // nullptr: none is to blame
  std::function<absl::Status(testing::MailClient&, TestUser& ann, TestUser& bob,
                             const std::string& ann_token, ServedMail&)>
      call;
};
void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.name; }

class BadInput : public Served, public ::testing::WithParamInterface<Bad> {};

TEST_P(BadInput, IsRefusedAndLeavesTheStoreAsItWas) {
  const auto before = served_.Store();
  const absl::Status status = GetParam().call(client(), ann_, bob_, ann_token_, served_);
  EXPECT_EQ(status.code(), GetParam().code) << status;
  EXPECT_EQ(rpc::ReasonOf(status), GetParam().reason) << status;
  if (GetParam().field == nullptr) {
    EXPECT_EQ(rpc::FieldOf(status), std::nullopt);
  } else {
    EXPECT_EQ(rpc::FieldOf(status), GetParam().field);
  }
  EXPECT_TRUE(rpc::RequestIdOf(status).has_value());
  EXPECT_TRUE(served_.Store() == before);
}

using Client = testing::MailClient;

// A Send of an envelope that `spoil` was at.
auto Sending(std::function<void(v1::Envelope&)> spoil) {
  return
      [spoil](Client& client, TestUser& ann, TestUser& bob, const std::string& token, ServedMail&) {
        v1::SendRequest request;
        *request.mutable_envelope() = EnvelopeOf(ann, bob, FreshMessageId());
        spoil(*request.mutable_envelope());
        return client.Call(request, token).status();
      };
}
auto SendingHeader(std::function<void(v1::EnvelopeHeader&)> spoil) {
  return Sending([spoil](v1::Envelope& envelope) { EditHeader(&envelope, spoil); });
}
auto Listing(std::function<void(v1::ListRequest&)> spoil) {
  return [spoil](Client& client, TestUser&, TestUser&, const std::string& token, ServedMail&) {
    v1::ListRequest request;
    spoil(request);
    return client.Call(request, token).status();
  };
}
auto Getting(std::function<void(v1::BatchGetRequest&)> spoil) {
  return [spoil](Client& client, TestUser& ann, TestUser&, const std::string& token, ServedMail&) {
    v1::BatchGetRequest request;
    v1::MessageReference* reference = request.add_references();
    reference->set_sender(std::string(ann.id().bytes()));
    reference->set_message_id(std::string(16, 'm'));
    spoil(request);
    return client.Call(request, token).status();
  };
}
auto Raw(const char* method, std::string bytes) {
  return
      [method, bytes](Client& client, TestUser&, TestUser&, const std::string& token, ServedMail&) {
        return client.CallRaw(std::string("/letterlock.mail.v1.MailService/") + method, bytes,
                              "Bearer " + crypto::Base64UrlEncode(token));
      };
}
auto Authorized(std::function<std::string(const std::string&)> header) {
  return [header](Client& client, TestUser&, TestUser&, const std::string& token, ServedMail&) {
    return client.CallRaw("/letterlock.mail.v1.MailService/List", "", header(token));
  };
}
auto OpeningSession(std::function<void(v1::CreateSessionRequest&, ServedMail&)> spoil) {
  return [spoil](Client& client, TestUser& ann, TestUser&, const std::string&, ServedMail& served) {
    auto request =
        testing::SessionRequestOf(ann, client.Call(testing::ChallengeRequestOf(ann))->challenge());
    spoil(request, served);
    return client.Call(request).status();
  };
}
auto Enrolling(std::function<void(v1::EnrollRequest&, ServedMail&)> spoil) {
  return [spoil](Client& client, TestUser& ann, TestUser&, const std::string&, ServedMail& served) {
    auto request = EnrollRequestOf(served.world.directory, ann);
    spoil(request, served);
    return client.Call(request).status();
  };
}

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kUnauthenticated = absl::StatusCode::kUnauthenticated;

INSTANTIATE_TEST_SUITE_P(
    Calls, BadInput,
    ::testing::Values(
        Bad{"not protobuf", kInvalid, common::v1::ERROR_REASON_FIELD_FORMAT, nullptr,
            Raw("Send", "\xff\xff\xff")},
        Bad{"no token", kUnauthenticated, common::v1::ERROR_REASON_TOKEN_MISSING, nullptr,
            Authorized([](const std::string&) { return ""; })},
        Bad{"not base64", kUnauthenticated, common::v1::ERROR_REASON_TOKEN_INVALID, nullptr,
            Authorized([](const std::string&) { return "Bearer !!!"; })},
        Bad{"another scheme", kUnauthenticated, common::v1::ERROR_REASON_TOKEN_MISSING, nullptr,
            Authorized([](const std::string& token) {
              return "Basic " + crypto::Base64UrlEncode(token);
            })},
        Bad{"changed token", kUnauthenticated, common::v1::ERROR_REASON_TOKEN_INVALID, nullptr,
            Authorized([](const std::string& token) {
              return "Bearer " + crypto::Base64UrlEncode(testing::Flip(token, 20));
            })},
        Bad{"over-long token", kUnauthenticated, common::v1::ERROR_REASON_TOKEN_INVALID, nullptr,
            Authorized([](const std::string& token) {
              return "Bearer " + crypto::Base64UrlEncode(token + token);
            })},
        Bad{"expired token", kUnauthenticated, common::v1::ERROR_REASON_TOKEN_EXPIRED, nullptr,
            [](Client& client, TestUser&, TestUser&, const std::string& token, ServedMail& served) {
              served.world.clock.Advance(absl::Minutes(15));
              return client.Call(v1::ListRequest(), token).status();
            }}));

INSTANTIATE_TEST_SUITE_P(
    Send, BadInput,
    ::testing::Values(
        Bad{"no envelope", kInvalid, common::v1::ERROR_REASON_FIELD_MISSING, "envelope",
            Raw("Send", "")},
        Bad{"malformed header", kInvalid, common::v1::ERROR_REASON_NOT_CANONICAL, "envelope.header",
            Sending([](auto& e) { e.set_header("malformed"); })},
        Bad{"other deployment", kInvalid, common::v1::ERROR_REASON_WRONG_DEPLOYMENT,
            "envelope.header.deployment",
            SendingHeader([](auto& h) { h.set_deployment(std::string(16, 'x')); })},
        Bad{"unknown suite", kInvalid, common::v1::ERROR_REASON_UNKNOWN_SUITE,
            "envelope.header.suite", SendingHeader([](auto& h) { h.set_suite(7); })},
        Bad{"wrong size", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE, "envelope.header.nonce",
            SendingHeader([](auto& h) { h.set_nonce("short"); })},
        Bad{"over-long", kInvalid, common::v1::ERROR_REASON_TOO_LARGE,
            "envelope.header.padded_length",
            SendingHeader([](auto& h) { h.set_padded_length(65'536); })},
        Bad{"to oneself", kInvalid, common::v1::ERROR_REASON_FIELD_RANGE,
            "envelope.header.recipient",
            SendingHeader([](auto& h) { h.set_recipient(h.sender()); })},
        Bad{"another member's id", absl::StatusCode::kPermissionDenied,
            common::v1::ERROR_REASON_NOT_SENDER, "envelope.header.sender",
            [](Client& client, TestUser& ann, TestUser& bob, const std::string& token,
               ServedMail&) {
              v1::SendRequest request;
              *request.mutable_envelope() = EnvelopeOf(bob, ann, FreshMessageId());
              return client.Call(request, token).status();
            }},
        Bad{"sender's old identity key", absl::StatusCode::kFailedPrecondition,
            common::v1::ERROR_REASON_SENDER_KEY, "envelope.header.sender_identity_key_id",
            SendingHeader([](auto& h) { h.set_sender_identity_key_id("another."); })},
        Bad{"sender's old encryption key", absl::StatusCode::kFailedPrecondition,
            common::v1::ERROR_REASON_SENDER_KEY, "envelope.header.sender_encryption_key_id",
            SendingHeader([](auto& h) { h.set_sender_encryption_key_id("another."); })},
        Bad{"recipient's old key", absl::StatusCode::kFailedPrecondition,
            common::v1::ERROR_REASON_RECIPIENT_KEY, "envelope.header.recipient_encryption_key_id",
            SendingHeader([](auto& h) { h.set_recipient_encryption_key_id("another."); })},
        Bad{"unknown recipient", absl::StatusCode::kNotFound,
            common::v1::ERROR_REASON_UNKNOWN_RECIPIENT, "envelope.header.recipient",
            SendingHeader([](auto& h) { h.set_recipient(std::string(16, 'u')); })},
        Bad{"id used for other bytes", absl::StatusCode::kAlreadyExists,
            common::v1::ERROR_REASON_ID_REUSED, "envelope.header.message_id",
            [](Client& client, TestUser& ann, TestUser&, const std::string& token,
               ServedMail& served) {
              v1::SendRequest request;
              const auto sent = served.world.ListAll(ann, v1::FOLDER_SENT).at(0);
              request.mutable_envelope()->set_header(sent.header());
              request.mutable_envelope()->set_recipient_wrap(std::string(80, 'x'));
              request.mutable_envelope()->set_sender_wrap(std::string(80, 'x'));
              request.mutable_envelope()->set_ciphertext(std::string(256 + 16, 'x'));
              return client.Call(request, token).status();
            }}));

INSTANTIATE_TEST_SUITE_P(
    Read, BadInput,
    ::testing::Values(
        Bad{"no references", kInvalid, common::v1::ERROR_REASON_FIELD_MISSING, "references",
            Getting([](auto& r) { r.clear_references(); })},
        Bad{"too many references", kInvalid, common::v1::ERROR_REASON_TOO_MANY, "references",
            Getting([](auto& r) {
              for (int i = 0; i < 100; ++i) *r.add_references() = r.references(0);
            })},
        Bad{"a reference twice", kInvalid, common::v1::ERROR_REASON_TOO_MANY, "references[1]",
            Getting([](auto& r) { *r.add_references() = r.references(0); })},
        Bad{"short sender", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE, "references[0].sender",
            Getting([](auto& r) { r.mutable_references(0)->set_sender("x"); })},
        Bad{"long id", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE, "references[0].message_id",
            Getting([](auto& r) {
              r.mutable_references(0)->set_message_id(std::string(17, 'x'));
            })},
        Bad{"unknown folder", kInvalid, common::v1::ERROR_REASON_FIELD_RANGE, "folder",
            Listing([](auto& r) { r.set_folder(static_cast<v1::Folder>(9)); })},
        Bad{"page too large", kInvalid, common::v1::ERROR_REASON_FIELD_RANGE, "page_size",
            Listing([](auto& r) { r.set_page_size(201); })},
        Bad{"not a page token", kInvalid, common::v1::ERROR_REASON_PAGE_TOKEN, "page_token",
            Listing([](auto& r) { r.set_page_token("what is this"); })},
        Bad{"foreign page token", kInvalid, common::v1::ERROR_REASON_PAGE_TOKEN, "page_token",
            [](Client& client, TestUser&, TestUser& bob, const std::string& token,
               ServedMail& served) {
              // Another member's, good in her own mailbox.
              v1::ListRequest request;
              request.set_page_token(served.world.MailboxOf(bob)
                                         .List(v1::FOLDER_UNSPECIFIED, 1, "", MailWorld::Soon())
                                         ->next_page_token);
              return client.Call(request, token).status();
            }}));

INSTANTIATE_TEST_SUITE_P(
    Sessions, BadInput,
    ::testing::Values(
        Bad{"short member", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE, "member",
            [](Client& client, TestUser& ann, TestUser&, const std::string&, ServedMail&) {
              auto request = testing::ChallengeRequestOf(ann);
              request.set_member("short");
              return client.Call(request).status();
            }},
        Bad{"long device key", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE, "device_key",
            [](Client& client, TestUser& ann, TestUser&, const std::string&, ServedMail&) {
              auto request = testing::ChallengeRequestOf(ann);
              request.set_device_key(std::string(33, 'k'));
              return client.Call(request).status();
            }},
        Bad{"expired challenge", kUnauthenticated, common::v1::ERROR_REASON_CHALLENGE_EXPIRED,
            nullptr, OpeningSession([](auto&, ServedMail& served) {
              served.world.clock.Advance(absl::Seconds(61));
            })},
        Bad{"reused challenge", kUnauthenticated, common::v1::ERROR_REASON_CHALLENGE_USED, nullptr,
            OpeningSession([](auto& request, ServedMail& served) {
              EXPECT_TRUE(served.client().Call(request).ok());
            })},
        Bad{"another member's challenge", kUnauthenticated,
            common::v1::ERROR_REASON_CHALLENGE_INVALID, nullptr,
            OpeningSession([](auto& request, ServedMail&) {
              request.mutable_member()->at(0) ^= 1;
            })},
        Bad{"another server's name", kUnauthenticated, common::v1::ERROR_REASON_WRONG_SERVER_NAME,
            "server_name",
            OpeningSession([](auto& request, ServedMail&) { request.set_server_name("other"); })},
        Bad{"wrong signature", kUnauthenticated, common::v1::ERROR_REASON_UNKNOWN_DEVICE, nullptr,
            OpeningSession([](auto& request, ServedMail&) {
              request.set_signature(std::string(64, 's'));
            })}));

INSTANTIATE_TEST_SUITE_P(
    Enrollment, BadInput,
    ::testing::Values(
        Bad{"no proof", kInvalid, common::v1::ERROR_REASON_FIELD_MISSING, "proof.signed_entry",
            Enrolling([](auto& request, ServedMail&) { request.clear_proof(); })},
        Bad{"stale head", absl::StatusCode::kFailedPrecondition,
            common::v1::ERROR_REASON_HEAD_STALE, "proof.head",
            Enrolling([](auto&, ServedMail& served) {
              served.world.clock.Advance(absl::Minutes(11));
            })},
        Bad{"changed entry", kInvalid, common::v1::ERROR_REASON_PROOF_INVALID, "proof",
            Enrolling([](auto& request, ServedMail&) {
              request.mutable_proof()->mutable_signed_entry()->mutable_entry()->append("x");
            })},
        Bad{"changed signature", absl::StatusCode::kPermissionDenied,
            common::v1::ERROR_REASON_PROOF_INVALID, "proof",
            Enrolling([](auto& request, ServedMail&) {
              request.mutable_proof()->mutable_signed_entry()->mutable_signature()->at(3) ^= 1;
            })},
        Bad{"zero device key", kInvalid, common::v1::ERROR_REASON_BAD_KEY,
            "device_certificate.device_key",
            [](Client& client, TestUser& ann, TestUser&, const std::string&, ServedMail& served) {
              auto certificate = ann.Certificate();
              certificate.set_device_key(std::string(32, '\0'));
              return client
                  .Call(testing::EnrollRequestWith(served.world.directory, ann,
                                                   attest::SerializeCanonical(certificate)))
                  .status();
            }},
        Bad{"another's certificate", kInvalid, common::v1::ERROR_REASON_FIELD_RANGE,
            "device_certificate.member",
            [](Client& client, TestUser& ann, TestUser& bob, const std::string&,
               ServedMail& served) {
              return client
                  .Call(testing::EnrollRequestWith(served.world.directory, ann,
                                                   attest::SerializeCanonical(bob.Certificate())))
                  .status();
            }}));

}  // namespace
}  // namespace letterlock::mail
