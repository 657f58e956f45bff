// Bad calls of any kind, sessions and enrolments.
#include "bad_input.h"

#include <gtest/gtest.h>

#include "attest/canonical_proto.h"
#include "server/rpc/status.h"
#include "support/flip.h"

namespace letterlock::mail {
namespace {

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
