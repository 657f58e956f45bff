// Bad calls about reports and limits. Bob is the desk (served_mail.h).
#include "bad_input.h"
#include "letterlock/mail/v1/mail_service.pb.h"

namespace letterlock::mail {
namespace {

// A report of Bob's answer to Ann that `spoil` was at.
auto Reporting(std::function<void(v1::ReportRequest&)> spoil) {
  return [spoil](Client& client, TestUser& ann, TestUser& bob, const std::string& token,
                 ServedMail& served) {
    v1::EnvelopeHeader header;
    header.ParseFromString(served.world.ListAll(ann, v1::FOLDER_INBOX).at(0).header());
    v1::ReportRequest request;
    request.mutable_reference()->set_sender(header.sender());
    request.mutable_reference()->set_message_id(header.message_id());
    request.set_sealed_disclosure(std::string(100, 'd'));
    request.set_desk_encryption_key_id(
        std::string(crypto::KeyIdOf(bob.member.encryption.public_key()).bytes()));
    spoil(request);
    return client.Call(request, token).status();
  };
}

std::string ListingReports(std::uint32_t page_size) {
  v1::ListReportsRequest request;
  request.set_page_size(page_size);
  return request.SerializeAsString();
}

// Without a session, or with what is no session's token.
auto Unauthorized(const char* method, std::string header) {
  return [method, header](Client& client, TestUser&, TestUser&, const std::string&, ServedMail&) {
    return client.CallRaw(std::string("/letterlock.mail.v1.MailService/") + method, "", header);
  };
}

INSTANTIATE_TEST_SUITE_P(
    Report, BadInput,
    ::testing::Values(
        Bad{"no reference", kInvalid, common::v1::ERROR_REASON_FIELD_MISSING, "reference",
            Reporting([](auto& r) { r.clear_reference(); })},
        Bad{"no sender", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE, "reference.sender",
            Reporting([](auto& r) { r.mutable_reference()->clear_sender(); })},
        Bad{"long sender", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE, "reference.sender",
            Reporting([](auto& r) { r.mutable_reference()->set_sender(std::string(17, 's')); })},
        Bad{"no message id", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE, "reference.message_id",
            Reporting([](auto& r) { r.mutable_reference()->clear_message_id(); })},
        Bad{"short message id", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE,
            "reference.message_id",
            Reporting([](auto& r) { r.mutable_reference()->set_message_id("short"); })},
        Bad{"no disclosure", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE, "sealed_disclosure",
            Reporting([](auto& r) { r.clear_sealed_disclosure(); })},
        Bad{"a disclosure that holds nothing", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE,
            "sealed_disclosure",
            Reporting([](auto& r) { r.set_sealed_disclosure(std::string(48, 'd')); })},
        Bad{"too large a disclosure", kInvalid, common::v1::ERROR_REASON_TOO_LARGE,
            "sealed_disclosure",
            Reporting([](auto& r) { r.set_sealed_disclosure(std::string(65'537, 'd')); })},
        Bad{"no key id", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE, "desk_encryption_key_id",
            Reporting([](auto& r) { r.clear_desk_encryption_key_id(); })},
        Bad{"long key id", kInvalid, common::v1::ERROR_REASON_FIELD_SIZE, "desk_encryption_key_id",
            Reporting([](auto& r) { r.set_desk_encryption_key_id("ninebytes"); })},
        Bad{"another key than the desk's", absl::StatusCode::kFailedPrecondition,
            common::v1::ERROR_REASON_RECIPIENT_KEY, "desk_encryption_key_id",
            Reporting([](auto& r) { r.set_desk_encryption_key_id("another."); })},
        Bad{"a message that never came", absl::StatusCode::kNotFound,
            common::v1::ERROR_REASON_NOT_FOUND, "reference", Reporting([](auto& r) {
              r.mutable_reference()->set_message_id(std::string(16, 'x'));
            })},
        Bad{"one's own message", absl::StatusCode::kNotFound, common::v1::ERROR_REASON_NOT_FOUND,
            "reference",
            [](Client& client, TestUser& ann, TestUser& bob, const std::string& token,
               ServedMail& served) {
              return Reporting([&](auto& r) {
                v1::EnvelopeHeader header;
                header.ParseFromString(served.world.ListAll(ann, v1::FOLDER_SENT).at(0).header());
                r.mutable_reference()->set_sender(header.sender());
                r.mutable_reference()->set_message_id(header.message_id());
              })(client, ann, bob, token, served);
            }},
        Bad{"not protobuf", kInvalid, common::v1::ERROR_REASON_FIELD_FORMAT, nullptr,
            Raw("Report", "\xff\xff\xff")},
        Bad{"no session", kUnauthenticated, common::v1::ERROR_REASON_TOKEN_MISSING, nullptr,
            Unauthorized("Report", "")}));

INSTANTIATE_TEST_SUITE_P(
    Desk, BadInput,
    ::testing::Values(Bad{"page too large", kInvalid, common::v1::ERROR_REASON_FIELD_RANGE,
                          "page_size", Raw("ListReports", ListingReports(16))},
                      Bad{"reports: not protobuf", kInvalid, common::v1::ERROR_REASON_FIELD_FORMAT,
                          nullptr, Raw("ListReports", "\x0a")},
                      Bad{"reports without a session", kUnauthenticated,
                          common::v1::ERROR_REASON_TOKEN_MISSING, nullptr,
                          Unauthorized("ListReports", "")},
                      Bad{"delete no report", kInvalid, common::v1::ERROR_REASON_FIELD_MISSING,
                          "sequence", Raw("DeleteReport", "")},
                      Bad{"delete: not protobuf", kInvalid, common::v1::ERROR_REASON_FIELD_FORMAT,
                          nullptr, Raw("DeleteReport", "\xff")},
                      Bad{"delete without a session", kUnauthenticated,
                          common::v1::ERROR_REASON_TOKEN_INVALID, nullptr,
                          Unauthorized("DeleteReport", "Bearer !!!")}));

INSTANTIATE_TEST_SUITE_P(GetLimits, BadInput,
                         ::testing::Values(Bad{"limits: not protobuf", kInvalid,
                                               common::v1::ERROR_REASON_FIELD_FORMAT, nullptr,
                                               Raw("GetLimits", "\xff")},
                                           Bad{"limits without a session", kUnauthenticated,
                                               common::v1::ERROR_REASON_TOKEN_MISSING, nullptr,
                                               Unauthorized("GetLimits", "")}));

// What the others spoil is good: nothing else is refused in them.
TEST_F(Served, TakesTheReportThatTheBadOnesWereMadeOf) {
  const auto good = Reporting([](auto&) {});
  EXPECT_TRUE(good(client(), ann_, bob_, ann_token_, served_).ok());
  v1::ListReportsRequest request;
  request.set_page_size(15);
  EXPECT_EQ(client().Call(request, bob_token_)->reports_size(), 1);
  EXPECT_EQ(client().Call(request, ann_token_)->reports_size(), 0) << "of somebody else's mailbox";
}

}  // namespace
}  // namespace letterlock::mail
